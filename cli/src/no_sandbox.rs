//! What stands for the sandbox in a certctl that was built without it.

use std::convert::Infallible;

use acme_core::Identifier;

use crate::config::{SandboxConfig, Screen, Services};
use crate::exit_code::Exit;
use crate::report::Report;

/// What `start` would have started.
pub(crate) struct Running(Infallible);

#[expect(clippy::unused_async, reason = "the sandbox's own is asynchronous")]
pub(crate) async fn start(_: &[Identifier], _: Vec<String>) -> Result<(Running, Services), Report> {
    Err(left_out())
}

pub(crate) fn run(_: &SandboxConfig, _: Screen) -> Result<Exit, Report> {
    Err(left_out())
}

pub(crate) fn list_faults() -> Result<(), Report> {
    Err(left_out())
}

fn left_out() -> Report {
    Report::usage(
        "this certctl was built without the sandbox",
        "build it with its default features: cargo install certctl",
    )
}
