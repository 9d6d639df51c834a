//! The log: one JSON object a line on standard error.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::str::FromStr;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogLevel(Level);

impl Default for LogLevel {
    fn default() -> Self {
        Self(Level::INFO)
    }
}

impl FromStr for LogLevel {
    type Err = ();

    /// `debug`, `info`, `warn` or `error`, in any case.
    fn from_str(name: &str) -> Result<Self, ()> {
        match name.to_ascii_lowercase().as_str() {
            "debug" => Ok(Self(Level::DEBUG)),
            "info" => Ok(Self(Level::INFO)),
            "warn" | "warning" => Ok(Self(Level::WARN)),
            "error" => Ok(Self(Level::ERROR)),
            _ => Err(()),
        }
    }
}

/// Logs what our own crates do. Libraries are heard where they warn: what they say below that may hold what they send.
pub(crate) fn start(level: LogLevel) {
    let LogLevel(level) = level;
    let ours = ["cert_manager_webhook_dnspod", "webhook_server", "acme_core", "dnspod_solver"];
    let targets = Targets::new()
        .with_default(LevelFilter::WARN.min(level.into()))
        .with_targets(ours.map(|target| (target, level)))
        // It says at once, as an error, what its caller says with the reason.
        .with_target("kube_client", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(|| OneLine);
    tracing_subscriber::registry().with(targets).with(lines).init();
    // A panic is a line like any other; nothing else in the log is not JSON.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a bug in the webhook")));
}

/// Standard error, for lines of JSON that hold texts of others.
///
/// JSON lets pass what some terminals and log viewers take for a line's end, a command or another direction of writing.
struct OneLine;

impl io::Write for OneLine {
    /// Takes a whole line at a time, which is how the layer writes.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        io::Write::write_all(&mut io::stderr().lock(), escaped(line).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::Write::flush(&mut io::stderr())
    }
}

/// `line` with JSON's escapes for what is not seen as it is written. Such a character stands within a text only.
fn escaped(line: &[u8]) -> Cow<'_, str> {
    let line = String::from_utf8_lossy(line);
    if !line.chars().any(is_deceptive) {
        return line;
    }
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars() {
        if is_deceptive(c) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped.into()
}

/// Controls (C1 and DEL, which JSON does not escape), separators of lines, marks of direction.
fn is_deceptive(c: char) -> bool {
    let is_mark =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    is_mark || (c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_to_everybody_and_means_the_same() {
        let text = "a\u{7f}\u{85}\u{9b}2J\u{2028}\u{202e}境";
        let line = format!("{}\n", serde_json::json!({ "name": text }));
        let escaped = escaped(line.as_bytes());
        assert_eq!(escaped, "{\"name\":\"a\\u007f\\u0085\\u009b2J\\u2028\\u202e境\"}\n");
        let read: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(read["name"], text);
    }

    #[test]
    fn levels_are_named_as_in_other_webhooks() {
        assert_eq!("INFO".parse(), Ok(LogLevel::default()));
        assert_eq!("Warn".parse(), Ok(LogLevel(Level::WARN)));
        assert_eq!("verbose".parse::<LogLevel>(), Err(()));
    }
}
