//! Runs a program and says what it took.
//!
//! Linux counts to a process's peak memory what its parent had when it was started, and this one holds servers. So
//! each program is started by a second `bench` that does nothing else.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use e2e::process::output;
use nix::sys::resource::{UsageWho, getrusage};
use tokio::process::Command;

/// The first argument of that second `bench`; then a file, the program and its arguments.
pub(crate) const FLAG: &str = "--measure";

/// The bound on one run.
const LIMIT: Duration = Duration::from_secs(150);

/// What a program took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// The peak resident set of the largest process among it and its children, in KiB.
    pub(crate) peak_rss: u64,
}

/// Runs `program` and writes what it took to `file`.
pub(crate) fn measure(file: &str, program: &str, arguments: &[&str]) -> ExitCode {
    let begun = Instant::now();
    let Ok(status) = std::process::Command::new(program).args(arguments).status() else {
        return ExitCode::FAILURE;
    };
    let wall = begun.elapsed();
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return ExitCode::FAILURE };
    let written = std::fs::write(file, format!("{} {}", wall.as_nanos(), usage.max_rss()));
    if status.success() && written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A file for the cost, and the command that a program and its arguments are to be added to.
pub(crate) fn outer(dir: &Path) -> Result<(PathBuf, Command), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let file = dir.join("cost");
    let mut command = Command::new(this);
    command.arg(FLAG).arg(&file);
    Ok((file, command))
}

/// Runs a command that [`outer`] began.
///
/// # Errors
/// Where the program fails or takes too long: the end of what it wrote.
pub(crate) async fn run(file: &Path, command: &mut Command) -> Result<(Cost, String), String> {
    let stdout = output(command, LIMIT).await?;
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let cost = text.split_once(' ').and_then(|(wall, peak_rss)| {
        Some(Cost {
            wall: Duration::from_nanos(wall.parse().ok()?),
            peak_rss: peak_rss.parse().ok()?,
        })
    });
    cost.map(|cost| (cost, stdout)).ok_or_else(|| format!("{text:?} is no cost"))
}
