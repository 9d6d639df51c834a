//! Where accounts, keys and certificates are kept.

mod account;
mod certificate;
pub mod contract;
mod entry;
mod error;
#[cfg(unix)]
mod file;
mod json;
mod memory;
mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

pub use account::StoredAccount;
pub use certificate::{StoredCertificate, certificate_name};
pub use entry::Entry;
pub use error::StoreError;
#[cfg(unix)]
pub use file::FileStore;
pub use memory::MemoryStore;
pub use state::{CertificateState, JournalEntry, NextAttempt, PendingOrder, StoredRequest};

/// Keeps documents. A document is a small set of named files that change together.
///
/// - `save` MUST be one atomic switch: a reader at any moment, also after kill -9 or a full disk, sees the old
///   document whole or the new one whole.
/// - Contents MUST be readable by the owner alone from the first byte.
/// - A document MUST hold the files of its entry and no others ([`Entry::files`]); names that are no plain path segment
///   MUST be refused ([`Entry::check`]).
/// - A lock MUST be free at once when its holder dies.
///
/// Who saves or deletes entries of a certificate or account holds its lock. The suite in [`contract`] checks all this.
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
pub struct LockGuard(#[expect(dead_code, reason = "held for its destructor")] Box<dyn Send + Sync>);

impl LockGuard {
    /// A guard that drops `held` to release the lock.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self(Box::new(held))
    }
}
