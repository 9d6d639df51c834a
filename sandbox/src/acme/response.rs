//! What every answer has in common: the nonce, the link to the directory, the CA's time, and no caching.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, DATE, LINK, LOCATION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::problem::{Problem, WithoutNonce};
use super::{DIRECTORY_PATH, NEW_NONCE_PATH, Server};

/// The header of a fresh nonce (RFC 8555 §6.5.1).
pub(crate) const REPLAY_NONCE: HeaderName = HeaderName::from_static("replay-nonce");

/// Refuses what no ACME client may send, and adds to each answer what the RFC wants on all of them.
pub(crate) async fn finish(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let is_post = request.method() == Method::POST;
    let mut response = if request.headers().get(USER_AGENT).is_none_or(HeaderValue::is_empty) {
        Problem::malformed("every request has a User-Agent").into_response()
    } else {
        next.run(request).await
    };
    let without_nonce = response.extensions().get::<WithoutNonce>().is_some();
    let headers = response.headers_mut();
    let now = server.config.clock.now();
    append(headers, DATE, &httpdate::fmt_http_date(now.into()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if path != DIRECTORY_PATH {
        let directory = server.url(DIRECTORY_PATH);
        append(headers, LINK, &format!("<{directory}>;rel=\"index\""));
    }
    if (is_post || path == NEW_NONCE_PATH) && !without_nonce {
        append(headers, REPLAY_NONCE, &server.nonces.issue());
    }
    response
}

/// The answer to a path that is none of the CA's.
pub(crate) async fn not_found() -> Problem {
    Problem::not_found("resource")
}

/// The answer to a GET where RFC 8555 §6.3 wants a POST-as-GET, and the like.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::malformed("the method is not allowed here; fetch by POST-as-GET")
        .with_status(StatusCode::METHOD_NOT_ALLOWED)
}

/// An object with headers of its own.
pub(crate) struct Object {
    status: StatusCode,
    body: Value,
    headers: HeaderMap,
}

impl Object {
    pub(crate) fn new(body: Value) -> Self {
        Self { status: StatusCode::OK, body, headers: HeaderMap::new() }
    }

    /// A 201 with the new object's URL.
    pub(crate) fn created(body: Value, location: &str) -> Self {
        Self { status: StatusCode::CREATED, ..Self::new(body).location(location) }
    }

    pub(crate) fn location(mut self, url: &str) -> Self {
        append(&mut self.headers, LOCATION, url);
        self
    }

    pub(crate) fn link(mut self, url: &str, relation: &str) -> Self {
        append(&mut self.headers, LINK, &format!("<{url}>;rel=\"{relation}\""));
        self
    }

    /// Says when to ask again, in whole seconds rounded up.
    pub(crate) fn retry_after(mut self, wait: Option<Duration>) -> Self {
        if let Some(wait) = wait {
            append(&mut self.headers, RETRY_AFTER, &whole_seconds(wait));
        }
        self
    }
}

impl IntoResponse for Object {
    fn into_response(self) -> Response {
        (self.status, self.headers, Json(self.body)).into_response()
    }
}

/// `duration` in seconds, rounded up.
pub(crate) fn whole_seconds(duration: Duration) -> String {
    duration.as_millis().div_ceil(1000).to_string()
}

/// Adds a header whose value the CA made itself.
pub(crate) fn append(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("the CA's own URLs and numbers are ASCII");
    headers.append(name, value);
}
