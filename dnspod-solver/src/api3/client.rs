//! One call of API 3.0: signed, bounded, retried where that is safe.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme_core::Clock;
use acme_core::http::{read_bounded, reason};
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::Class;
use crate::error::CallError;
use crate::{Credential, tc3};

const SERVICE: &str = "dnspod";
const VERSION: &str = "2021-03-23";
/// Any parameter after it makes Tencent's own SDK for Python ignore errors; the signature covers it.
const JSON: &str = "application/json";
/// Bound on an answer's body. The largest honest one is a page of [`PAGE`](super::actions) records: 4 KiB for each
/// leaves room for the longest value and remark in `\u` escapes.
const MAX_BODY: usize = 4 << 20;
/// Bound on one try, so that a request which the server swallows leaves time for another.
const TRY_TIMEOUT: Duration = Duration::from_secs(8);
/// Tries of one call while the server or the network fails: about four seconds.
const MAX_TRIES: u32 = 5;
/// How long a refused credential is not tried again. Tencent bans who keeps trying; a person who mends the key on
/// Tencent's side waits no longer than this.
const REFUSAL_STANDS: Duration = Duration::from_secs(120);

const TOO_LATE: &str = "no answer within the time limit";

/// How the API is reached.
pub(crate) struct Connection {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoint: Url,
    pub(crate) credential: Credential,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Calls API 3.0. All state that outlives a call is here: what is known of clock and credential, and the count.
pub(crate) struct Client {
    connection: Connection,
    /// The `Host` header, which is signed.
    host: String,
    /// Seconds to add to our clock to have the server's.
    clock_offset: AtomicI64,
    /// Whether the server has accepted a signature of this credential.
    proven: AtomicBool,
    /// Held during a call with an unproven credential: many calls at once with a wrong key would get it banned.
    proving: tokio::sync::Mutex<()>,
    refusal: Mutex<Option<(Instant, CallError)>>,
    calls: AtomicU64,
}

/// A failed try, and the server's time where it told it.
struct Failure {
    error: CallError,
    server_time: Option<OffsetDateTime>,
}

impl Client {
    pub(crate) fn new(connection: Connection) -> Self {
        let host = &connection.endpoint[url::Position::BeforeHost..url::Position::AfterPort];
        Self {
            host: host.to_owned(),
            connection,
            clock_offset: AtomicI64::new(0),
            proven: AtomicBool::new(false),
            proving: tokio::sync::Mutex::new(()),
            refusal: Mutex::new(None),
            calls: AtomicU64::new(0),
        }
    }

    /// How many HTTP requests were sent.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Calls `action` until it succeeds, fails for good, or `deadline` is near.
    ///
    /// Every action we use may be repeated after an answer that was lost: a record created twice is
    /// [`Class::AlreadyThere`], one deleted twice is [`Class::Gone`], and callers read both as success.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        action: &'static str,
        request: &impl Serialize,
        deadline: Instant,
    ) -> Result<T, CallError> {
        let body = serde_json::to_vec(request).expect("requests have no map with keys but strings");
        let mut clock_corrected = false;
        for tries in 1.. {
            let Failure { error, server_time } = match self.attempt(action, &body, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if error.class() == Class::Clock && !clock_corrected && self.correct_clock(server_time)
            {
                clock_corrected = true;
                continue;
            }
            match backoff(&error, tries) {
                Some(delay) if Instant::now() + delay < deadline => sleep(delay).await,
                _ => return Err(error),
            }
        }
        unreachable!("the range of tries has no end")
    }

    /// One try; alone while it is not known whether the credential is good.
    async fn attempt<T: DeserializeOwned>(
        &self,
        action: &'static str,
        body: &[u8],
        deadline: Instant,
    ) -> Result<T, Failure> {
        let _turn = self.turn(deadline).await?;
        if let Some(refusal) = self.standing_refusal() {
            return Err(refusal.into());
        }

        let until = deadline.min(Instant::now() + TRY_TIMEOUT);
        let answer = timeout_at(until, self.send(action, body))
            .await
            .unwrap_or_else(|_| Err(self.no_answer(TOO_LATE).into()));
        match answer.as_ref().map_err(|failure| &failure.error) {
            Ok(_) => self.proven.store(true, Ordering::Release),
            Err(error @ CallError::Answered { .. }) => match error.class() {
                Class::Credential => self.remember_refusal(error.clone()),
                Class::Clock => {}
                _ => self.proven.store(true, Ordering::Release),
            },
            Err(CallError::NoAnswer { .. }) => {}
        }
        answer
    }

    /// The right to try an unproven credential; nothing where it is proven by now.
    async fn turn(&self, deadline: Instant) -> Result<Option<MutexGuard<'_, ()>>, CallError> {
        let proven = || self.proven.load(Ordering::Acquire);
        if proven() {
            return Ok(None);
        }
        let turn = timeout_at(deadline, self.proving.lock())
            .await
            .map_err(|_| self.no_answer(TOO_LATE))?;
        // Those who waited while it was proven need not go one by one.
        Ok((!proven()).then_some(turn))
    }

    /// Signs, sends and reads.
    async fn send<T: DeserializeOwned>(
        &self,
        action: &'static str,
        body: &[u8],
    ) -> Result<T, Failure> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let request = self.request(action, body)?;
        let response = request.send().await.map_err(|e| self.no_answer(&reason(e)))?;
        let server_time = response.headers().get(DATE).and_then(server_time);
        let status = response.status();
        let body =
            read_bounded(response, MAX_BODY).await.map_err(|e| self.no_answer(&e.to_string()))?;
        let fail = |error| Failure { error, server_time };

