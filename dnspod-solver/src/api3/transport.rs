//! One HTTP request of API 3.0, of any product: signed, sent, read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use acme_core::Clock;
use acme_core::http::{read_bounded, reason};
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use url::Url;

use crate::class::Meaning;
use crate::error::CallError;
use crate::rate::Published;
use crate::{Credential, tc3};

/// Any parameter after it makes Tencent's own SDK for Python ignore errors; the signature covers it.
const JSON: &str = "application/json";
/// Bound on an answer's body. The largest honest one is a page of [`PAGE`](super::actions) records: 4 KiB for each
/// leaves room for the longest value and remark in `\u` escapes.
const MAX_BODY: usize = 4 << 20;

/// Which API of Tencent Cloud is called.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    /// The name that stands in a signature's scope.
    pub(crate) service: &'static str,
    /// The value of `X-TC-Version`.
    pub(crate) version: &'static str,
    /// The value of `X-TC-Region`, where the product wants one.
    pub(crate) region: Option<String>,
    /// What its error codes mean.
    pub(crate) meaning: fn(&str) -> Meaning,
    /// How often its actions may be called.
    pub(crate) rates: Published,
}

/// One request, still without time and signature.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) product: &'a Product,
    pub(crate) action: &'static str,
    pub(crate) body: &'a [u8],
    /// What it is signed with; without, it is not signed, which few actions accept.
    pub(crate) credential: Option<&'a Credential>,
}

/// A way to one endpoint of API 3.0, and what is known of the clock behind it.
pub(crate) struct Transport {
    http: reqwest::Client,
    endpoint: Url,
    /// The `Host` header, which is signed.
    host: String,
    clock: Arc<dyn Clock>,
    /// Seconds to add to our clock to have the time that is signed with.
    clock_offset: AtomicI64,
    /// Seconds to add to our clock to have the server's time, as it stood in its last answer.
    server_offset: AtomicI64,
    requests: AtomicU64,
}

/// A failed try, and the server's time where it told it.
pub(crate) struct Failure {
    pub(crate) error: CallError,
    server_time: Option<OffsetDateTime>,
}

impl Transport {
    pub(crate) fn new(http: reqwest::Client, endpoint: Url, clock: Arc<dyn Clock>) -> Self {
        let host = &endpoint[url::Position::BeforeHost..url::Position::AfterPort];
        Self {
            host: host.to_owned(),
            http,
            endpoint,
            clock,
            clock_offset: AtomicI64::new(0),
            server_offset: AtomicI64::new(0),
            requests: AtomicU64::new(0),
        }
    }

    /// How many HTTP requests were sent.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The server's time, by its last answer; our own where it told none.
    pub(crate) fn server_now(&self) -> OffsetDateTime {
        self.shifted(&self.server_offset)
    }

    /// Sends one request and reads its answer. The caller bounds the time.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failure> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let Call { product, action, .. } = call;
        let request = self.request(call)?;
        let response = request.send().await.map_err(|e| self.no_answer(&reason(e)))?;
        let server_time = server_time(response.headers());
        if let Some(server_time) = server_time {
            self.server_offset.store(self.offset(server_time), Ordering::Relaxed);
        }
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
        if let Some(ErrorAnswer { code, message }) = error {
            tracing::debug!(action, request_id, code, message, "refused");
            let meaning = (product.meaning)(&code);
            return Err(fail(CallError::answered(action, &code, meaning, &message, &request_id)));
        }
        tracing::debug!(action, request_id, "answered");
        match serde_json::from_slice::<Envelope<T>>(&body) {
            Ok(envelope) => Ok(envelope.response),
            Err(error) => Err(fail(self.not_documented(action, &error))),
        }
    }

    /// Takes over the server's time as it stood in the answer; `false` where it told none.
    pub(crate) fn correct_clock(&self, failure: &Failure) -> bool {
        let Some(server_time) = failure.server_time else { return false };
        let offset = self.offset(server_time);
        tracing::warn!(
            offset_s = offset,
            host = self.host,
            "this machine's clock is off; signing with the server's time"
        );
        self.clock_offset.store(offset, Ordering::Relaxed);
        true
    }

    /// The error of a call that this endpoint did not answer.
    pub(crate) fn no_answer(&self, what: &str) -> CallError {
        CallError::no_answer(&format!("{}: {what}", self.host))
    }

    fn offset(&self, server_time: OffsetDateTime) -> i64 {
        (server_time - self.clock.now()).whole_seconds()
    }

    fn shifted(&self, offset: &AtomicI64) -> OffsetDateTime {
        let offset = time::Duration::seconds(offset.load(Ordering::Relaxed));
        self.clock.now().checked_add(offset).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    fn request(&self, call: Call<'_>) -> Result<reqwest::RequestBuilder, CallError> {
        let Call { product, action, body, credential } = call;
        let now = self.shifted(&self.clock_offset);
        let authorization = match credential {
            None => HeaderValue::from_static("SKIP"),
            Some(credential) => {
                let request = tc3::Request {
                    service: product.service,
                    method: "POST",
                    query: "",
                    headers: &[("content-type", JSON), ("host", &self.host)],
                    body,
                };
                sensitive(&tc3::sign(&request, credential, now).authorization)?
            }
        };

        let mut request = self
            .http
            .post(self.endpoint.clone())
            .header(CONTENT_TYPE, JSON)
            .header(AUTHORIZATION, authorization)
            .header("X-TC-Action", action)
            .header("X-TC-Version", product.version)
            .header("X-TC-Timestamp", now.unix_timestamp())
            .header("X-TC-Language", "en-US")
            .header("X-TC-RequestClient", concat!("dnspod-solver_", env!("CARGO_PKG_VERSION")));
        if let Some(region) = &product.region {
            request = request.header("X-TC-Region", region);
        }
        if let Some(token) = credential.and_then(Credential::token) {
            request = request.header("X-TC-Token", sensitive(token)?);
        }
        Ok(request.body(body.to_vec()))
    }

    /// The position in the body is left out: it differs from answer to answer.
    fn not_documented(&self, action: &str, error: &serde_json::Error) -> CallError {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        self.no_answer(&format!("the answer to {action} is not what API 3.0 documents: {what}"))
    }
}

impl AsRef<CallError> for Failure {
    fn as_ref(&self) -> &CallError {
        &self.error
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self { error, server_time: None }
    }
}

fn sensitive(value: &str) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| CallError::no_answer("the credential holds a character no header may hold"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The time of the server that sent these headers, where it tells it.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<OffsetDateTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok().map(OffsetDateTime::from)
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
    use super::super::codes::meaning;
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
        let meaning = meaning(&error.code);
        Some(CallError::answered("CreateRecord", &error.code, meaning, &error.message, &request_id))
    }
}
