//! What this instance remembers of the records it has created.
//!
//! With the id, a delete costs one call and is not misled by lists, which show new records late.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use acme_core::dns01::TxtRecord;
use tokio::time::Instant;

use crate::zone::Zone;

/// A new record may be missing from lists for this long (Tencent documents 30 s).
const INDEX_DELAY: Duration = Duration::from_secs(35);

/// Bound on records remembered; reached, the oldest is forgotten and found by a list when it is deleted.
const MOST: usize = 10_000;

/// The records that exist because of this instance, as far as it knows.
#[derive(Default)]
pub(crate) struct Created(Mutex<HashMap<TxtRecord, Known>>);

/// What is known of one record.
#[derive(Clone)]
pub(crate) struct Known {
    /// Its zone and id; `None` where DNSPod did not say, so that a list must be asked.
    pub(crate) place: Option<(Arc<Zone>, u64)>,
    /// When it was created, or the answer to that was lost.
    since: Instant,
}

impl Created {
    /// DNSPod has created `record` and said where it is.
    pub(crate) fn remember(&self, record: &TxtRecord, zone: Arc<Zone>, record_id: u64) {
        let known = Known { place: Some((zone, record_id)), since: Instant::now() };
        let mut records = self.room();
        records.insert(record.clone(), known);
    }

    /// `record` exists or may exist, and DNSPod has not said where. A place that is known already stays.
    pub(crate) fn remember_unplaced(&self, record: &TxtRecord) {
        let mut records = self.room();
        if records.get(record).is_none_or(|known| known.place.is_none()) {
            records.insert(record.clone(), Known { place: None, since: Instant::now() });
        }
    }

    /// Whether `record` is known and so old that every list shows it, if it exists.
    pub(crate) fn is_listed_by_now(&self, record: &TxtRecord) -> bool {
        self.find(record).is_some_and(|known| known.since.elapsed() >= INDEX_DELAY)
    }

    pub(crate) fn find(&self, record: &TxtRecord) -> Option<Known> {
        self.records().get(record).cloned()
    }

    pub(crate) fn forget(&self, record: &TxtRecord) {
        self.records().remove(record);
    }

    /// DNSPod has refused to create `record`; what is known of an earlier one stays.
    pub(crate) fn forget_unplaced(&self, record: &TxtRecord) {
        let mut records = self.records();
        if records.get(record).is_some_and(|known| known.place.is_none()) {
            records.remove(record);
        }
    }

    fn records(&self) -> MutexGuard<'_, HashMap<TxtRecord, Known>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }

    /// The records, with room for one more.
    fn room(&self) -> MutexGuard<'_, HashMap<TxtRecord, Known>> {
        let mut records = self.records();
        if records.len() >= MOST {
            let oldest = records.iter().min_by_key(|(_, known)| known.since);
            if let Some(oldest) = oldest.map(|(record, _)| record.clone()) {
                records.remove(&oldest);
            }
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acme_core::DnsName;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_record_makes_room() {
        let created = Created::default();
        let record = |i: usize| TxtRecord {
            name: DnsName::parse("_acme-challenge.ws.example").unwrap(),
            value: i.to_string(),
        };
        for i in 0..=MOST {
            created.remember_unplaced(&record(i));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(created.records().len(), MOST);
        assert!(created.find(&record(0)).is_none());
        assert!(created.find(&record(1)).is_some());
        assert!(created.find(&record(MOST)).is_some());
    }
}
