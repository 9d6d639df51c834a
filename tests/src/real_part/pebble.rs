//! Pebble: `$PEBBLE`, else the newest Go module, else Debian's package.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::cache::Slot;
use super::{Missing, Obtained, RealPart};
use crate::environment::Environment;
use crate::pebble::{Pebble, PebbleOptions};
use crate::process::output;

const MODULE: &str = "github.com/letsencrypt/pebble/v2/cmd/pebble@latest";
const INSTALL_LIMIT: Duration = Duration::from_secs(300);
const START_LIMIT: Duration = Duration::from_secs(20);

/// After this long it is asked whether there is a newer one.
const FRESH: Duration = Duration::from_secs(7 * 24 * 3600);

pub(super) async fn obtain(environment: &Environment) -> Result<Obtained, Missing> {
    if let Some(program) = &environment.pebble {
        return found(environment, program, "$PEBBLE".to_owned()).await;
    }
    let go = match install(environment).await {
        Ok(obtained) => return Ok(obtained),
        Err(missing) => missing,
    };
    match environment.find("pebble") {
        Some(program) => {
            found(environment, &program, format!("{} ({go})", program.display())).await
        }
        None => Err(Missing(format!("{go}; no pebble on PATH"))),
    }
}

/// The same Pebble, if its directory shows what old ones do not have.
pub(super) async fn obtain_with_profiles() -> Result<Obtained, Missing> {
    let pebble = RealPart::Pebble.obtain().await.map_err(Clone::clone)?;
    let running = Pebble::start(PebbleOptions::default()).await.map_err(Missing)?;
    let directory = running.directory().await.map_err(Missing)?;
    if directory["renewalInfo"].is_null() || directory["meta"]["profiles"].is_null() {
        return Err(Missing(format!(
            "Pebble {} has neither renewal information nor profiles",
            pebble.version
        )));
    }
    Ok(Obtained { how: "the same".to_owned(), ..pebble.clone() })
}

async fn install(environment: &Environment) -> Result<Obtained, Missing> {
    let go = environment.find("go").ok_or_else(|| Missing("no go on PATH".to_owned()))?;
    let slot = Slot::hold(&environment.cache, "pebble-latest")
        .await
        .map_err(|error| Missing(format!("{}: {error}", environment.cache.display())))?;
    let program = slot.dir().join("pebble");
    let mut how = format!("go install {MODULE}");
    if slot.is_complete() && slot.age().is_some_and(|age| age < FRESH) {
        how.push_str(", cached");
        return found(environment, &program, how).await;
    }
    if !slot.is_complete() {
        slot.clear().map_err(|error| Missing(error.to_string()))?;
    }
    // Go replaces the program only when the new one is built: offline, the old one stays and is used.
    let mut install = Command::new(go);
    install.current_dir(slot.dir()).env("GOBIN", slot.dir()).args(["install", MODULE]);
    match output(&mut install, INSTALL_LIMIT).await {
        Ok(_) => slot.complete().map_err(|error| Missing(error.to_string()))?,
        Err(reason) if slot.is_complete() => {
            how = format!("{how}, cached ({})", reason.lines().last().unwrap_or_default());
        }
        Err(reason) => return Err(Missing(reason)),
    }
    found(environment, &program, how).await
}

async fn found(
    environment: &Environment,
    program: &Path,
    how: String,
) -> Result<Obtained, Missing> {
    if !program.is_file() {
        return Err(Missing(format!("{}: no such file", program.display())));
    }
    Ok(Obtained {
        program: program.to_owned(),
        arguments: Vec::new(),
        version: version(environment, program).await,
        how,
    })
}

/// Pebble says "dev" of itself unless its release build made it; Go knows the module's version.
async fn version(environment: &Environment, program: &Path) -> String {
    let Some(go) = environment.find("go") else { return "unknown".to_owned() };
    let said = output(Command::new(go).args(["version", "-m"]).arg(program), START_LIMIT).await;
    said.ok()
        .and_then(|said| {
            let module = said.lines().find(|line| line.trim_start().starts_with("mod"))?;
            module.split_whitespace().nth(2).map(ToOwned::to_owned)
        })
        .unwrap_or_else(|| "unknown".to_owned())
}
