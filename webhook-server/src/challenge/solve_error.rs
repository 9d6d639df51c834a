//! Why a challenge was not presented or cleaned up, in the words that people read in its status.

use acme_core::dns01::DnsProviderError;
use dnspod_solver::BuildError;

use super::issuer_config::ConfigError;
use super::propagation::NotPropagated;
use super::secret_error::SecretError;

/// By who is at fault. The text is the same for the same cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SolveError {
    /// `webhook.config` of the Issuer.
    #[error("the Issuer's webhook config: {0}")]
    Config(ConfigError),
    /// A Secret that the config names.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The Issuer names no credential, and cert-manager lets it use none of the webhook's.
    #[error(
        "the Issuer's webhook config names no credential, and cert-manager does not let this Issuer use that of the \
         webhook: set secretIdRef and secretKeyRef, or start cert-manager with --issuer-ambient-credentials"
    )]
    AmbientNotAllowed,
    /// The Issuer names no credential, and the webhook has none.
    #[error(
        "the Issuer's webhook config names no credential, and the webhook has none of its own: set secretIdRef and \
         secretKeyRef, or start the webhook with --ambient-credentials"
    )]
    NoAmbient,
    /// The webhook's own options.
    #[error("the webhook's options: {0}")]
    Options(BuildError),
    /// What cert-manager asks for cannot be a record.
    #[error("the challenge's {field} {reason}")]
    Request { field: &'static str, reason: String },
    /// DNSPod, or the account there.
    #[error("{error}{}", next(.error, .origin))]
    Provider {
        error: DnsProviderError,
        /// Where the credential stood.
        origin: String,
    },
    /// Name servers are behind.
    #[error(transparent)]
    NotPropagated(#[from] NotPropagated),
    /// It took longer than a call may.
    #[error("DNSPod did not answer in time (cert-manager asks again)")]
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
            Self::Secret(_) => "secret",
            Self::AmbientNotAllowed | Self::NoAmbient => "no_credential",
            Self::Options(_) => "options",
            Self::Request { .. } => "request",
            Self::Provider { error, .. } => match error {
                DnsProviderError::CredentialRefused { .. } => "credential_refused",
                DnsProviderError::NoCredential { .. } => "no_credential",
                DnsProviderError::NotPermitted { .. } => "not_permitted",
                DnsProviderError::Throttled { .. } => "throttled",
                DnsProviderError::Unavailable { .. } => "unavailable",
                DnsProviderError::ZoneNotFound { .. } | DnsProviderError::ZoneUnusable { .. } => {
                    "zone"
                }
                _ => "rejected",
            },
            Self::NotPropagated(_) => "not_propagated",
            Self::TimedOut => "timed_out",
            Self::Internal => "internal",
        }
    }
}

impl SolveError {
    /// The reason of an Event, one word.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Config(_) => "InvalidIssuerConfig",
            Self::Secret(_) => "SecretUnusable",
            Self::AmbientNotAllowed | Self::NoAmbient => "NoCredential",
            Self::Options(_) => "InvalidOptions",
            Self::Request { .. } => "InvalidChallenge",
            Self::Provider { error, .. } => match error {
                DnsProviderError::CredentialRefused { .. } => "CredentialRefused",
                DnsProviderError::NoCredential { .. } => "NoCredential",
                DnsProviderError::NotPermitted { .. } => "NotPermitted",
                DnsProviderError::Throttled { .. } => "Throttled",
                DnsProviderError::Unavailable { .. } => "DNSPodUnavailable",
                DnsProviderError::ZoneNotFound { .. } => "ZoneNotFound",
                DnsProviderError::ZoneUnusable { .. } => "ZoneUnusable",
                _ => "RecordRejected",
            },
            Self::NotPropagated(_) => "NotPropagated",
            Self::TimedOut => "TimedOut",
            Self::Internal => "InternalError",
        }
    }
}

/// What the error of the provider does not know: whose credential it was, and what happens next.
fn next(error: &DnsProviderError, origin: &str) -> String {
    match error {
        DnsProviderError::CredentialRefused { .. }
        | DnsProviderError::NoCredential { .. }
        | DnsProviderError::NotPermitted { .. } => {
            format!(" (credential of {origin})")
        }
        DnsProviderError::ZoneNotFound { .. } => format!(
            ": add the zone to the account that the credential of {origin} belongs to, or have the Issuer's selector \
             leave this name to another solver"
        ),
        DnsProviderError::Throttled { .. } | DnsProviderError::Unavailable { .. } => {
            " (cert-manager asks again)".to_owned()
        }
        _ => String::new(),
    }
}
