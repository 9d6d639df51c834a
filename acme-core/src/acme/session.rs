//! What all calls to one CA share: connections, nonces, the directory; and the loop around each call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Method;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::directory::{Directory, is_loopback};
use super::error::AcmeError;
use super::nonce::{NoncePool, Turn, is_nonce};
use super::retry::{Attempts, CALL_DEADLINE};
use super::transport::{Answer, SendError, Transport};
use crate::Clock;
use crate::http::{HttpError, HttpOptions};

/// Signed requests under way at once. More gains nothing: the nonces do not come faster.
const MAX_POSTS: usize = 32;
/// How long a directory is used before it is fetched again.
const DIRECTORY_KEPT: Duration = Duration::from_secs(60 * 60);

/// What all calls to one CA share.
pub(super) struct Session {
    pub(super) directory_url: Url,
    /// Whether the CA is on this machine; see [`super::directory::resource_url`].
    pub(super) local: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) transport: Transport,
    pub(super) nonces: Arc<NoncePool>,
    posts: Semaphore,
    directory: Mutex<Option<(Instant, Arc<Directory>)>>,
}

/// Makes the signed body of a request from a nonce; called again for each try.
pub(super) type Sign<'a> =
    &'a (dyn Fn(String) -> BoxFuture<'a, Result<Bytes, AcmeError>> + Send + Sync);

/// What is done when the CA may have acted on a request whose answer did not come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnLostAnswer {
    /// Send it again: doing it twice does no harm.
    Repeat,
    /// Tell the caller, who looks at what happened.
    Return,
}

/// Why a call failed.
pub(super) struct Failure {
    pub(super) error: AcmeError,
    /// Whether the CA may have acted on the request.
    pub(super) maybe_done: bool,
}

impl Session {
    pub(super) fn new(
        options: &HttpOptions,
        directory_url: Url,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HttpError> {
        let local = is_loopback(&directory_url);
        if directory_url.scheme() != "https" && !(local && directory_url.scheme() == "http") {
            let reason = format!("{directory_url} is no https address, and ACME needs one");
            return Err(HttpError::new("directory", &reason));
        }
        Ok(Self {
            directory_url,
            local,
            clock,
            transport: Transport::new(options)?,
            nonces: Arc::default(),
            posts: Semaphore::new(MAX_POSTS),
            directory: Mutex::default(),
        })
    }

    /// The directory, from memory where it is not old.
    pub(super) async fn directory(
        &self,
        attempts: &mut Attempts,
    ) -> Result<Arc<Directory>, AcmeError> {
        let mut kept = self.directory.lock().await;
        if let Some((since, directory)) = &*kept
            && since.elapsed() < DIRECTORY_KEPT
        {
            return Ok(Arc::clone(directory));
        }
        let answer = self.call(attempts, OnLostAnswer::Repeat, Request::Directory).await?;
        let directory = Arc::new(Directory::parse(&answer.body, self.local)?);
        *kept = Some((Instant::now(), Arc::clone(&directory)));
        Ok(directory)
    }

    /// Sends a signed request until it is answered with success, or fails for good.
    pub(super) async fn post(
        &self,
        attempts: &mut Attempts,
        on_lost_answer: OnLostAnswer,
        url: &Url,
        limit: usize,
        sign: Sign<'_>,
    ) -> Result<Answer, Failure> {
        let directory = self.directory(attempts).await?;
        let new_nonce = &directory.new_nonce;
        self.call(attempts, on_lost_answer, Request::Post { new_nonce, url, limit, sign }).await
    }

    /// Asks for nonces that `calls` calls at once will need soon, beside what else is going on.
    pub(super) fn fetch_nonces_ahead(self: &Arc<Self>, directory: &Arc<Directory>, calls: usize) {
        for fetching in self.nonces.fetch_ahead(calls.min(MAX_POSTS)) {
            let (session, directory) = (Arc::clone(self), Arc::clone(directory));
            // A failure is no loss: the call that misses the nonce asks for one itself and reports what it meets.
            tokio::spawn(async move {
                let asked = timeout_at(
                    Instant::now() + CALL_DEADLINE,
                    session.fetch_nonce(&directory.new_nonce),
                );
                if let Ok(Ok(Ok(nonce))) = asked.await {
                    session.nonces.put(&nonce);
                }
                // Only now: a call that found neither the nonce nor the request under way would ask again.
                drop(fetching);
            });
        }
    }

    async fn call(
        &self,
        attempts: &mut Attempts,
        on_lost_answer: OnLostAnswer,
        request: Request<'_, '_>,
    ) -> Result<Answer, Failure> {
        let mut last_error = None;
        loop {
            let Ok(sent) = timeout_at(attempts.deadline(), self.send(request)).await else {
                let error = last_error.unwrap_or(AcmeError::TimedOut { waited: CALL_DEADLINE });
                return Err(Failure { error, maybe_done: true });
            };
            let (error, maybe_done) = match sent {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) => {
                    let error = answer.problem(self.clock.now());
                    if error.is_bad_nonce() {
                        // Rejected before it had any effect (RFC 8555 §6.5). The answer's own nonce is in the pool.
                        self.nonces.drop_stale();
                        if attempts.pause_for_nonce().await {
                            last_error = Some(error);
                            continue;
                        }
                        return Err(Failure { error, maybe_done: false });
                    }
                    let maybe_done = error.is_server_failure();
                    // A rate limit without a time is no reason to come back soon; an overload may be over in a moment.
                    let asks_to_wait = error.retry_after().is_some() || answer.status == 503;
                    if !(maybe_done || (error.is_try_later() && asks_to_wait)) {
                        return Err(error.into());
                    }
                    (error, maybe_done)
                }
                Err(SendError::Refused(error)) => return Err(error.into()),
                Err(SendError::NotSent(reason)) => (AcmeError::Unreachable { reason }, false),
                Err(SendError::AnswerLost(reason)) => (AcmeError::Unreachable { reason }, true),
            };
            let give_up = maybe_done && on_lost_answer == OnLostAnswer::Return;
            if give_up || !attempts.pause(error.retry_after()).await {
                return Err(Failure { error, maybe_done });
            }
            last_error = Some(error);
        }
    }

