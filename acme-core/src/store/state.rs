//! What is remembered between runs, besides certificates and keys.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use super::{Entry, Store, StoreError, json};
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

impl CertificateState {
    /// The state of the certificate stored as `name`; the default where there is none.
    pub async fn load(store: &dyn Store, name: &str) -> Result<Self, StoreError> {
        let state = json::load(store, &Entry::State(name.to_owned())).await?;
        Ok(state.unwrap_or_default())
    }

    /// Stores the state of the certificate `name`.
    pub async fn save(&self, store: &dyn Store, name: &str) -> Result<(), StoreError> {
        json::save(store, &Entry::State(name.to_owned()), self).await
    }
}

/// A CA's word on when to come back: a rate limit or an overload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAttempt {
    /// Not before this time.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The directory of the CA that said so; another CA may be asked at once.
    pub directory: Url,
    /// What it was asked then: `create an order`.
    pub doing: String,
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

impl StoredRequest {
    /// What the certificate stored as `name` was asked for, or `None` where that is not known.
    pub async fn load(store: &dyn Store, name: &str) -> Result<Option<Self>, StoreError> {
        json::load(store, &Entry::Request(name.to_owned())).await
    }

    /// Stores what the certificate `name` is asked for.
    pub async fn save(&self, store: &dyn Store, name: &str) -> Result<(), StoreError> {
        json::save(store, &Entry::Request(name.to_owned()), self).await
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::DnsName;
    use crate::store::{Document, MemoryStore};

    #[tokio::test]
    async fn state_and_request_are_read_back_as_they_were_stored() {
        let store = MemoryStore::new();
        let loaded = CertificateState::load(&store, "ws.example").await.unwrap();
        assert_eq!(loaded, CertificateState::default());

        let directory: Url = "https://ca.example/directory".parse().unwrap();
        let identifiers = vec![Identifier::parse("*.ws.example").unwrap()];
        let at = datetime!(2026-11-23 12:00 UTC);
        let state = CertificateState {
            pending: Some(PendingOrder {
                url: "https://ca.example/order/1".parse().unwrap(),
                directory: directory.clone(),
                identifiers: identifiers.clone(),
                profile: None,
                key_type: KeyType::P384,
            }),
            journal: vec![JournalEntry {
                record: TxtRecord {
                    name: DnsName::parse("_acme-challenge.ws.example").unwrap(),
                    value: "value".to_owned(),
                },
                at,
            }],
            failures: 2,
            next_attempt: Some(NextAttempt {
                at,
                directory: directory.clone(),
                doing: "create an order".to_owned(),
                problem: Problem::default(),
            }),
            last_error: Some("no".to_owned()),
        };
        state.save(&store, "ws.example").await.unwrap();
        assert_eq!(CertificateState::load(&store, "ws.example").await.unwrap(), state);

        let request = StoredRequest {
            identifiers,
            directory,
            key_type: KeyType::P256,
            profile: Some("shortlived".to_owned()),
            preferred_chain: None,
        };
        request.save(&store, "ws.example").await.unwrap();
        assert_eq!(StoredRequest::load(&store, "ws.example").await.unwrap(), Some(request));
    }

    #[tokio::test]
    async fn an_unreadable_state_is_an_error_and_not_an_empty_state() {
        let store = MemoryStore::new();
        let entry = Entry::State("ws.example".to_owned());
        store.save(&entry, &Document::default().with("state.json", "{")).await.unwrap();
        let error = CertificateState::load(&store, "ws.example").await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
}
