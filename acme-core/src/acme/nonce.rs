//! Anti-replay nonces (RFC 8555 §6.5), shared by all calls to a CA.
//!
//! Every answer brings a nonce, so a call that follows another needs no request of its own for one. Only calls at once
//! need more of them than there are, and the resource they come from is the scarcest a CA has: Let's Encrypt allows 20
//! requests a second from an address, 10 of them at a time.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Requests for nonces under way at once.
const MAX_HEADS: usize = 8;
/// Requests for nonces that may be sent at once after a rest, and the time from one to the next when busy (15/s).
const BURST: u32 = 8;
const INTERVAL: Duration = Duration::from_nanos(1_000_000_000 / 15);
/// When a CA rejects a nonce, those older than this are dropped too. Dropping all of them would ask for new ones in a
/// storm where the CA rejects at random.
const STALE: Duration = Duration::from_secs(30);
/// Nonces kept; the oldest go first.
const MAX_KEPT: usize = 64;
/// Bound on a nonce's length; nonces are of base64url characters (RFC 8555 §6.5.1).
const MAX_LENGTH: usize = 1024;

/// The nonces at hand and the requests for more.
#[derive(Default)]
pub(super) struct NoncePool {
    state: Mutex<State>,
    /// Told when a nonce came or a request for one ended.
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// The newest last.
    nonces: Vec<(Instant, String)>,
    /// Calls in [`NoncePool::turn`], and those that went from it to fetch.
    waiters: usize,
    /// Requests for nonces under way.
    heads: usize,
    /// When the rate would be used up without a rest (the generic cell rate algorithm).
    booked_until: Option<Instant>,
}

/// What a call that needs a nonce does next.
pub(super) enum Turn {
    /// Use this one.
    Nonce(String),
    /// Ask the CA for one, and keep this while asking.
    Fetch(Fetching),
}

impl NoncePool {
    /// Keeps a nonce that came with an answer. One that breaks the rules is ignored, as RFC 8555 §6.5.1 demands.
    pub(super) fn put(&self, nonce: &str) {
        if !is_nonce(nonce) {
            return;
        }
        let mut state = self.lock();
        if state.nonces.len() == MAX_KEPT {
            state.nonces.remove(0);
        }
        state.nonces.push((Instant::now(), nonce.to_owned()));
        drop(state);
        self.changed.notify_one();
    }

    /// Forgets nonces that are likely to be rejected too, after one was.
    pub(super) fn drop_stale(&self) {
        self.lock().nonces.retain(|(since, _)| since.elapsed() < STALE);
    }

    /// Waits for a nonce, or for leave to ask the CA for one.
    pub(super) async fn turn(self: &Arc<Self>) -> Turn {
        let waiting = Waiting::new(Arc::clone(self));
        loop {
            // Enabled before the state is looked at, or a nonce that comes in between could wake nobody.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let wait_until = {
                let mut state = self.lock();
                if let Some((_, nonce)) = state.nonces.pop() {
                    return Turn::Nonce(nonce);
                }
                // Requests sent ahead may already be under way for this call.
                if state.heads < MAX_HEADS && state.heads < state.waiters {
                    match state.book() {
                        Ok(()) => {
                            let pool = Arc::clone(self);
                            return Turn::Fetch(Fetching { pool, _waiting: Some(waiting) });
                        }
                        Err(next) => Some(next),
                    }
                } else {
                    None
                }
            };
            match wait_until {
                Some(next) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(next) => {}
                    }
                }
                None => changed.await,
            }
        }
    }

    /// Leave to ask the CA for nonces that `wanted` calls at once will need soon. Never waits: what the rate does not
    /// allow now is asked for when it is needed.
    pub(super) fn fetch_ahead(self: &Arc<Self>, wanted: usize) -> Vec<Fetching> {
        let mut state = self.lock();
        let mut leave = Vec::new();
        while state.nonces.len() + state.heads < wanted
            && state.heads < MAX_HEADS
            && state.book().is_ok()
        {
            leave.push(Fetching { pool: Arc::clone(self), _waiting: None });
        }
        leave
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds this lock")
    }
}

/// Whether a nonce may be used (RFC 8555 §6.5.1).
pub(super) fn is_nonce(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_LENGTH
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl State {
    /// Books one request for a nonce, or says when there may be one.
    fn book(&mut self) -> Result<(), Instant> {
        let now = Instant::now();
        let booked_until = self.booked_until.map_or(now, |until| until.max(now));
        let earliest = booked_until.checked_sub(INTERVAL * (BURST - 1));
        if let Some(earliest) = earliest.filter(|earliest| *earliest > now) {
            return Err(earliest);
        }
        self.booked_until = Some(booked_until + INTERVAL);
        self.heads += 1;
        Ok(())
    }
}

/// One request for a nonce under way.
pub(super) struct Fetching {
    pool: Arc<NoncePool>,
    _waiting: Option<Waiting>,
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.pool.lock().heads -= 1;
        self.pool.changed.notify_one();
    }
}

