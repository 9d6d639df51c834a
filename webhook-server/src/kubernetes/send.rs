//! Writing an object.

use http::header::CONTENT_TYPE;
use http::request::Builder;
use serde_json::Value;

use super::call::{CallError, call};

/// Sends `body`. The answer, the object as it is now, is not looked at.
pub(crate) async fn send(
    client: &kube::Client,
    request: Builder,
    content_type: &str,
    body: &Value,
) -> Result<(), CallError> {
    let body = serde_json::to_vec(body).expect("a JSON value can be written");
    let request = request
        .header(CONTENT_TYPE, content_type)
        .body(body)
        .map_err(|error| CallError::NoAnswer { reason: error.to_string() })?;
    call(client.request_text(request)).await.map(drop)
}
