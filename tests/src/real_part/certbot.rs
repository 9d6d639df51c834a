//! certbot from the Python Package Index, in a virtual environment of its own.

use std::time::Duration;

use tokio::process::Command;

use super::cache::Slot;
use super::{Missing, Obtained};
use crate::environment::Environment;
use crate::process::output;

const VERSION: &str = "5.8.0";
const INSTALL_LIMIT: Duration = Duration::from_secs(300);
const START_LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn obtain(environment: &Environment) -> Result<Obtained, Missing> {
    let python =
        environment.find("python3").ok_or_else(|| Missing("no python3 on PATH".to_owned()))?;
    let slot = Slot::hold(&environment.cache, &format!("certbot-{VERSION}"))
        .await
        .map_err(|error| Missing(format!("{}: {error}", environment.cache.display())))?;
    let program = slot.dir().join("bin/certbot");
    let cached = slot.is_complete();
    if !cached {
        slot.clear().map_err(|error| Missing(error.to_string()))?;
        output(Command::new(python).args(["-m", "venv"]).arg(slot.dir()), INSTALL_LIMIT)
            .await
            .map_err(Missing)?;
        let mut pip = Command::new(slot.dir().join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"])
            .arg(format!("certbot=={VERSION}"));
        output(&mut pip, INSTALL_LIMIT).await.map_err(Missing)?;
    }
    let said =
        output(Command::new(&program).arg("--version"), START_LIMIT).await.map_err(Missing)?;
    if !cached {
        slot.complete().map_err(|error| Missing(error.to_string()))?;
    }
    Ok(Obtained {
        program,
        arguments: Vec::new(),
        version: said.trim().trim_start_matches("certbot ").to_owned(),
        how: format!("pip install certbot=={VERSION}{}", if cached { ", cached" } else { "" }),
    })
}
