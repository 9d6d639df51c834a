//! What is said about a Challenge beside the answer to cert-manager.

use super::solve_error::SolveError;

/// One Event's worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    /// One word, in the form that Kubernetes wants.
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Notice {
    /// The Issuer has keys that mean nothing.
    pub(super) fn unknown_keys(keys: &[String]) -> Self {
        let message = format!(
            "the Issuer's webhook config has keys that mean nothing to this webhook: {}",
            keys.join(", ")
        );
        Self { reason: "UnknownConfigKeys", message }
    }

    /// A clean-up succeeded without a credential.
    pub(super) fn left_behind(record: &str, error: &SolveError) -> Self {
        let message = format!("the TXT record {record} is left behind at DNSPod: {error}");
        Self { reason: "RecordLeftBehind", message }
    }

    /// A failure.
    pub(super) fn failure(error: &SolveError) -> Self {
        Self { reason: error.reason(), message: error.to_string() }
    }
}
