//! The wall clock as a value that is passed in.

use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;

/// Tells the wall-clock time.
///
/// It need not be monotonic: an implementation may jump when the machine's clock is set. Waiting and deadlines do not
/// use it; they use the runtime's timers.
pub trait Clock: Send + Sync {
    /// The time now, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that moves only when told to, for tests and simulations.
#[derive(Debug)]
pub struct ManualClock(Mutex<OffsetDateTime>);

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: OffsetDateTime) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock forward by `by`.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().expect("no code panics while it holds this lock") += by;
    }

    /// Sets the clock, backwards too.
    pub fn set(&self, now: OffsetDateTime) {
        *self.0.lock().expect("no code panics while it holds this lock") = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().expect("no code panics while it holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_manual_clock_stands_until_it_is_moved() {
        let start = datetime!(2026-11-23 12:00 UTC);
        let clock = ManualClock::new(start);
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now(), datetime!(2026-11-23 12:01:30 UTC));
        clock.set(start);
        assert_eq!(clock.now(), start);
    }
}
