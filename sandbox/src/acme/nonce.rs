//! Anti-replay nonces (RFC 8555 §6.5).

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::random_id;

/// The nonces that were handed out and not used yet.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    unused: Mutex<Unused>,
}

#[derive(Debug, Default)]
struct Unused {
    known: HashSet<String>,
    /// In the order they were made; used ones stay until they are the oldest.
    by_age: VecDeque<String>,
}

impl Nonces {
    /// So many nonces stay good; each one more ends the oldest.
    const KEPT: usize = 20_000;

    /// A nonce that is good once.
    pub(crate) fn issue(&self) -> String {
        let nonce = random_id();
        let mut unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner);
        if unused.by_age.len() == Self::KEPT
            && let Some(oldest) = unused.by_age.pop_front()
        {
            unused.known.remove(&oldest);
        }
        unused.by_age.push_back(nonce.clone());
        unused.known.insert(nonce.clone());
        nonce
    }

    /// Uses up `nonce`; false if it was never issued, was used, or is too old.
    pub(crate) fn redeem(&self, nonce: &str) -> bool {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner).known.remove(nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once() {
        let nonces = Nonces::default();
        let nonce = nonces.issue();
        assert!(nonces.redeem(&nonce));
        assert!(!nonces.redeem(&nonce));
        assert!(!nonces.redeem("never issued"));
    }

    #[test]
    fn the_oldest_nonces_end() {
        let nonces = Nonces::default();
        let first = nonces.issue();
        let second = nonces.issue();
        for _ in 1..Nonces::KEPT {
            nonces.issue();
        }
        assert!(!nonces.redeem(&first));
        assert!(nonces.redeem(&second));
    }
}
