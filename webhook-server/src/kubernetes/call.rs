//! One call, bounded in time, and why it failed in words that do not change from time to time.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

/// Bound on one call, as Kubernetes' own aggregated servers have it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for `future`, so long as a call may take.
pub(crate) async fn call<T>(future: impl Future<Output = kube::Result<T>>) -> Result<T, CallError> {
    tokio::time::timeout(TIMEOUT, future)
        .await
        .map_err(|_| CallError::NoAnswer {
            reason: format!("no answer within {} s", TIMEOUT.as_secs()),
        })?
        .map_err(CallError::from)
}

/// Why the kube-apiserver gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// It answered with a `Status`.
    #[error("{message}")]
    Answered {
        /// The HTTP status.
        code: u16,
        /// What it says.
        message: String,
    },
    /// It did not answer, or not as it should.
    #[error("the kube-apiserver did not answer: {reason}")]
    NoAnswer {
        /// What happened instead.
        reason: String,
    },
}

impl CallError {
    /// What a list that should hold one object says by being empty.
    pub(crate) fn not_found() -> Self {
        Self::Answered { code: 404, message: "not found".to_owned() }
    }

    /// The HTTP status of the answer.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Answered { code, .. } => Some(*code),
            Self::NoAnswer { .. } => None,
        }
    }
}

impl From<kube::Error> for CallError {
    fn from(error: kube::Error) -> Self {
        let error = match error {
            kube::Error::Api(status) => {
                let message = if status.message.is_empty() {
                    format!("HTTP status {}", status.code)
                } else {
                    status.message.clone()
                };
                return Self::Answered { code: status.code, message };
            }
            error => error,
        };
        // The errors of this library print their sources too; the innermost says what happened.
        let mut innermost: &dyn Error = &error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self::NoAnswer { reason: innermost.to_string() }
    }
}
