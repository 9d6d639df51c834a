//! Edits that change nothing: too many of them lock a record.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::status::Cause;

/// How many edits of a record may change nothing within [`WITHIN`]; one more locks it (the manual, `Record.Modify`).
const LARGEST_UNCHANGED: usize = 5;
const WITHIN: Duration = Duration::from_secs(3600);

/// How long a record stays locked.
const LOCK: Duration = Duration::from_secs(3600);

/// The edits of the last hour that changed nothing, by record.
#[derive(Default)]
pub(super) struct Edits {
    records: Mutex<BTreeMap<u64, Unchanged>>,
}

#[derive(Default)]
struct Unchanged {
    at: VecDeque<Instant>,
    locked_until: Option<Instant>,
}

impl Edits {
    /// Notes an edit of a record and whether it changes anything; whether it may happen.
    pub(super) fn note(&self, record_id: u64, changes: bool) -> Result<(), Cause> {
        let now = Instant::now();
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.retain(|_, record| {
            record.at.retain(|at| now.duration_since(*at) < WITHIN);
            record.locked_until.take_if(|until| now >= *until);
            !record.at.is_empty() || record.locked_until.is_some()
        });
        if changes {
            let locked =
                records.get(&record_id).is_some_and(|record| record.locked_until.is_some());
            return if locked { Err(Cause::Locked) } else { Ok(()) };
        }
        let record = records.entry(record_id).or_default();
        if record.locked_until.is_some() {
            return Err(Cause::Locked);
        }
        record.at.push_back(now);
        if record.at.len() <= LARGEST_UNCHANGED {
            return Ok(());
        }
        record.at.clear();
        record.locked_until = Some(now + LOCK);
        Err(Cause::Locked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_record_is_locked_for_an_hour_by_the_sixth_edit_that_changes_nothing() {
        let edits = Edits::default();
        for _ in 0..5 {
            assert_eq!(edits.note(1, false), Ok(()));
        }
        assert_eq!(edits.note(1, true), Ok(()));
        assert_eq!(edits.note(1, false), Err(Cause::Locked));
        assert_eq!(edits.note(1, true), Err(Cause::Locked));
        assert_eq!(edits.note(2, true), Ok(()));
        tokio::time::advance(LOCK).await;
        assert_eq!(edits.note(1, true), Ok(()));
        assert!(edits.records.lock().unwrap().is_empty(), "nothing is kept for ever");
    }
}
