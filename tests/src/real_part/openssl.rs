//! OpenSSL's command, which does in TLS what clients of today leave alone.

use std::time::Duration;

use tokio::process::Command;

use super::{Missing, Obtained};
use crate::environment::Environment;
use crate::process::output;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) async fn obtain(environment: &Environment) -> Result<Obtained, Missing> {
    let program =
        environment.find("openssl").ok_or_else(|| Missing("no openssl on PATH".to_owned()))?;
    let version = output(Command::new(&program).arg("version"), LIMIT).await.map_err(Missing)?;
    Ok(Obtained {
        version: version.split_whitespace().nth(1).unwrap_or("-").to_owned(),
        how: "PATH".to_owned(),
        arguments: Vec::new(),
        program,
    })
}
