//! A document that does not change while the process lives.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;

/// A JSON document with its entity tag.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) content_type: HeaderValue,
    /// Quoted, as it stands in the `ETag` header. Two replicas with the same groups have the same.
    pub(crate) etag: HeaderValue,
    pub(crate) body: Bytes,
}

impl Document {
    pub(crate) fn new(content_type: &'static str, content: &impl Serialize) -> Self {
        let body = serde_json::to_vec(content).expect("our documents have string keys only");
        let mut etag = String::from("\"");
        for byte in digest(&SHA256, &body).as_ref().iter().take(16) {
            write!(etag, "{byte:02x}").expect("writing to a string does not fail");
        }
        etag.push('"');
        Self {
            content_type: HeaderValue::from_static(content_type),
            etag: HeaderValue::from_str(&etag).expect("quoted hexadecimal digits fit a header"),
            body: body.into(),
        }
    }
}
