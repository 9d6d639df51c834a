//! When to ask the CA again.

use std::time::Duration;

/// Yields the waits between polls: short ones first, because a CA that validates at once should not cost a second,
/// then the server's hints, then a doubling wait.
pub(super) struct Polls {
    asked: u32,
}

impl Polls {
    pub(super) fn new() -> Self {
        Self { asked: 0 }
    }

    /// The wait before the next poll. `hint` is the Retry-After of the last answer (RFC 8555 §7.5.1).
    pub(super) fn next(&mut self, hint: Option<Duration>) -> Duration {
        let own = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.asked.min(16))).min(MAX_WAIT);
        self.asked += 1;
        match hint {
            Some(hint) if self.asked > EAGER_POLLS => hint.clamp(MIN_HINT, MAX_HINT),
            _ => own,
        }
    }
}

/// The wait before the first poll.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// How many polls are made before the server's hint counts: 20, 40 and 80 ms cost three requests at most.
const EAGER_POLLS: u32 = 3;

/// The longest wait that we choose ourselves.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// A hint below this would be a busy loop.
const MIN_HINT: Duration = Duration::from_millis(250);

/// A hint above this would leave a finished order lying.
const MAX_HINT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_polls_are_quick_whatever_the_server_hints() {
        let mut polls = Polls::new();
        let hint = Some(Duration::from_secs(5));
        let waits: Vec<_> = (0..4).map(|_| polls.next(hint).as_millis()).collect();
        assert_eq!(waits, [20, 40, 80, 5000]);
    }

    #[test]
    fn hints_are_clamped_at_both_ends() {
        let mut polls = Polls { asked: EAGER_POLLS };
        assert_eq!(polls.next(Some(Duration::ZERO)), MIN_HINT);
        assert_eq!(polls.next(Some(Duration::from_secs(864_000))), MAX_HINT);
    }

    #[test]
    fn without_hints_the_wait_doubles_up_to_its_bound() {
        let mut polls = Polls::new();
        let waits: Vec<_> = (0..40).map(|_| polls.next(None)).collect();
        assert!(waits.windows(2).all(|pair| pair[1] == (pair[0] * 2).min(MAX_WAIT)));
        assert_eq!(waits[39], MAX_WAIT);
    }
}
