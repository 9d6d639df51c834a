//! How a credential stands with DNSPod, which bans accounts that keep trying a wrong one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio::time::{Instant, timeout_at};

use crate::class::Class;
use crate::error::{CallError, TOO_LATE};

/// How long a refused credential is not tried again; a person who mends the key on Tencent's side waits no longer
/// than this.
pub(crate) const REFUSAL_STANDS: Duration = Duration::from_secs(120);

/// Bound on one try, so that a request which the server swallows leaves time for another.
pub(crate) const TRY_TIMEOUT: Duration = Duration::from_secs(8);

/// Whether a credential has been accepted or refused.
#[derive(Default)]
pub(crate) struct Standing {
    /// Whether the server has accepted a call with it.
    proven: AtomicBool,
    /// Held during a call with an unproven credential: many calls at once with a wrong key would get it banned.
    proving: tokio::sync::Mutex<()>,
    refusal: Mutex<Option<Refusal>>,
}

struct Refusal {
    /// The id of the credential that was refused.
    id: String,
    since: Instant,
    error: CallError,
}

impl Standing {
    /// One try of a call with the credential `id`: `sent` is the try, `late` the error where it takes too long.
    ///
    /// It is made alone while it is not known whether the credential is good, and not at all where that was refused
    /// lately.
    pub(crate) async fn attempt<T, E: From<CallError> + AsRef<CallError>>(
        &self,
        id: &str,
        deadline: Instant,
        sent: impl Future<Output = Result<T, E>>,
        late: impl FnOnce() -> CallError,
    ) -> Result<T, E> {
        let _turn = self.turn(deadline).await?;
        if let Some(refusal) = self.refusal(id) {
            return Err(refusal.into());
        }
        let until = deadline.min(Instant::now() + TRY_TIMEOUT);
        let answer = timeout_at(until, sent).await.unwrap_or_else(|_| Err(late().into()));
        self.learn(id, answer.as_ref().err().map(AsRef::as_ref));
        answer
    }

    /// The right to try an unproven credential, alone; nothing where it is proven by now.
    async fn turn(&self, deadline: Instant) -> Result<Option<MutexGuard<'_, ()>>, CallError> {
        let proven = || self.proven.load(Ordering::Acquire);
        if proven() {
            return Ok(None);
        }
        let turn = timeout_at(deadline, self.proving.lock())
            .await
            .map_err(|_| CallError::no_answer(TOO_LATE))?;
        // Those who waited while it was proven need not go one by one.
        Ok((!proven()).then_some(turn))
    }

    /// The answer that the credential `id` has got lately and would get again.
    fn refusal(&self, id: &str) -> Option<CallError> {
        let refusal = self.refusal.lock().expect("no code panics while it holds this lock");
        refusal
            .as_ref()
            .filter(|refusal| refusal.id == id && refusal.since.elapsed() < REFUSAL_STANDS)
            .map(|refusal| refusal.error.clone())
    }

    /// Learns from what a call with the credential `id` has come to.
    fn learn(&self, id: &str, failed: Option<&CallError>) {
        match failed {
            None => self.proven.store(true, Ordering::Release),
            Some(CallError::NoAnswer { .. } | CallError::TooMany) => {}
            Some(error) => match error.class() {
                Class::Credential => self.refuse(id, error.clone()),
                Class::Clock => {}
                _ => self.proven.store(true, Ordering::Release),
            },
        }
    }

    fn refuse(&self, id: &str, error: CallError) {
        self.proven.store(false, Ordering::Release);
        let mut refusal = self.refusal.lock().expect("no code panics while it holds this lock");
        *refusal = Some(Refusal { id: id.to_owned(), since: Instant::now(), error });
    }
}
