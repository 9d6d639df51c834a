//! How often and for how long one call to a CA is tried.

use std::time::Duration;

use rand::Rng as _;
use time::OffsetDateTime;
use tokio::time::Instant;

/// Bound on one call, all its tries and waits included.
pub(super) const CALL_DEADLINE: Duration = Duration::from_secs(60);
/// Tries of a call that meets failures of the network or of the server. Rejected nonces do not count.
const MAX_TRIES: u32 = 4;
/// The wait before the second try; it doubles from try to try.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest `Retry-After` that is slept here. A longer one goes to the caller at once: it can store it and exit.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);
/// Nonces rejected in a row that are answered at once, before a pause is made: a CA whose frontends disagree rejects
/// half of them, one that rejects all of them must not be flooded.
const QUICK_NONCE_TRIES: u32 = 20;
/// The pause after that.
const NONCE_PAUSE: Duration = Duration::from_millis(40);
/// `Retry-After` beyond this is no honest answer and is cut to it.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The tries of one call.
pub(super) struct Attempts {
    deadline: Instant,
    failures: u32,
    rejected_nonces: u32,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self { deadline: Instant::now() + CALL_DEADLINE, failures: 0, rejected_nonces: 0 }
    }

    /// When the call must have ended.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// After a failure: waits until the next try, at least `retry_after`. `false` where there is no next try.
    pub(super) async fn pause(&mut self, retry_after: Option<Duration>) -> bool {
        self.failures += 1;
        if self.failures >= MAX_TRIES || retry_after.is_some_and(|wait| wait > MAX_RETRY_AFTER) {
            return false;
        }
        let backoff = FIRST_PAUSE * 2_u32.pow(self.failures - 1);
        self.wait(jittered(backoff.max(retry_after.unwrap_or_default()))).await
    }

    /// After a rejected nonce: bounded by the deadline alone, because each try has the same chance.
    pub(super) async fn pause_for_nonce(&mut self) -> bool {
        self.rejected_nonces += 1;
        let pause = if self.rejected_nonces <= QUICK_NONCE_TRIES {
            Duration::ZERO
        } else {
            jittered(NONCE_PAUSE)
        };
        self.wait(pause).await
    }

    async fn wait(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        if until >= self.deadline {
            return false;
        }
        if !pause.is_zero() {
            tokio::time::sleep_until(until).await;
        }
        true
    }
}

/// Up to a quarter longer, so that many clients do not come back in step.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(1.0..1.25))
}

/// Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date compared with `now`. A date in the past is zero.
pub(super) fn retry_after(headers: &http::HeaderMap, now: OffsetDateTime) -> Option<Duration> {
    let value = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit are as long as can be.
        value.parse().map_or(LONGEST_RETRY_AFTER, Duration::from_secs)
    } else {
        let date = OffsetDateTime::from(httpdate::parse_http_date(value).ok()?);
        Duration::try_from(date - now).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = datetime!(2026-11-23 10:00:00 UTC);
        let read = |value: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert(http::header::RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("Mon, 23 Nov 2026 10:02:00 GMT"), Some(Duration::from_secs(120)));
        assert_eq!(read("Mon, 23 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("99999999999999999999999999"), Some(LONGEST_RETRY_AFTER));
        assert_eq!(read("18446744073709551615"), Some(LONGEST_RETRY_AFTER));
        for nonsense in ["", "soon", "-5", "1.5"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_failures_are_tried_again_and_then_no_more() {
        let start = Instant::now();
        let mut attempts = Attempts::new();
        let mut tries = 1;
        while attempts.pause(None).await {
            tries += 1;
        }
        assert_eq!(tries, MAX_TRIES);
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_retry_after_is_slept_and_a_long_one_is_not() {
        let start = Instant::now();
        let mut attempts = Attempts::new();
        assert!(attempts.pause(Some(MAX_RETRY_AFTER)).await);
        assert!(start.elapsed() >= MAX_RETRY_AFTER);

        let start = Instant::now();
        let ten_days = Duration::from_secs(10 * 24 * 60 * 60);
        assert!(!Attempts::new().pause(Some(ten_days)).await);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn rejected_nonces_are_bounded_by_the_deadline_and_not_by_a_count() {
        let start = Instant::now();
        let mut attempts = Attempts::new();
        let mut tries = 1;
        while attempts.pause_for_nonce().await {
            tries += 1;
        }
        assert!(tries > 1000, "at 90 % rejection a call takes up to 240 tries; here {tries}");
        assert!(tries < 2000, "a CA that rejects all must not be flooded; here {tries}");
        assert!(start.elapsed() <= CALL_DEADLINE);
    }
}
