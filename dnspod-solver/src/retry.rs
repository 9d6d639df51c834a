//! Whether and when a failed call is tried again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::class::Class;
use crate::error::CallError;
use crate::rate::Rates;

/// Tries of one call while the server or the network fails: about four seconds.
const MAX_TRIES: u32 = 5;

/// Waits until `action`, which has failed with `error` at its `tries`th try, should be tried again.
///
/// # Errors
/// `error`, where it should not, or not before `deadline`.
pub(crate) async fn wait(
    error: CallError,
    tries: u32,
    action: &'static str,
    rates: &Rates,
    deadline: Instant,
) -> Result<(), CallError> {
    match backoff(&error, tries) {
        Some(delay) if Instant::now() + delay < deadline => {
            if error.class() == Class::Throttled {
                // The next try waits for its turn, and so does everybody else.
                rates.pause(action, delay);
            } else {
                sleep(delay).await;
            }
            Ok(())
        }
        _ => Err(error),
    }
}

/// How long to wait after so many tries before the next one; `None` where there should be none.
fn backoff(error: &CallError, tries: u32) -> Option<Duration> {
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
