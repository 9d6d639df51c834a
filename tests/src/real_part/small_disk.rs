//! A file system of a few kilobytes, mounted where one program sees it and nobody else: it is gone with that program.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::{Missing, Obtained, RealPart};
use crate::environment::Environment;
use crate::process::output;

const LIMIT: Duration = Duration::from_secs(20);

/// Mounts `$1` KiB at `$0` and becomes the program that follows.
const MOUNT_AND_EXEC: &str = r#"mount -t tmpfs -o "size=$1k" tmpfs "$0"; shift; exec "$@""#;

/// A command to which a program and its arguments are to be added, and which then runs it with `kib` KiB at `dir`.
pub async fn command(dir: &Path, kib: u32) -> Result<Command, &'static Missing> {
    let unshare = RealPart::SmallDisk.obtain().await?;
    Ok(with_disk(unshare, dir, kib))
}

pub(super) async fn obtain(environment: &Environment) -> Result<Obtained, Missing> {
    let program =
        environment.find("unshare").ok_or_else(|| Missing("no unshare on PATH".to_owned()))?;
    let dir = tempfile::tempdir().map_err(|error| Missing(error.to_string()))?;
    let mut reason = String::new();
    // Root needs no user namespace, and elsewhere it is the only way; either may be closed to containers.
    for arguments in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
        let found = Obtained {
            program: program.clone(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            version: "-".to_owned(),
            how: format!("unshare {}", arguments.join(" ")),
        };
        match output(with_disk(&found, dir.path(), 64).arg("true"), LIMIT).await {
            Ok(_) => return Ok(found),
            Err(error) => reason = error,
        }
    }
    Err(Missing(reason))
}

fn with_disk(unshare: &Obtained, dir: &Path, kib: u32) -> Command {
    let mut command = unshare.command();
    command.args(["sh", "-ec", MOUNT_AND_EXEC]).arg(dir).arg(kib.to_string());
    command
}
