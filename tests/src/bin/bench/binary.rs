//! The program as it is shipped.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::own_program::shipped;
use e2e::process::output;
use tokio::process::Command;
use tokio::sync::OnceCell;

const VERSION_LIMIT: Duration = Duration::from_secs(10);

/// What there is to know of it without an issuance.
pub(crate) struct Binary {
    /// In bytes.
    pub(crate) size: u64,
    /// What `certctl --version` takes, the median.
    pub(crate) version_took: Duration,
}

/// The static program, built from this source.
pub(crate) async fn path() -> Result<&'static Path, String> {
    static PROGRAM: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    let program = PROGRAM.get_or_init(|| shipped("certctl", "certctl")).await;
    program.as_deref().map_err(Clone::clone)
}

/// Its size, and the median time of `runs` × 10 starts.
pub(crate) async fn measure(runs: usize) -> Result<Binary, String> {
    let program = path().await?;
    let size = std::fs::metadata(program).map_err(|error| error.to_string())?.len();
    let mut took = Vec::new();
    for _ in 0..runs * 10 {
        let begun = Instant::now();
        output(Command::new(program).arg("--version"), VERSION_LIMIT).await?;
        took.push(begun.elapsed());
    }
    took.sort();
    Ok(Binary { size, version_took: took[took.len() / 2] })
}