        // Errors come with status 200 as well: the body decides.
        let Envelope { response: Head { error, request_id } } = match serde_json::from_slice(&body)
        {
            Ok(envelope) => envelope,
            Err(error) if status.is_success() => {
                return Err(fail(self.not_documented(action, &error)));
            }
            Err(_) => {
                return Err(fail(self.no_answer(&format!("answered with HTTP {status}"))));
            }
        };
        let request_id = request_id.unwrap_or_default();
        if let Some(error) = error {
            tracing::debug!(
                action,
                request_id,
                code = error.code,
                message = error.message,
                "refused"
            );
            return Err(fail(CallError::answered(action, error.code, &error.message, &request_id)));
        }
        tracing::debug!(action, request_id, "answered");
        match serde_json::from_slice::<Envelope<T>>(&body) {
            Ok(envelope) => Ok(envelope.response),
            Err(error) => Err(fail(self.not_documented(action, &error))),
        }
    }

    fn request(&self, action: &str, body: &[u8]) -> Result<reqwest::RequestBuilder, CallError> {
        let Connection { http, endpoint, credential, clock } = &self.connection;
        let offset = time::Duration::seconds(self.clock_offset.load(Ordering::Relaxed));
        let now = clock.now().checked_add(offset).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let signed = tc3::sign(
            &tc3::Request {
                service: SERVICE,
                method: "POST",
                query: "",
                headers: &[("content-type", JSON), ("host", &self.host)],
                body,
            },
            credential,
            now,
        );

        let mut request = http
            .post(endpoint.clone())
            .header(CONTENT_TYPE, JSON)
            .header(AUTHORIZATION, sensitive(&signed.authorization)?)
            .header("X-TC-Action", action)
            .header("X-TC-Version", VERSION)
            .header("X-TC-Timestamp", now.unix_timestamp())
            .header("X-TC-Language", "en-US")
            .header("X-TC-RequestClient", concat!("dnspod-solver_", env!("CARGO_PKG_VERSION")));
        if let Some(token) = credential.token() {
            request = request.header("X-TC-Token", sensitive(token)?);
        }
        Ok(request.body(body.to_vec()))
    }

    fn no_answer(&self, what: &str) -> CallError {
        CallError::no_answer(&format!("{}: {what}", self.host))
    }

    /// The position in the body is left out: it differs from answer to answer.
    fn not_documented(&self, action: &str, error: &serde_json::Error) -> CallError {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        self.no_answer(&format!("the answer to {action} is not what API 3.0 documents: {what}"))
    }

    /// Takes over the server's time; `false` where it told none.
    fn correct_clock(&self, server_time: Option<OffsetDateTime>) -> bool {
        let Some(server_time) = server_time else { return false };
        let offset = (server_time - self.connection.clock.now()).whole_seconds();
        tracing::warn!(
            offset_s = offset,
            "this machine's clock is off; signing with DNSPod's time"
        );
        self.clock_offset.store(offset, Ordering::Relaxed);
        true
    }

    fn standing_refusal(&self) -> Option<CallError> {
        let refusal = self.refusal.lock().expect("no code panics while it holds this lock");
        refusal
            .as_ref()
            .filter(|(since, _)| since.elapsed() < REFUSAL_STANDS)
            .map(|(_, e)| e.clone())
    }

    fn remember_refusal(&self, error: CallError) {
        self.proven.store(false, Ordering::Release);
        let mut refusal = self.refusal.lock().expect("no code panics while it holds this lock");
        *refusal = Some((Instant::now(), error));
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self { error, server_time: None }
    }
}

/// How long to wait before the next try; `None` where there should be none.
fn backoff(error: &CallError, tries: u32) -> Option<Duration> {
    let doubled = |first: u64, most: u64| {
        Duration::from_millis(first.saturating_mul(1 << (tries - 1).min(16)).min(most))
    };
    let delay = match error.class() {
        // Asked to wait for longer than a call may take, we hand that on to the caller.
        Class::Throttled if error.retry_after().is_some() => return None,
        Class::Throttled => doubled(500, 5_000),
        Class::Server if tries < MAX_TRIES => doubled(250, 2_000),
        Class::Busy => Duration::from_secs(10),
        _ => return None,
    };
    // Clients that were refused together must not come back together.
    Some(delay.mul_f64(rand::random_range(0.5..1.0)))
}

fn sensitive(value: &str) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| CallError::no_answer("the credential holds a character no header may hold"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn server_time(date: &HeaderValue) -> Option<OffsetDateTime> {
    httpdate::parse_http_date(date.to_str().ok()?).ok().map(OffsetDateTime::from)
}

#[derive(serde::Deserialize)]
struct Envelope<T> {
    #[serde(rename = "Response")]
    response: T,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Head {
    error: Option<ErrorAnswer>,
    request_id: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorAnswer {
    code: String,
    #[serde(default)]
    message: String,
}

#[cfg(fuzzing)]
pub(super) mod fuzzing {
    use super::{CallError, DeserializeOwned, Envelope, Head};

    /// Reads what an action answers and forgets it.
    pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) {
        let _ = serde_json::from_slice::<Envelope<T>>(body);
    }

    /// The error that an answer holds.
    pub(crate) fn error(body: &[u8]) -> Option<CallError> {
        let Envelope { response: Head { error, request_id } } =
            serde_json::from_slice(body).ok()?;
        let error = error?;
        let request_id = request_id.unwrap_or_default();
        Some(CallError::answered("CreateRecord", error.code, &error.message, &request_id))
    }
}
