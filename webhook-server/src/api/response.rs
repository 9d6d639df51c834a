//! Responses with their headers.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use super::document::Document;

/// An answer that holds `body` as JSON.
pub(crate) fn json(code: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    let body = serde_json::to_vec(body).expect("our answers have string keys only");
    respond(code, HeaderValue::from_static("application/json"), body.into())
}

/// An answer of plain text.
pub(crate) fn text(code: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    respond(code, HeaderValue::from_static("text/plain; charset=utf-8"), body.into())
}

/// An answer of metrics in Prometheus' text format.
pub(crate) fn metrics(body: String) -> Response<Full<Bytes>> {
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    respond(StatusCode::OK, HeaderValue::from_static(content_type), body.into())
}

/// A document, or 304 where the client's `If-None-Match` says that it has it (RFC 9110 §13.1.2).
pub(crate) fn document(document: &Document, request: &HeaderMap) -> Response<Full<Bytes>> {
    let known = request.get_all(http::header::IF_NONE_MATCH).iter().any(|header| {
        let tags = header.to_str().unwrap_or_default().split(',').map(str::trim);
        tags.into_iter().any(|tag| tag == "*" || tag.trim_start_matches("W/") == document.etag)
    });
    let mut response = if known {
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        respond(StatusCode::OK, document.content_type.clone(), document.body.clone())
    };
    response.headers_mut().insert(ETAG, document.etag.clone());
    response
}

fn respond(code: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
