//! How many requests of each action an account has a second.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::actions::Action;

const SECOND: Duration = Duration::from_secs(1);

/// Counts the requests of an account, one second after the other.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Whether the published rates hold; otherwise there is no limit.
    are_enforced: bool,
    /// When the second of an action began, and how many requests it had since.
    seconds: Mutex<BTreeMap<&'static str, (Instant, u32)>>,
    refusals: AtomicU64,
}

impl Rates {
    /// With or without a limit.
    pub(crate) fn new(are_enforced: bool) -> Self {
        Self { are_enforced, seconds: Mutex::default(), refusals: AtomicU64::default() }
    }

    /// Whether one more request is within the rate of `action`; counts it. Actions whose rate is not published have none.
    pub(super) fn admits(&self, action: &Action) -> bool {
        let Some(most) = action.per_second.filter(|_| self.are_enforced) else { return true };
        let now = Instant::now();
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, count) = seconds.entry(action.name).or_insert((now, 0));
        if now.duration_since(*began) >= SECOND {
            (*began, *count) = (now, 0);
        }
        if *count == most {
            return false;
        }
        *count += 1;
        true
    }

    /// Counts a request that was refused for its rate.
    pub(super) fn note_refusal(&self) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were refused since the last [`Rates::clear`].
    pub(crate) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// Forgets the refusals.
    pub(crate) fn clear(&self) {
        self.refusals.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_action_has_its_own_rate_that_starts_anew_every_second() {
        let rates = Rates::new(true);
        let (domains, records) =
            (Action::find("DescribeDomain").unwrap(), Action::find("DescribeRecordList").unwrap());
        let admitted =
            |action, requests: u32| (0..requests).filter(|_| rates.admits(action)).count();
        assert_eq!((admitted(domains, 30), admitted(records, 130)), (20, 100));
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(admitted(domains, 1), 0);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(admitted(domains, 30), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_limited_unless_asked_for_or_where_no_rate_is_published() {
        let free = Rates::new(false);
        let domains = Action::find("DescribeDomainList").unwrap();
        assert!((0..1000).all(|_| free.admits(domains)));
        let published = Rates::new(true);
        let create_txt = Action::find("CreateTXTRecord").unwrap();
        assert!((0..1000).all(|_| published.admits(create_txt)));
    }
}
