//! What is remembered between runs, besides certificates and keys.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use crate::Identifier;
use crate::dns01::TxtRecord;
use crate::issue::Problem;
use crate::key::KeyType;

/// `state.json`: what is in flight for one certificate and when it may next be tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateState {
    /// An order that was begun and not finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingOrder>,
    /// TXT records that were or may have been created and are not known to be deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub journal: Vec<JournalEntry>,
    /// Failures in a row.
    #[serde(default)]
    pub failures: u32,
    /// When the CA may be asked again, where it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<NextAttempt>,
    /// The last failure, as it was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// A CA's word on when to come back: a rate limit or an overload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAttempt {
    /// Not before this time.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The directory of the CA that said so; another CA may be asked at once.
    pub directory: Url,
    /// What it said.
    pub problem: Problem,
}

/// An order that a later run continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingOrder {
    /// The order's URL.
    pub url: Url,
    /// The directory of the CA that holds it.
    pub directory: Url,
    /// The names it is for.
    pub identifiers: Vec<Identifier>,
    /// The profile it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The type of its key.
    pub key_type: KeyType,
}

/// One TXT record that is ours to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// The record.
    pub record: TxtRecord,
    /// When it was about to be created.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// `request.json`: what a certificate was asked for, so that it can be renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRequest {
    /// The names.
    pub identifiers: Vec<Identifier>,
    /// The directory of the CA.
    pub directory: Url,
    /// The key's type.
    pub key_type: KeyType,
    /// The profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The preferred chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_chain: Option<String>,
}
