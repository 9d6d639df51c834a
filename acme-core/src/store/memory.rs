//! A store that forgets everything when it is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;

use super::{Document, Entry, LockGuard, Store, StoreError};

/// Keeps documents in memory, for tests and for programs that keep certificates elsewhere. Clones share the documents.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Contents>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().expect("no code panics while it holds this lock")
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, entry: &Entry) -> Result<Option<Document>, StoreError> {
        entry.check()?;
        Ok(self.contents().documents.get(entry).cloned())
    }

    async fn save(&self, entry: &Entry, document: &Document) -> Result<(), StoreError> {
        entry.check_document(document)?;
        self.contents().documents.insert(entry.clone(), document.clone());
        Ok(())
    }

    async fn delete(&self, entry: &Entry) -> Result<(), StoreError> {
        entry.check()?;
        self.contents().documents.remove(entry);
        Ok(())
    }

    async fn list(&self) -> Result<Vec<String>, StoreError> {
        let contents = self.contents();
        let entries = contents.documents.keys();
        let certificates = entries.filter(|entry| !matches!(entry, Entry::Account(_)));
        let names: BTreeSet<String> = certificates.map(|entry| entry.name().to_owned()).collect();
        Ok(names.into_iter().collect())
    }

    async fn lock(&self, entry: &Entry, wait: Duration) -> Result<LockGuard, StoreError> {
        entry.check()?;
        let lock = {
            let mut contents = self.contents();
            let locks = match entry {
                Entry::Account(_) => &mut contents.accounts,
                _ => &mut contents.certificates,
            };
            locks.entry(entry.name().to_owned()).or_default().clone()
        };
        match tokio::time::timeout(wait, lock.lock_owned()).await {
            Ok(held) => Ok(LockGuard::new(held)),
            Err(_) => Err(StoreError::Locked { location: self.location(entry), waited: wait }),
        }
    }

    fn location(&self, entry: &Entry) -> String {
        format!("memory:{entry}")
    }
}

#[derive(Default)]
struct Contents {
    documents: BTreeMap<Entry, Document>,
    accounts: Locks,
    certificates: Locks,
}

/// By name.
type Locks = BTreeMap<String, Arc<tokio::sync::Mutex<()>>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    #[tokio::test]
    async fn it_keeps_the_contract() {
        contract::check(&MemoryStore::new()).await.unwrap();
    }
}
