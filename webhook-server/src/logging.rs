//! The log: one JSON object a line on standard error.

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
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(targets).with(lines).init();
    // A panic is a line like any other; nothing else in the log is not JSON.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a bug in the webhook")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_named_as_in_other_webhooks() {
        assert_eq!("INFO".parse(), Ok(LogLevel::default()));
        assert_eq!("Warn".parse(), Ok(LogLevel(Level::WARN)));
        assert_eq!("verbose".parse::<LogLevel>(), Err(()));
    }
}
