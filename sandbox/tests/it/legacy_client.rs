//! A client of the legacy API of a few lines.

use sandbox::Sandbox;
use serde_json::Value;

use crate::tencent_client::{HttpAnswer, address, send_raw};

/// A user agent in the form that the manual asks for.
pub(crate) const AGENT: &str = "sandbox-tests/1.0 (ops@example.com)";

/// A POST request with these parameters and no others.
pub(crate) fn request(host: &str, agent: &str, action: &str, params: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let body = form.extend_pairs(params).finish();
    let agent = if agent.is_empty() { String::new() } else { format!("User-Agent: {agent}\r\n") };
    format!(
        "POST /{action} HTTP/1.1\r\nHost: {host}\r\n{agent}Content-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len(),
    )
}

/// Calls an action as a client of `host` does, with these parameters beside the common ones.
pub(crate) async fn call_at(
    sandbox: &Sandbox,
    host: &str,
    action: &str,
    params: &[(&str, &str)],
) -> HttpAnswer {
    let mut all = vec![("login_token", sandbox.login_token()), ("format", "json")];
    all.extend(params);
    let request = request(host, AGENT, action, &all);
    send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await
}

/// Calls an action of `dnsapi.cn` and returns the answer after a check of what every answer has.
pub(crate) async fn call(sandbox: &Sandbox, action: &str, params: &[(&str, &str)]) -> Value {
    json(&call_at(sandbox, "dnsapi.cn", action, params).await)
}

/// The code of the answer to such a call.
pub(crate) async fn code(sandbox: &Sandbox, action: &str, params: &[(&str, &str)]) -> String {
    call(sandbox, action, params).await["status"]["code"].as_str().unwrap().to_owned()
}

/// An answer in JSON, after a check of what every answer has.
pub(crate) fn json(answer: &HttpAnswer) -> Value {
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"));
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json["status"]["created_at"].as_str().unwrap().len(), "2024-07-01 00:00:00".len());
    json
}
