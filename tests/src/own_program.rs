//! Programs of this workspace, built from this source when a test first needs them.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::environment::Environment;
use crate::process::output;

/// The bound on building one; with everything it depends on built already, that takes seconds.
const BUILD_LIMIT: Duration = Duration::from_secs(900);

/// The same for a static program, from nothing and on a busy machine.
const STATIC_BUILD_LIMIT: Duration = Duration::from_secs(1800);

/// Builds a program as it is shipped, static and in the release profile, and returns its path.
///
/// # Errors
/// What cargo says.
pub async fn shipped(package: &str, name: &str) -> Result<PathBuf, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/static.sh");
    let said = output(Command::new(script).args([package, name]), STATIC_BUILD_LIMIT).await?;
    said.lines().last().map(PathBuf::from).ok_or_else(|| format!("{script} named no program"))
}

/// Builds the program called `name` in the profile the tests have, and returns its path. The whole workspace is named,
/// so that the dependencies have the features, and so are the very ones, that the tests were built with. Cargo has a
/// lock of its own.
///
/// # Errors
/// What cargo says.
pub(crate) async fn build(name: &str) -> Result<PathBuf, String> {
    let mut cargo = Command::new(Environment::read().cargo);
    cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--workspace", "--bin", name])
        .arg("--message-format=json-render-diagnostics");
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let messages = output(&mut cargo, BUILD_LIMIT).await?;
    let program = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name;
        message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
    });
    program.ok_or_else(|| format!("cargo built no {name}"))
}
