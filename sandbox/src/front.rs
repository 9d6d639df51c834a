//! What stands in front of a router: the log of requests, and the faults that belong to HTTP and not to ACME.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;

use crate::clock::Clock;
use crate::fault::{Fault, Faults};

/// A request that a server of the sandbox received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
}

/// The newest requests of one server.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: Mutex<VecDeque<LoggedRequest>>,
}

impl RequestLog {
    /// A sandbox may run for days, so only so many requests are kept.
    const KEPT: usize = 10_000;

    /// The requests since the last [`RequestLog::clear`], oldest first.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.lock().iter().cloned().collect()
    }

    /// Forgets all requests.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn add(&self, request: &Request) {
        let mut requests = self.lock();
        if requests.len() == Self::KEPT {
            requests.pop_front();
        }
        requests.push_back(LoggedRequest {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LoggedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the front needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    /// The sandbox's faults.
    pub(crate) faults: Arc<Faults>,
    /// The sandbox's clock, for dates in headers.
    pub(crate) clock: Arc<Clock>,
    /// Where requests are noted.
    pub(crate) log: Arc<RequestLog>,
    /// `None`: only `round-trip` happens to this server. Otherwise all faults of HTTP do, except on these paths.
    pub(crate) faultless_paths: Option<&'static [&'static str]>,
}

impl Front {
    /// Puts this in front of `router`.
    pub(crate) fn before(self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(Arc::new(self), pass))
    }

    fn is_faulty(&self, path: &str) -> bool {
        self.faultless_paths.is_some_and(|faultless| !faultless.contains(&path))
    }
}

async fn pass(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    front.log.add(&request);
    let response = if front.is_faulty(request.uri().path()) {
        match refuse(&front).await {
            Some(response) => response,
            None => spoil(&front.faults, next.run(request).await).await,
        }
    } else {
        next.run(request).await
    };
    if let Some(milliseconds) = front.faults.value(Fault::RoundTrip) {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    response
}

/// The answer of something that keeps the request from the router.
async fn refuse(front: &Front) -> Option<Response> {
    let faults = &front.faults;
    if faults.take(Fault::Hang) {
        // Ends with the connection, whose task holds this future.
        std::future::pending::<()>().await;
    }
    if faults.take(Fault::Html502) {
        return Some(html(StatusCode::BAD_GATEWAY, "502 Bad Gateway"));
    }
    if faults.take(Fault::Redirect) {
        return Some((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/redirected")]).into_response());
    }
    let retry_after = if let Some(left) = faults.remaining(Fault::OverloadedSeconds) {
        left.as_secs_f64().ceil().to_string()
    } else {
        let left = faults.remaining(Fault::OverloadedDate)?;
        // The format has whole seconds and cuts off the rest, so round up.
        let until = SystemTime::from(front.clock.now()) + left + Duration::from_millis(999);
        httpdate::fmt_http_date(until)
    };
    let mut response = html(StatusCode::SERVICE_UNAVAILABLE, "503 Service Unavailable");
    response.headers_mut().insert(
        RETRY_AFTER,
        HeaderValue::from_str(&retry_after).expect("a number or an HTTP date is a header value"),
    );
    Some(response)
}

fn html(status: StatusCode, title: &str) -> Response {
    let page = format!(
        "<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\r\n"
    );
    (status, [(CONTENT_TYPE, "text/html")], page).into_response()
}

/// Spoils the body of the router's answer; its status and headers, the fresh nonce among them, stay.
async fn spoil(faults: &Faults, response: Response) -> Response {
    if faults.take(Fault::GiantBody) {
        let piece = Bytes::from(vec![b' '; 1 << 16]);
        return with_stream(
            response,
            None,
            stream::iter(std::iter::repeat_n(piece, 1 << 14).map(Ok)),
        );
    }
    if faults.take(Fault::BadUtf8) {
        let body = Bytes::from_static(b"{\"status\":\"\xff\xfe\"}");
        return with_stream(response, Some(body.len()), stream::iter([Ok(body)]));
    }
    if faults.take(Fault::TruncatedBody) {
        let (response, body) = take_body(response).await;
        let promised = body.len().max(2);
        let broken_off = io::Error::other("the sandbox breaks this answer off, as it was told to");
        let pieces = [Ok(body.slice(..body.len() / 2)), Err(broken_off)];
        return with_stream(response, Some(promised), stream::iter(pieces));
    }
    if let Some(milliseconds) = faults.value(Fault::SlowBody) {
        let pause = Duration::from_millis(milliseconds) / 10;
        let (response, body) = take_body(response).await;
        let length = body.len();
        let piece = length.div_ceil(10).max(1);
        return with_stream(
            response,
            Some(length),
            stream::unfold(body, move |mut rest| async move {
                if rest.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let next = rest.split_to(piece.min(rest.len()));
                Some((Ok(next), rest))
            }),
        );
    }
    response
}

async fn take_body(response: Response) -> (Response, Bytes) {
    let (head, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    (Response::from_parts(head, Body::empty()), body)
}

fn with_stream(
    mut response: Response,
    length: Option<usize>,
    body: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    response.headers_mut().remove(CONTENT_LENGTH);
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::from_stream(body);
    response
}
