//! Why no certificate was issued.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use crate::dns01::{DnsProviderError, LookupError, ServerAnswer};
use crate::store::StoreError;
use crate::{DnsName, Identifier, IdentifierError};

/// Why no certificate was issued, by who is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The CA says that validation of a name failed; the TXT records were visible.
    #[error("{ca} could not validate {identifier}: {problem}")]
    AuthorizationFailed {
        /// The CA's host.
        ca: String,
        /// The name.
        identifier: Identifier,
        /// What the CA says.
        problem: Box<Problem>,
    },
    /// A CAA record forbids this CA to issue (RFC 8659).
    #[error("the CAA record at {name} does not let {ca} issue for {identifier}: {reason}")]
    CaaForbids {
        /// Where the CAA records stand.
        name: DnsName,
        /// The CA's host.
        ca: String,
        /// The name to be issued.
        identifier: Identifier,
        /// The records in the way.
        reason: String,
    },
    /// The CA sent a certificate that is not the one asked for; nothing was stored.
    #[error("{ca} sent a certificate that must not be used: {reason}")]
    BadCertificate {
        /// The CA's host.
        ca: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The CA refuses, and will again.
    #[error("{ca} refused to {doing}: {problem}")]
    CaRefused {
        /// The CA's host.
        ca: String,
        /// What was asked: `create an account`, `create an order`.
        doing: &'static str,
        /// What the CA says.
        problem: Box<Problem>,
    },
    /// The CA cannot be reached: name, network, TLS.
    #[error("cannot reach {ca} to {doing}: {reason}")]
    CaUnreachable {
        /// The CA's host.
        ca: String,
        /// What was asked.
        doing: &'static str,
        /// What happened, down to the cause.
        reason: String,
    },
    /// The caller cancelled; the TXT records were deleted.
    #[error("cancelled while {doing}")]
    Cancelled {
        /// What was under way.
        doing: String,
    },
    /// The provider did not append a TXT record.
    #[error("cannot create the TXT record {record}")]
    DnsProvider {
        /// The record's name.
        record: DnsName,
        /// Why.
        source: DnsProviderError,
    },
    /// The CA wants an external account binding and none is configured.
    #[error("{ca} creates accounts only with an external account binding")]
    ExternalAccountRequired {
        /// The CA's host.
        ca: String,
    },
    /// The request names something that cannot be had.
    #[error("{0}")]
    Identifier(#[from] IdentifierError),
    /// This library failed; please report it.
    #[error("internal fault: {reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
    /// The request is inconsistent; names the field and what is allowed.
    #[error("{field}: {reason}")]
    InvalidRequest {
        /// The field of [`IssueRequest`](super::IssueRequest).
        field: &'static str,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// The DNS could not be asked.
    #[error("cannot look up {name}")]
    Lookup {
        /// The name.
        name: DnsName,
        /// Why.
        source: LookupError,
    },
    /// The records were appended and an authoritative server did not show them in time.
    #[error("{name} is not visible at every authoritative server after {}s", waited.as_secs())]
    NotPropagated {
        /// The record's name.
        name: DnsName,
        /// The value that is missing.
        value: String,
        /// How long it was waited for.
        waited: Duration,
        /// What each server answered last.
        servers: Vec<ServerAnswer>,
    },
    /// The CA's answer breaks RFC 8555, or a bound that no honest answer reaches.
    #[error("cannot use what {ca} answered when asked to {doing}: {reason}")]
    UnusableAnswer {
        /// The CA's host.
        ca: String,
        /// What was asked.
        doing: &'static str,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The state could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The CA's terms must be accepted by a person.
    #[error("{ca} requires its terms of service to be accepted: {}", terms.as_ref().map_or("(no address given)", |t| t.as_str()))]
    TermsNotAccepted {
        /// The CA's host.
        ca: String,
        /// Where they are.
        terms: Option<Url>,
    },
    /// The CA did not finish within the deadline.
    #[error("{ca} did not finish within {}s: {waiting_for}", waited.as_secs())]
    TimedOut {
        /// The CA's host.
        ca: String,
        /// What was waited for.
        waiting_for: String,
        /// How long.
        waited: Duration,
    },
    /// The CA asks to come back later: a rate limit or an overload.
    #[error("{ca} asks to try later to {doing}: {problem}")]
    TryLater {
        /// The CA's host.
        ca: String,
        /// What was asked.
        doing: Cow<'static, str>,
        /// When it may be tried again.
        retry_at: OffsetDateTime,
        /// What the CA says.
        problem: Box<Problem>,
    },
}

impl IssueError {
    /// Whether the same request may succeed later with nothing changed by a person.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::CaUnreachable { .. }
            | Self::Lookup { .. }
            | Self::NotPropagated { .. }
            | Self::Store(StoreError::Locked { .. })
            | Self::TimedOut { .. }
            | Self::TryLater { .. }
            | Self::UnusableAnswer { .. } => true,
            Self::DnsProvider { source, .. } => source.is_retryable(),
            _ => false,
        }
    }

    /// When it may be tried again, where the CA said so.
    pub fn retry_at(&self) -> Option<OffsetDateTime> {
        match self {
            Self::TryLater { retry_at, .. } => Some(*retry_at),
            _ => None,
        }
    }
}

/// An error with its causes, each said once, from what failed down to why.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

/// A problem document (RFC 7807, RFC 8555 §6.7), or what stands for one where a server sent none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:ietf:params:acme:error:…`, or empty where the answer was no problem document.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What the server says to people.
    #[serde(default)]
    pub detail: String,
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// Parts, by identifier (RFC 8555 §6.7.1).
    #[serde(default)]
    pub subproblems: Vec<Subproblem>,
}

/// One part of a [`Problem`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subproblem {
    /// As in [`Problem::kind`].
    #[serde(rename = "type", default)]
    pub kind: String,
    /// As in [`Problem::detail`].
    #[serde(default)]
    pub detail: String,
    /// The name it is about.
    #[serde(default)]
    pub identifier: Option<String>,
}

impl Problem {
    /// The last part of an ACME error type: `badNonce` of `urn:ietf:params:acme:error:badNonce`.
    pub fn acme_kind(&self) -> Option<&str> {
        self.kind.strip_prefix("urn:ietf:params:acme:error:")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.acme_kind() {
            Some(kind) => write!(f, "{} ({kind})", self.detail)?,
            None => write!(f, "{} (HTTP {})", self.detail, self.status)?,
        }
        for part in &self.subproblems {
            write!(f, "; {}: {}", part.identifier.as_deref().unwrap_or("request"), part.detail)?;
        }
        Ok(())
    }
}
