//! A reason not to start, for people.

use std::fmt::Display;
use std::io::Write as _;

use webhook_server::StartError;

/// What was typed is wrong.
pub(crate) const USAGE: u8 = 2;
/// Anything else.
pub(crate) const FAILURE: u8 = 1;

/// What is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) problem: String,
    /// May be empty.
    pub(crate) hint: String,
    pub(crate) exit: u8,
}

impl Report {
    /// What was typed, or a variable, is wrong.
    pub(crate) fn usage(problem: impl Display, hint: impl Into<String>) -> Self {
        Self { problem: problem.to_string(), hint: hint.into(), exit: USAGE }
    }

    /// Something else is.
    pub(crate) fn failure(problem: impl Display, hint: impl Into<String>) -> Self {
        Self { problem: problem.to_string(), hint: hint.into(), exit: FAILURE }
    }

    /// Prints it to standard error.
    pub(crate) fn print(&self) {
        let mut stderr = std::io::stderr().lock();
        // There is nobody to tell that standard error is closed.
        let _ = writeln!(stderr, "error: {}", self.problem);
        if !self.hint.is_empty() {
            let _ = writeln!(stderr, "  hint: {}", self.hint);
        }
    }
}

/// Why the webhook did not start.
pub(crate) fn start(error: &StartError) -> Report {
    let hint = match error {
        StartError::Listen { .. } => {
            "choose a free port with --secure-port; one below 1024 needs a privilege"
        }
        StartError::Certificate(_) => "check --tls-cert-file and --tls-private-key-file",
        StartError::SelfSigned(_) => {
            "the ServiceAccount has to get, create and patch the Secret (--self-signed-secret) in its namespace"
        }
        StartError::Kubernetes(_) => "check --kubeconfig",
        _ => "",
    };
    Report::failure(error, hint)
}