    async fn send(&self, request: Request<'_, '_>) -> Result<Answer, SendError> {
        let (new_nonce, url, limit, sign) = match request {
            Request::Directory => {
                return self.transport.fetch(Method::GET, &self.directory_url).await;
            }
            Request::Post { new_nonce, url, limit, sign } => (new_nonce, url, limit, sign),
        };
        let _post = self.posts.acquire().await.expect("nobody closes the semaphore");
        let nonce = match self.nonces.turn().await {
            Turn::Nonce(nonce) => nonce,
            Turn::Fetch(_fetching) => match self.fetch_nonce(new_nonce).await? {
                Ok(nonce) => nonce,
                Err(failed) => return Ok(failed),
            },
        };
        let jws = sign(nonce).await.map_err(SendError::Refused)?;
        let answer = self.transport.post(url, jws, limit).await?;
        if let Some(nonce) = answer.nonce() {
            self.nonces.put(nonce);
        }
        Ok(answer)
    }

    /// Asks for a nonce (RFC 8555 §7.2); `Err` inside is an answer that says no. Nothing can have come of a failure
    /// here: the request that needs the nonce is not sent.
    async fn fetch_nonce(&self, new_nonce: &Url) -> Result<Result<String, Answer>, SendError> {
        let answer = match self.transport.fetch(Method::HEAD, new_nonce).await {
            Err(SendError::AnswerLost(reason)) => return Err(SendError::NotSent(reason)),
            other => other?,
        };
        if !answer.status.is_success() {
            return Ok(Err(answer));
        }
        let nonce = answer.nonce().filter(|nonce| is_nonce(nonce)).ok_or_else(|| {
            SendError::Refused(AcmeError::malformed("newNonce answered without a usable nonce"))
        })?;
        Ok(Ok(nonce.to_owned()))
    }
}

#[derive(Clone, Copy)]
enum Request<'a, 's> {
    Directory,
    Post { new_nonce: &'a Url, url: &'a Url, limit: usize, sign: Sign<'s> },
}

impl From<AcmeError> for Failure {
    fn from(error: AcmeError) -> Self {
        Self { error, maybe_done: false }
    }
}

impl From<Failure> for AcmeError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}
