//! TXT records that are ours: written down before they are created, deleted on every path.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::dns01::{DnsProvider, DnsProviderError, TxtRecord};
use crate::store::{CertificateState, Entry, JournalEntry, LockGuard, Store, StoreError};

/// The state of one certificate while a run holds its lock: what it changes is on disk when the change returns.
pub(super) struct Kept {
    name: String,
    store: Arc<dyn Store>,
    provider: Arc<dyn DnsProvider>,
    state: Mutex<CertificateState>,
    cancel: CancellationToken,
    _lock: LockGuard,
}

impl Kept {
    pub(super) fn new(
        name: String,
        store: Arc<dyn Store>,
        provider: Arc<dyn DnsProvider>,
        state: CertificateState,
        cancel: CancellationToken,
        lock: LockGuard,
    ) -> Self {
        Self { name, store, provider, state: Mutex::new(state), cancel, _lock: lock }
    }

    /// Where the key of the order in flight is.
    pub(super) fn pending_key(&self) -> Entry {
        Entry::PendingKey(self.name.clone())
    }

    /// A copy of the state now.
    pub(super) async fn state(&self) -> CertificateState {
        self.state.lock().await.clone()
    }

    /// Changes the state and saves it, where it did change.
    pub(super) async fn update(
        &self,
        change: impl FnOnce(&mut CertificateState),
    ) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let mut changed = state.clone();
        change(&mut changed);
        if changed != *state {
            changed.save(&*self.store, &self.name).await?;
            *state = changed;
        }
        Ok(())
    }

    /// Writes down records that are about to be created.
    pub(super) async fn journal(
        &self,
        records: &[TxtRecord],
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.update(|state| {
            for record in records {
                if !state.journal.iter().any(|entry| entry.record == *record) {
                    state.journal.push(JournalEntry { record: record.clone(), at });
                }
            }
        })
        .await
    }

    /// Deletes records at the provider, all at once, and strikes from the journal those that are gone and are not
    /// among `uncertain`: records whose creation was given up and may still happen.
    pub(super) async fn delete(
        &self,
        records: &[TxtRecord],
        uncertain: &[TxtRecord],
    ) -> Vec<Deletion> {
        let deletions = join_all(records.iter().map(|record| async move {
            let failure = tokio::select! {
                deleted = self.provider.delete_txt(record) => deleted.err().map(NotDeleted::Provider),
                bound = self.out_of_time() => Some(NotDeleted::TimedOut(bound)),
            };
            Deletion { record: record.clone(), failure }
        }))
        .await;
        let gone = |record: &TxtRecord| {
            !uncertain.contains(record)
                && deletions.iter().any(|d| d.record == *record && d.failure.is_none())
        };
        if let Err(error) = self.update(|state| state.journal.retain(|e| !gone(&e.record))).await {
            // The records are gone; the next run deletes them once more, which does no harm.
            tracing::warn!(certificate = self.name, %error, "cannot strike deleted TXT records from the journal");
        }
        deletions
    }

    /// Removes the state, unless it names TXT records that may still be there.
    pub(super) async fn forget_unless_journalled(&self) {
        if self.state().await.journal.is_empty() {
            for entry in [Entry::State(self.name.clone()), self.pending_key()] {
                if let Err(error) = self.store.delete(&entry).await {
                    tracing::warn!(certificate = self.name, %error, "cannot remove the state of a dry run");
                }
            }
        }
    }

    /// Returns when a deletion has had its time, which is short once the run is cancelled.
    async fn out_of_time(&self) -> Duration {
        tokio::select! {
            () = tokio::time::sleep(DELETION_BOUND) => DELETION_BOUND,
            () = async {
                self.cancel.cancelled().await;
                tokio::time::sleep(CANCELLED_DELETION_BOUND).await;
            } => CANCELLED_DELETION_BOUND,
        }
    }
}

/// What became of one record.
pub(super) struct Deletion {
    pub(super) record: TxtRecord,
    pub(super) failure: Option<NotDeleted>,
}

/// Why a record may still be there.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotDeleted {
    #[error(transparent)]
    Provider(DnsProviderError),
    #[error("the provider did not answer within {}s", .0.as_secs())]
    TimedOut(Duration),
}

/// Records that exist at the provider. Dropping it starts their deletion, on whatever path that happens.
pub(super) struct Published {
    kept: Arc<Kept>,
    records: Vec<TxtRecord>,
    /// Those whose creation was not seen to end.
    pub(super) uncertain: Vec<TxtRecord>,
    started: tokio::sync::mpsc::UnboundedSender<tokio::task::JoinHandle<Vec<Deletion>>>,
}

impl Published {
    /// Takes charge of `records`; `started` hears of the task that deletes them.
    pub(super) fn new(
        kept: Arc<Kept>,
        records: Vec<TxtRecord>,
        started: tokio::sync::mpsc::UnboundedSender<tokio::task::JoinHandle<Vec<Deletion>>>,
    ) -> Self {
        Self { kept, uncertain: records.clone(), records, started }
    }

    /// Strikes a record that the provider refused to create.
    pub(super) async fn was_not_created(&mut self, record: &TxtRecord) -> Result<(), StoreError> {
        self.records.retain(|one| one != record);
        self.kept.update(|state| state.journal.retain(|entry| entry.record != *record)).await
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        let kept = self.kept.clone();
        let records = std::mem::take(&mut self.records);
        let uncertain = std::mem::take(&mut self.uncertain);
        // Without a runtime nothing can be deleted now: the journal has the records, the next run sweeps them.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let task = runtime.spawn(async move { kept.delete(&records, &uncertain).await });
            // Nobody listens when the whole run was dropped: the task goes on by itself.
            drop(self.started.send(task));
        }
    }
}

/// How long one deletion may take: a provider may list a new record only after half a minute.
const DELETION_BOUND: Duration = Duration::from_secs(45);

/// How long it may take in a cancelled run. With
/// [`CANCELLED_APPEND_GRACE`](super::challenges::CANCELLED_APPEND_GRACE) it stays below the 10 s that such a run is given.
const CANCELLED_DELETION_BOUND: Duration = Duration::from_secs(5);
