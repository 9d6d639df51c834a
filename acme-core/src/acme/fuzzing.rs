//! What a CA sends, for fuzz targets: these read it and forget it.

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use time::OffsetDateTime;

use super::directory::Directory;
use super::{Authorization, Challenge, Order, problem, retry};

/// Reads a directory; `local` is whether the CA is on this machine.
pub fn directory(body: &[u8], local: bool) {
    let _ = Directory::parse(body, local);
}

/// Reads an order.
pub fn order(body: &[u8], local: bool) {
    let _ = Order::parse(body, local);
}

/// Reads an authorization.
pub fn authorization(body: &[u8], local: bool) {
    let _ = Authorization::parse(body, local);
}

/// Reads a challenge.
pub fn challenge(body: &[u8], local: bool) {
    let _ = Challenge::parse(body, local);
}

/// The text of a failed answer.
pub fn problem(status: u16, body: &[u8]) -> String {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    problem::from_answer(status, body).to_string()
}

/// Reads `Retry-After` at the Unix time `now`.
pub fn retry_after(value: &[u8], now: i64) {
    let (Ok(value), Ok(now)) =
        (HeaderValue::from_bytes(value), OffsetDateTime::from_unix_timestamp(now))
    else {
        return;
    };
    let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
    let _ = retry::retry_after(&headers, now);
}
