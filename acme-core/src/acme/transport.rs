//! One request to a CA and its answer, as they are.

use std::error::Error as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LINK, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use time::OffsetDateTime;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard};
use tokio::time::Instant;
use url::Url;

use super::error::AcmeError;
use super::problem;
use super::retry::retry_after;
use crate::http::{BodyError, HttpError, HttpOptions, read_bounded, reason};

/// Bound on a JSON body, in bytes: an order of 250 names with a problem for each of them stays below.
pub(super) const MAX_JSON: usize = 256 * 1024;
/// Bound on a certificate chain in PEM, in bytes.
pub(super) const MAX_CHAIN: usize = 1024 * 1024;
/// After this much silence, connections may be gone. The client drops them after 90 s.
const CONNECTION_KEPT: Duration = Duration::from_secs(60);
/// Alternate chains that are looked at.
const MAX_ALTERNATES: usize = 8;

/// Sends requests to one CA.
pub(super) struct Transport {
    http: reqwest::Client,
    sent: AtomicU64,
    last_answer: Mutex<Option<Instant>>,
    /// Held by the request that opens the first connection.
    opening: AsyncMutex<()>,
}

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// The CA cannot have seen the request.
    NotSent(String),
    /// The CA may have seen the request and acted on it.
    AnswerLost(String),
    /// Another try would end the same: the answer breaks a rule, or the server is not the one it should be.
    Refused(AcmeError),
}

impl Transport {
    pub(super) fn new(options: &HttpOptions) -> Result<Self, HttpError> {
        Ok(Self {
            http: options.client()?,
            sent: AtomicU64::new(0),
            last_answer: Mutex::default(),
            opening: AsyncMutex::default(),
        })
    }

    /// How many requests were sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends a request without a body.
    pub(super) async fn fetch(&self, method: Method, url: &Url) -> Result<Answer, SendError> {
        self.send(self.http.request(method, url.clone()), url, MAX_JSON).await
    }

    /// Sends a signed request; its answer's body may have `limit` bytes.
    pub(super) async fn post(
        &self,
        url: &Url,
        jws: Bytes,
        limit: usize,
    ) -> Result<Answer, SendError> {
        let content_type = HeaderValue::from_static("application/jose+json");
        let request = self.http.post(url.clone()).header(CONTENT_TYPE, content_type).body(jws);
        self.send(request, url, limit).await
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        url: &Url,
        limit: usize,
    ) -> Result<Answer, SendError> {
        let _opening = self.after_the_first_answer().await;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let response = request.send().await.map_err(|error| {
            if has_bad_certificate(&error) {
                SendError::Refused(AcmeError::Unreachable { reason: reason(error) })
            } else if error.is_connect() || error.is_builder() {
                SendError::NotSent(reason(error))
            } else {
                SendError::AnswerLost(reason(error))
            }
        })?;
        *self.last_answer.lock().expect("no code panics while it holds this lock") =
            Some(Instant::now());
        let (status, headers) = (response.status(), response.headers().clone());
        tracing::debug!(%status, path = url.path(), "the CA answered");
        if status.is_redirection() {
            return Err(SendError::Refused(redirected(url, &headers)));
        }
        let body = read_bounded(response, limit).await.map_err(|error| match error {
            BodyError::Broken { .. } => SendError::AnswerLost(error.to_string()),
            BodyError::TooLarge { .. } => {
                SendError::Refused(AcmeError::malformed(error.to_string()))
            }
        })?;
        Ok(Answer { status, headers, body })
    }

    /// Lets one request through until there is an answer. Requests that start at once on a cold client each open a
    /// connection, because none knows yet that one HTTP/2 connection will do for all.
    async fn after_the_first_answer(&self) -> Option<AsyncMutexGuard<'_, ()>> {
        if self.is_connected() {
            return None;
        }
        let opening = self.opening.lock().await;
        (!self.is_connected()).then_some(opening)
    }

    fn is_connected(&self) -> bool {
        let last = *self.last_answer.lock().expect("no code panics while it holds this lock");
        last.is_some_and(|last| last.elapsed() < CONNECTION_KEPT)
    }
}

/// Whether the server's certificate was not accepted, which a person must look at.
fn has_bad_certificate(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        // An I/O error hides the error it is made of: its `source` is that error's source.
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = wrapped.and_then(|wrapped| wrapped.downcast_ref::<rustls::Error>());
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// ACME resources do not redirect (RFC 8555 §6.1 has clients use the URLs they are given), and a signed request is for
/// one URL.
fn redirected(url: &Url, headers: &HeaderMap) -> AcmeError {
    let target =
        headers.get(LOCATION).map_or("nowhere".into(), |to| String::from_utf8_lossy(to.as_bytes()));
    AcmeError::malformed(format!(
        "{} redirects to {}, and redirects are not followed; use the final address",
        url,
        problem::cleaned(&target, 200)
    ))
}

impl Answer {
    /// The nonce that came with it.
    pub(super) fn nonce(&self) -> Option<&str> {
        self.headers.get("replay-nonce")?.to_str().ok()
    }

    /// How long the CA asks to wait.
    pub(super) fn retry_after(&self, now: OffsetDateTime) -> Option<Duration> {
        retry_after(&self.headers, now)
    }

    /// The URL of what was created.
    pub(super) fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }

    /// What a failed answer says.
    pub(super) fn problem(&self, now: OffsetDateTime) -> AcmeError {
        AcmeError::Problem {
            problem: problem::from_answer(self.status, &self.body),
            retry_after: self.retry_after(now),
        }
    }

    /// The targets of `Link` headers with `rel="alternate"` (RFC 8288, RFC 8555 §7.4.2), resolved against `base`.
    pub(super) fn alternates(&self, base: &Url) -> Vec<Url> {
        let links = self.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        links
            .flat_map(alternate_targets)
            .filter_map(|target| base.join(target).ok())
            .take(MAX_ALTERNATES)
            .collect()
    }
}

/// The targets in one `Link` header whose relation is `alternate`.
fn alternate_targets(header: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((target, after)) =
        rest.split_once('<').and_then(|(_, after)| after.split_once('>'))
    {
        // The parameters end where the next link starts.
        let end = after.find('<').unwrap_or(after.len());
        let is_alternate = after[..end].split([';', ',']).any(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_whitespace()
                        .any(|rel| rel.eq_ignore_ascii_case("alternate"))
            })
        });
        if is_alternate {
            found.push(target);
        }
        rest = &after[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternate_chains_are_found_among_other_links() {
        let mut headers = HeaderMap::new();
        for link in [
            "<https://ca.example/dir>;rel=\"index\"",
            "</cert/1/1>; title=\"a;b\"; rel=\"alternate\", <https://ca.example/cert/1/2>;REL=alternate",
            "<https://ca.example/up>;rel=up,<",
        ] {
            headers.append(LINK, link.parse().unwrap());
        }
        let answer = Answer { status: StatusCode::OK, headers, body: Bytes::new() };
        let base = "https://ca.example/cert/1".parse().unwrap();
        let alternates: Vec<_> = answer.alternates(&base).iter().map(Url::to_string).collect();
        assert_eq!(alternates, ["https://ca.example/cert/1/1", "https://ca.example/cert/1/2"]);
    }
}
