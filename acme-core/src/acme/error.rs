//! Why a request to a CA brought no usable answer.

use std::time::Duration;

use crate::issue::Problem;
use crate::store::StoreError;

/// Why a request to a CA brought no usable answer, by who is at fault. The texts do not name the CA: the caller does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcmeError {
    /// The HMAC key for external account binding is not base64url (RFC 8555 §7.3.4).
    #[error("the HMAC key of the external account is not base64url; copy it as the CA shows it")]
    InvalidHmacKey,
    /// The caller could not store an account's key, so the CA was not asked for the account.
    #[error("the account's key could not be stored")]
    KeyNotKept(#[from] StoreError),
    /// The CA's answer breaks RFC 8555 or a bound that no honest answer reaches.
    #[error("unusable answer: {what}")]
    Malformed {
        /// What is wrong with it.
        what: String,
    },
    /// The CA says no, or not now.
    #[error("{problem}")]
    Problem {
        /// What it says.
        problem: Problem,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The request could not be signed: the key does not fit, or the library behaves in a way it did not before.
    #[error("a request could not be signed: {reason}")]
    Unsigned {
        /// What happened.
        reason: String,
    },
    /// The CA was not reached, or its answer was lost: name, network, TLS.
    #[error("{reason}")]
    Unreachable {
        /// What happened, down to the cause.
        reason: String,
    },
    /// No try came to an end within the bound on one call.
    #[error("no answer within {}s", waited.as_secs())]
    TimedOut {
        /// The bound.
        waited: Duration,
    },
}

impl AcmeError {
    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed { what: what.into() }
    }

    /// The ACME error type without its prefix, `rateLimited`, where the CA sent one.
    pub(crate) fn kind(&self) -> Option<&str> {
        match self {
            Self::Problem { problem, .. } => problem.acme_kind(),
            _ => None,
        }
    }

    /// The HTTP status, where the CA answered with a failure.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Problem { problem, .. } => Some(problem.status),
            _ => None,
        }
    }

    /// How long the CA asks to wait, where it says so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the CA asks to come back later: a rate limit or an overload.
    pub(crate) fn is_try_later(&self) -> bool {
        self.kind() == Some("rateLimited") || matches!(self.status(), Some(429 | 503))
    }

    /// Whether the CA failed on its side, without saying when it will work again.
    pub(crate) fn is_server_failure(&self) -> bool {
        !self.is_try_later() && self.status().is_some_and(|status| status >= 500)
    }

    /// Whether the nonce was not accepted, until the deadline of the call.
    pub(crate) fn is_bad_nonce(&self) -> bool {
        self.kind() == Some("badNonce")
    }

    /// Whether the CA knows no account with this key or URL (RFC 8555 §7.3.1).
    pub(crate) fn is_account_does_not_exist(&self) -> bool {
        self.kind() == Some("accountDoesNotExist")
    }

    /// Whether the CA creates accounts only with an external account binding (RFC 8555 §7.3.4).
    pub(crate) fn is_external_account_required(&self) -> bool {
        self.kind() == Some("externalAccountRequired")
    }

    /// Whether a person must do something, such as accept new terms (RFC 8555 §7.3.3).
    pub(crate) fn is_user_action_required(&self) -> bool {
        self.kind() == Some("userActionRequired")
    }

    /// Whether an order was finalized before the CA had it ready (RFC 8555 §7.4).
    pub(crate) fn is_order_not_ready(&self) -> bool {
        self.kind() == Some("orderNotReady")
    }
}
