//! Whether and when a failed call is tried again.

use std::time::Duration;

use crate::class::Class;
use crate::error::CallError;

/// Tries of one call while the server or the network fails: about four seconds.
const MAX_TRIES: u32 = 5;

/// How long to wait after so many tries before the next one; `None` where there should be none.
pub(crate) fn backoff(error: &CallError, tries: u32) -> Option<Duration> {
    let doubled = |first: u64, most: u64| {
        Duration::from_millis(first.saturating_mul(1 << (tries - 1).min(16)).min(most))
    };
    let delay = match error.class() {
        Class::Throttled => doubled(500, 5_000),
        Class::Server if tries < MAX_TRIES => doubled(250, 2_000),
        Class::Busy => Duration::from_secs(10),
        _ => return None,
    };
    // Clients that were refused together must not come back together.
    Some(delay.mul_f64(rand::random_range(0.5..1.0)))
}
