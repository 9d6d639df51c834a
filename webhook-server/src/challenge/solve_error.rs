//! Why a challenge was not presented or cleaned up, in the words that people read in its status.

use acme_core::dns01::DnsProviderError;

/// By who is at fault. The text is the same for the same cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SolveError {
    /// `webhook.config` of the Issuer.
    #[error("the Issuer's webhook config: {0}")]
    Config(String),
    /// A Secret that the config names.
    #[error("Secret {namespace}/{name}: {reason}")]
    Secret {
        namespace: String,
        name: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// What cert-manager asks for cannot be a record.
    #[error("the challenge's {field} {reason}")]
    Request { field: &'static str, reason: String },
    /// DNSPod, or the account there.
    #[error(transparent)]
    Provider(#[from] DnsProviderError),
    /// It took longer than a call may.
    #[error("DNSPod did not answer in time; this is tried again")]
    TimedOut,
    /// Our own fault.
    #[error("the webhook failed; its log says how, please report it")]
    Internal,
}

impl SolveError {
    /// One of a few words for metrics.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Config(_) => "config",
            Self::Secret { .. } => "secret",
            Self::Request { .. } => "request",
            Self::Provider(DnsProviderError::CredentialRefused { .. }) => "credential_refused",
            Self::Provider(DnsProviderError::NotPermitted { .. }) => "not_permitted",
            Self::Provider(DnsProviderError::Throttled { .. }) => "throttled",
            Self::Provider(DnsProviderError::Unavailable { .. }) => "unavailable",
            Self::Provider(
                DnsProviderError::ZoneNotFound { .. } | DnsProviderError::ZoneUnusable { .. },
            ) => "zone",
            Self::Provider(_) => "rejected",
            Self::TimedOut => "timed_out",
            Self::Internal => "internal",
        }
    }
}