/// One call that waits for a nonce, counted for as long as it waits, cancelled or not.
struct Waiting(Arc<NoncePool>);

impl Waiting {
    fn new(pool: Arc<NoncePool>) -> Self {
        pool.lock().waiters += 1;
        Self(pool)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.lock().waiters -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fetching(pool: &Arc<NoncePool>) -> Fetching {
        match pool.turn().await {
            Turn::Fetch(fetching) => fetching,
            Turn::Nonce(nonce) => panic!("{nonce} came from nowhere"),
        }
    }

    async fn nonce(pool: &Arc<NoncePool>) -> String {
        match pool.turn().await {
            Turn::Nonce(nonce) => nonce,
            Turn::Fetch(_) => panic!("a nonce was at hand"),
        }
    }

    fn is_ready<T>(future: impl Future<Output = T>) -> bool {
        futures_util::FutureExt::now_or_never(future).is_some()
    }

    #[tokio::test]
    async fn the_newest_nonce_is_used_first() {
        let pool = Arc::new(NoncePool::default());
        pool.put("older");
        pool.put("newer");
        assert_eq!(nonce(&pool).await, "newer");
        assert_eq!(nonce(&pool).await, "older");
    }

    #[tokio::test]
    async fn what_is_no_nonce_is_ignored() {
        let pool = Arc::new(NoncePool::default());
        for bad in ["", "a b", "a=", "é", &"a".repeat(MAX_LENGTH + 1)] {
            pool.put(bad);
        }
        fetching(&pool).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_rejected_nonce_takes_only_old_ones_with_it() {
        let pool = Arc::new(NoncePool::default());
        pool.put("old");
        tokio::time::advance(STALE).await;
        pool.put("new");
        pool.drop_stale();
        assert_eq!(nonce(&pool).await, "new");
        fetching(&pool).await;
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_than_fifteen_nonces_a_second_are_asked_for() {
        let pool = Arc::new(NoncePool::default());
        let start = Instant::now();
        for _ in 0..68 {
            drop(fetching(&pool).await);
        }
        // 8 at once and 60 at 15 a second.
        let expected = INTERVAL * 60;
        assert!(start.elapsed() >= expected, "{:?}", start.elapsed());
        assert!(start.elapsed() < expected + Duration::from_millis(100), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_requests_for_nonces_are_under_way() {
        let pool = Arc::new(NoncePool::default());
        let mut under_way = Vec::new();
        for _ in 0..MAX_HEADS {
            under_way.push(fetching(&pool).await);
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(!is_ready(pool.turn()));
        under_way.pop();
        fetching(&pool).await;
    }

    #[tokio::test]
    async fn a_call_waits_for_a_nonce_that_was_asked_for_ahead() {
        let pool = Arc::new(NoncePool::default());
        let ahead = pool.fetch_ahead(3);
        assert_eq!(ahead.len(), 3);
        let mut turn = pin!(pool.turn());
        assert!(!is_ready(&mut turn));
        pool.put("ahead");
        assert!(matches!(turn.await, Turn::Nonce(nonce) if nonce == "ahead"));
    }

    #[tokio::test]
    async fn a_call_asks_itself_when_the_request_ahead_failed() {
        let pool = Arc::new(NoncePool::default());
        let ahead = pool.fetch_ahead(1);
        let mut turn = pin!(pool.turn());
        assert!(!is_ready(&mut turn));
        drop(ahead);
        assert!(matches!(turn.await, Turn::Fetch(_)));
    }

    #[tokio::test]
    async fn calls_that_are_dropped_no_longer_count() {
        let pool = Arc::new(NoncePool::default());
        let ahead = pool.fetch_ahead(1);
        assert!(!is_ready(pool.turn()));
        assert!(!is_ready(pool.turn()));
        // One waits: the request under way is for it, whoever waited before.
        assert!(!is_ready(pool.turn()));
        drop(ahead);
        let state = pool.lock();
        assert_eq!((state.waiters, state.heads), (0, 0));
    }

    #[test]
    fn ahead_is_asked_for_only_what_is_missing_and_allowed() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _context = runtime.enter();
        let pool = Arc::new(NoncePool::default());
        pool.put("one");
        assert_eq!(pool.fetch_ahead(2).len(), 1);
        assert_eq!(pool.fetch_ahead(100).len(), 7, "the rest of the burst");
    }
}
