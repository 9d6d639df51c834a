//! Keeps calls below the rates that Tencent publishes, instead of being refused and coming back.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::error::CallError;

/// Published rates: calls of an action that one account may make in a second.
pub(crate) type Published = &'static [(&'static str, u32)];

/// What an action gets that is in no list: the lowest rate that Tencent publishes.
const UNPUBLISHED: u32 = 20;

/// One token bucket for each action of one account.
///
/// A fifth of the published rate may go at once and four fifths follow evenly in each second, so that no second, where
/// ever it begins, has more calls than are permitted.
pub(crate) struct Rates {
    published: Published,
    buckets: Mutex<HashMap<&'static str, Bucket>>,
}

struct Bucket {
    /// The time between two calls once the burst is spent.
    interval: Duration,
    /// How far `full_at` may run ahead of now.
    ahead: Duration,
    /// When the bucket will have all its tokens again.
    full_at: Instant,
}

impl Rates {
    pub(crate) fn new(published: Published) -> Self {
        Self { published, buckets: Mutex::default() }
    }

    /// Waits until `action` may be called.
    ///
    /// # Errors
    /// At once where that is after `deadline`.
    pub(crate) async fn turn(
        &self,
        action: &'static str,
        deadline: Instant,
    ) -> Result<(), CallError> {
        let now = Instant::now();
        let at = self.with_bucket(action, now, |bucket| bucket.take(now, deadline))?;
        if at > now {
            sleep_until(at).await;
        }
        Ok(())
    }

    /// Has everybody who wants to call `action` wait for `delay`: the server has refused one call of it.
    pub(crate) fn pause(&self, action: &'static str, delay: Duration) {
        let now = Instant::now();
        self.with_bucket(action, now, |bucket| {
            bucket.full_at = bucket.full_at.max(now + delay + bucket.ahead);
        });
    }

    fn with_bucket<T>(
        &self,
        action: &'static str,
        now: Instant,
        f: impl FnOnce(&mut Bucket) -> T,
    ) -> T {
        let mut buckets = self.buckets.lock().expect("no code panics while it holds this lock");
        f(buckets.entry(action).or_insert_with(|| {
            let published = self.published.iter().find(|(name, _)| *name == action);
            Bucket::new(published.map_or(UNPUBLISHED, |(_, rate)| *rate), now)
        }))
    }
}

impl Bucket {
    fn new(published: u32, now: Instant) -> Self {
        let burst = (published / 5).max(1);
        let interval = Duration::from_secs(1) / (published - burst).max(1);
        Self { interval, ahead: interval * (burst - 1), full_at: now }
    }

    /// Takes a token and says from when on it is good.
    fn take(&mut self, now: Instant, deadline: Instant) -> Result<Instant, CallError> {
        let full_at = self.full_at.max(now);
        let at = full_at.checked_sub(self.ahead).map_or(now, |at| at.max(now));
        if at >= deadline {
            return Err(CallError::TooMany);
        }
        self.full_at = full_at + self.interval;
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: Published = &[("CreateRecord", 500), ("DescribeDomain", 20)];

    /// When each of so many calls that are wanted at once is let go, in order.
    async fn turns(rates: &Rates, action: &'static str, calls: usize) -> Vec<Duration> {
        let (start, deadline) = (Instant::now(), Instant::now() + Duration::from_secs(60));
        let turns = (0..calls).map(|_| async {
            rates.turn(action, deadline).await.unwrap();
            start.elapsed()
        });
        futures_util::future::join_all(turns).await
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_calls_than_are_published() {
        for (action, published) in [("CreateRecord", 500), ("DescribeDomain", 20), ("New", 20)] {
            let rates = Rates::new(PUBLISHED);
            let turns = turns(&rates, action, published * 3).await;
            for (i, from) in turns.iter().enumerate() {
                let within =
                    turns[i..].iter().take_while(|at| **at < *from + Duration::from_secs(1));
                let within = within.count();
                assert!(within <= published, "{action}: {within} in the second after {from:?}");
            }
            assert!(turns[published / 5 - 1].is_zero(), "the first ones do not wait");
            let rate = f64::from(u32::try_from(turns.len()).unwrap())
                / turns.last().unwrap().as_secs_f64();
            assert!(rate > 0.75 * f64::from(u32::try_from(published).unwrap()), "{action}: {rate}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody_back_and_then_lets_them_go_evenly() {
        let rates = Rates::new(PUBLISHED);
        rates.pause("CreateRecord", Duration::from_secs(2));
        let turns = turns(&rates, "CreateRecord", 3).await;
        assert!(turns[0] >= Duration::from_secs(2), "{turns:?}");
        assert!(turns[2] > turns[1] && turns[1] > turns[0], "{turns:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_come_too_late_is_told_at_once_and_takes_no_turn() {
        let rates = Rates::new(PUBLISHED);
        rates.pause("CreateRecord", Duration::from_secs(2));
        let deadline = Instant::now() + Duration::from_secs(1);
        for _ in 0..1000 {
            assert_eq!(rates.turn("CreateRecord", deadline).await, Err(CallError::TooMany));
        }
        assert_eq!(Instant::now() + Duration::from_secs(1), deadline, "nobody has waited");
        let last = turns(&rates, "CreateRecord", 1).await[0];
        assert!(last <= Duration::from_millis(2_010), "{last:?}");
    }
}
