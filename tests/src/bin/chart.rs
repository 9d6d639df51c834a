//! Makes the chart's generated files anew: its README's table of values, the copy of its defaults and `bundle.yaml`.
//!
//!     cargo run -p e2e --bin chart
//!
//! The end-to-end tests fail while they are out of date.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "says which files it wrote, and why it could not"
)]

use std::process::ExitCode;

use e2e::chart::{Generated, release};
use e2e::helm;

#[tokio::main]
async fn main() -> ExitCode {
    match write().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

async fn write() -> Result<(), String> {
    let mut written = Generated::without_helm()?;
    save(&written)?;
    let rendered = helm::template(&release(serde_json::Value::Null)).await?;
    written = Generated::all(&rendered)?;
    save(&written)
}

/// Writes what is not as it should be.
fn save(files: &[Generated]) -> Result<(), String> {
    for Generated { file, text } in files.iter().filter(|file| !file.is_current()) {
        std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("{}", file.display());
    }
    Ok(())
}
