//! Where accounts, keys and certificates are kept.

mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

pub use state::{CertificateState, JournalEntry, NextAttempt, PendingOrder, StoredRequest};

/// Keeps documents. A document is a small set of named files that change together.
///
/// - `save` MUST be one atomic switch: a reader at any moment, also after kill -9 or a full disk, sees the old
///   document whole or the new one whole.
/// - Contents MUST be readable by the owner alone from the first byte.
/// - A lock MUST be free at once when its holder dies.
#[async_trait]
pub trait Store: Send + Sync {
    /// The document, or `None` where there is none.
    async fn load(&self, entry: &Entry) -> Result<Option<Document>, StoreError>;

    /// Replaces the document.
    async fn save(&self, entry: &Entry, document: &Document) -> Result<(), StoreError>;

    /// Removes the document; succeeds where there is none.
    async fn delete(&self, entry: &Entry) -> Result<(), StoreError>;

    /// The names of all certificates that have any entry, sorted.
    async fn list(&self) -> Result<Vec<String>, StoreError>;

    /// Takes the lock of one certificate or account, waiting at most `wait`; it is released when the guard drops.
    async fn lock(&self, entry: &Entry, wait: Duration) -> Result<LockGuard, StoreError>;

    /// Where a person finds the entry: a directory, a Secret.
    fn location(&self, entry: &Entry) -> String;
}

/// What a document is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// The account at one CA, by the directory's host and path: `account.json`.
    Account(String),
    /// The certificate in use: `cert.pem`, `chain.pem`, `fullchain.pem`, `privkey.pem`.
    Certificate(String),
    /// The key of an order in flight, stored before finalize: `privkey.pem`.
    PendingKey(String),
    /// What was asked for: `request.json`.
    Request(String),
    /// Next attempt, failures, pending order, TXT journal: `state.json`.
    State(String),
}

/// Named files that change together. Contents are wiped from memory on drop and have no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Document(BTreeMap<String, Zeroizing<Vec<u8>>>);

impl Document {
    /// Adds or replaces a file.
    #[must_use]
    pub fn with(mut self, file: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.0.insert(file.to_owned(), Zeroizing::new(contents.into()));
        self
    }

    /// The contents of one file.
    pub fn get(&self, file: &str) -> Option<&[u8]> {
        self.0.get(file).map(|contents| contents.as_slice())
    }

    /// All files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, contents)| (name.as_str(), contents.as_slice()))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Holds a lock; dropping it releases the lock.
pub struct LockGuard(#[expect(dead_code, reason = "held for its destructor")] Box<dyn Send>);

impl LockGuard {
    /// A guard that drops `held` to release the lock.
    pub fn new(held: impl Send + 'static) -> Self {
        Self(Box::new(held))
    }
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What is kept there is not what we wrote.
    #[error("{location} is damaged: {reason}")]
    Damaged {
        /// Where.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process holds the lock.
    #[error("{location} is in use by another process (waited {waited:?})")]
    Locked {
        /// What is locked.
        location: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Reading or writing failed.
    #[error("cannot {doing} {location}")]
    Io {
        /// The verb: `read`, `write`, `create`, `lock`.
        doing: &'static str,
        /// Where.
        location: String,
        /// Why.
        source: std::io::Error,
    },
}
