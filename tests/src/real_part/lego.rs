//! lego's ACME client: the small program of `tests/real-parts/lego`, which uses lego as a library. lego's own command
//! holds some two hundred DNS providers and takes minutes to build.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::cache::Slot;
use super::{Missing, Obtained};
use crate::environment::Environment;
use crate::process::output;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/real-parts/lego");
const BUILD_LIMIT: Duration = Duration::from_secs(300);

pub(super) async fn obtain(environment: &Environment) -> Result<Obtained, Missing> {
    let go = environment.find("go").ok_or_else(|| Missing("no go on PATH".to_owned()))?;
    let module = fs::read_to_string(Path::new(SOURCE).join("go.mod"))
        .map_err(|error| Missing(format!("{SOURCE}/go.mod: {error}")))?;
    let version = module
        .lines()
        .find_map(|line| line.strip_prefix("require github.com/go-acme/lego/v5 "))
        .ok_or_else(|| Missing(format!("{SOURCE}/go.mod requires no lego")))?;
    let slot = Slot::hold(&environment.cache, "lego")
        .await
        .map_err(|error| Missing(format!("{}: {error}", environment.cache.display())))?;
    let program = slot.dir().join("lego");
    if !slot.is_complete() {
        slot.clear().map_err(|error| Missing(error.to_string()))?;
    }
    // Always asked: with nothing changed, Go's own cache answers in a fraction of a second.
    let mut build = Command::new(go);
    build.current_dir(SOURCE).args(["build", "-trimpath", "-o"]).arg(&program).arg(".");
    output(&mut build, BUILD_LIMIT).await.map_err(Missing)?;
    slot.complete().map_err(|error| Missing(error.to_string()))?;
    Ok(Obtained {
        program,
        arguments: Vec::new(),
        version: version.to_owned(),
        how: "go build in tests/real-parts/lego".to_owned(),
    })
}
