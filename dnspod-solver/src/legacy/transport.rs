//! One HTTP request of the legacy API: a form, sent, read.

use std::sync::atomic::{AtomicU64, Ordering};

use acme_core::http::{read_bounded, reason};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::codes::meaning;
use super::lenient::Code;
use crate::LoginToken;
use crate::error::CallError;

const FORM: &str = "application/x-www-form-urlencoded";
/// Bound on an answer's body: a page of [`PAGE`](super::page) records with the longest values and remarks in `\u`
/// escapes stays below it.
const MAX_BODY: usize = 4 << 20;
/// The code of success, for every action.
const DONE: &str = "1";

/// A way to the legacy API of one site.
pub(crate) struct Transport {
    http: reqwest::Client,
    endpoint: Url,
    /// The endpoint as errors name it.
    host: String,
    requests: AtomicU64,
}

/// The body of a request. It holds the token, so it is shown to nobody, and is wiped when the last try is over.
#[derive(Clone)]
pub(super) struct Form(Bytes);

impl Form {
    /// `fields` with what every action wants besides.
    ///
    /// `error_on_empty=no` asks for an empty list instead of an error; that error is understood all the same.
    pub(super) fn new(token: &LoginToken, fields: &[(&str, &str)]) -> Self {
        // One piece of memory from the start: what grows leaves copies behind that nobody wipes.
        let longest =
            fields.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum::<usize>();
        let text = String::with_capacity(128 + 3 * token.whole().len() + longest);
        let mut form = form_urlencoded::Serializer::new(text);
        form.append_pair("login_token", token.whole())
            .append_pair("format", "json")
            .append_pair("lang", "en")
            .append_pair("error_on_empty", "no")
            .extend_pairs(fields);
        Self(Bytes::from_owner(Zeroizing::new(form.finish().into_bytes())))
    }
}

impl Transport {
    /// `http` has to send the `User-Agent` that DNSPod demands.
    pub(crate) fn new(http: reqwest::Client, endpoint: Url) -> Self {
        let host = &endpoint[url::Position::BeforeHost..url::Position::AfterPort];
        Self { host: host.to_owned(), http, endpoint, requests: AtomicU64::new(0) }
    }

    /// How many HTTP requests were sent.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends one request and reads its answer. The caller bounds the time.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        action: &'static str,
        form: &Form,
    ) -> Result<T, CallError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut url = self.endpoint.clone();
        url.set_path(action);
        let request = self.http.post(url).header(CONTENT_TYPE, FORM).body(form.0.clone());
        let response = request.send().await.map_err(|e| self.no_answer(&reason(e)))?;
        let status = response.status();
        let body =
            read_bounded(response, MAX_BODY).await.map_err(|e| self.no_answer(&e.to_string()))?;

        // Errors come with status 200 as well: the body decides.
        match serde_json::from_slice::<Head>(&body) {
            Ok(head) => head.done(action)?,
            Err(error) if status.is_success() => return Err(self.not_documented(action, &error)),
            Err(_) => return Err(self.no_answer(&format!("answered with HTTP {status}"))),
        }
        serde_json::from_slice(&body).map_err(|error| self.not_documented(action, &error))
    }

    /// The error of a call that this endpoint did not answer.
    pub(super) fn no_answer(&self, what: &str) -> CallError {
        CallError::no_answer(&format!("{}: {what}", self.host))
    }

    /// The position in the body is left out: it differs from answer to answer.
    fn not_documented(&self, action: &str, error: &serde_json::Error) -> CallError {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        self.no_answer(&format!(
            "the answer to {action} is not what the legacy API documents: {what}"
        ))
    }
}

/// What every answer begins with.
#[derive(Deserialize)]
pub(super) struct Head {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    code: Code,
    #[serde(default)]
    message: String,
}

impl Head {
    /// The error that the answer to `action` is, unless it reports success.
    pub(super) fn done(self, action: &'static str) -> Result<(), CallError> {
        let Status { code: Code(code), message } = self.status;
        if code == DONE {
            tracing::debug!(action, "answered");
            return Ok(());
        }
        tracing::debug!(action, code, message, "refused");
        let meaning = meaning(action, &code);
        // A bare number says nothing to a reader; a text code speaks for itself.
        let code = if code.parse::<i64>().is_ok() { format!("code {code}") } else { code };
        Err(CallError::answered(action, &code, meaning, &message, ""))
    }
}
