//! Answers that are remembered for a short while, and never too many of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use tokio::time::Instant;

/// How many answers are kept: far more callers than a webhook has, and a few hundred kilobytes at most.
const CAPACITY: usize = 1024;

/// Answers by question. Questions are kept as SHA-256 only, because some are tokens.
pub(crate) struct ExpiringCache<V> {
    lifetime: Duration,
    answers: Mutex<HashMap<[u8; 32], (Instant, V)>>,
}

impl<V: Clone> ExpiringCache<V> {
    /// A cache that forgets an answer after `lifetime`.
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, answers: Mutex::default() }
    }

    /// The answer to `question`, if it was remembered within the lifetime.
    pub(crate) fn find(&self, question: &[u8]) -> Option<V> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, answer) = answers.get(&key(question))?;
        (*until > Instant::now()).then(|| answer.clone())
    }

    /// Remembers `answer`. Where there are too many, those that are over go, then the oldest.
    pub(crate) fn remember(&self, question: &[u8], answer: V) {
        let now = Instant::now();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= CAPACITY {
            answers.retain(|_, (until, _)| *until > now);
        }
        if answers.len() >= CAPACITY {
            let oldest = answers.iter().min_by_key(|(_, (until, _))| *until).map(|(key, _)| *key);
            if let Some(oldest) = oldest {
                answers.remove(&oldest);
            }
        }
        answers.insert(key(question), (now + self.lifetime, answer));
    }
}

fn key(question: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, question).as_ref());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_forgotten_after_its_lifetime() {
        let cache = ExpiringCache::new(Duration::from_secs(10));
        cache.remember(b"question", 1);
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert_eq!(cache.find(b"question"), Some(1));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(cache.find(b"question"), None);
        assert_eq!(cache.find(b"other"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_never_grows_beyond_its_bound_and_the_newest_stay() {
        let cache = ExpiringCache::new(Duration::from_secs(10));
        for number in 0..3 * CAPACITY {
            cache.remember(&number.to_be_bytes(), number);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(cache.answers.lock().unwrap().len(), CAPACITY);
        let newest = 3 * CAPACITY - 1;
        assert_eq!(cache.find(&newest.to_be_bytes()), Some(newest));
        assert_eq!(cache.find(&0_usize.to_be_bytes()), None);
    }
}
