//! Other programs, run with a deadline.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// How much of what a failed program wrote is repeated.
const LAST_LINES: usize = 15;

/// Runs a program to its end and returns what it wrote to standard output.
///
/// # Errors
/// A sentence: it could not be started, was not done within `limit` (and is killed), or failed, with the end of what
/// it wrote.
pub async fn output(command: &mut Command, limit: Duration) -> Result<String, String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.kill_on_drop(true).stdin(Stdio::null());
    let output = tokio::time::timeout(limit, command.output())
        .await
        .map_err(|_| format!("{program} was not done within {} s", limit.as_secs()))?
        .map_err(|error| format!("{program} could not be started: {error}"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program}: {}\n{}{}", output.status, last_lines(&stdout), last_lines(&stderr)))
}

/// The last lines of a text, each with its line feed.
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].iter().flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_hangs_is_killed_at_the_limit() {
        let reason = output(Command::new("sleep").arg("60"), Duration::from_millis(20)).await;
        assert_eq!(reason.unwrap_err(), "sleep was not done within 0 s");
    }

    #[tokio::test]
    async fn a_program_that_fails_is_quoted() {
        let reason = output(
            Command::new("sh").args(["-c", "echo the reason >&2; exit 3"]),
            Duration::from_secs(10),
        )
        .await
        .unwrap_err();
        assert!(reason.contains("exit status: 3") && reason.contains("the reason"), "{reason}");
    }
}
