//! `ChallengePayload` of `webhook.acme.cert-manager.io/v1alpha1` on the wire.
//!
//! It is read leniently, because cert-manager itself leaves out `kind` and `apiVersion`. It is written so that two
//! things cannot happen: an answer without `response`, at which cert-manager's controller ends in a panic, and a failure
//! without a message, which it takes for a success.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::{Action, ChallengeRequest};
use crate::api::{self, PAYLOAD_KIND, Status};

/// The only version there is of cert-manager's API for webhooks.
const API_VERSION: &str = "webhook.acme.cert-manager.io/v1alpha1";
/// Said where a failure has nothing to say.
const NO_MESSAGE: &str =
    "the challenge failed for a reason that is not known; see the log of the webhook";

/// A payload as it came in, to be answered.
pub(crate) struct Payload {
    pub(crate) request: ChallengeRequest,
    /// The request as it was sent: the answer holds it, as those of other webhooks do.
    sent: Value,
}

/// Reads the body of a call. Of keys that stand there twice the last counts; keys that are not known are ignored.
pub(crate) fn read(body: &[u8]) -> Result<Payload, Status> {
    // The text of the JSON library would quote nothing, but a line and a column help nobody who reads an Issuer's status.
    let payload: Value = serde_json::from_slice(body).map_err(|error| {
        let problem = if body.is_empty() { "empty" } else { "not JSON" };
        tracing::debug!(%error, "a body cannot be read");
        Status::bad_request(format!("the body of the request is {problem}"))
    })?;
    let Value::Object(mut payload) = payload else {
        return Err(Status::bad_request("the body of the request is not a JSON object"));
    };
    check("apiVersion", payload.get("apiVersion"), API_VERSION)?;
    check("kind", payload.get("kind"), PAYLOAD_KIND)?;
    let sent = match payload.remove("request") {
        None | Some(Value::Null) => {
            return Err(Status::bad_request("the payload's field request is missing"));
        }
        Some(sent) => sent,
    };
    let wire = RequestFields::deserialize(&sent).map_err(|_| {
        Status::bad_request("the payload's field request has a value of a wrong type")
    })?;
    let action = match wire.action.as_deref() {
        Some("Present") => Action::Present,
        Some("CleanUp") => Action::CleanUp,
        other => {
            let action = shortened(other.unwrap_or_default());
            return Err(Status::bad_request(format!(
                "unknown action type {action:?}: Present and CleanUp are known"
            )));
        }
    };
    match wire.challenge_type.as_deref() {
        None | Some("" | "dns-01") => {}
        Some(other) => {
            let other = shortened(other);
            return Err(Status::bad_request(format!(
                "challenges of type {other:?} are not solved here, only dns-01"
            )));
        }
    }
    let request = ChallengeRequest {
        uid: wire.uid.unwrap_or_default(),
        action,
        dns_name: wire.dns_name.unwrap_or_default(),
        key: wire.key.unwrap_or_default(),
        resource_namespace: wire.resource_namespace.unwrap_or_default(),
        resolved_fqdn: wire.resolved_fqdn.unwrap_or_default(),
        resolved_zone: wire.resolved_zone.unwrap_or_default(),
        allow_ambient_credentials: wire.allow_ambient_credentials.unwrap_or_default(),
        config: wire.config,
    };
    Ok(Payload { request, sent })
}

/// The answer that the record is as it was asked for.
pub(crate) fn succeeded(payload: &Payload) -> Response<Full<Bytes>> {
    answer(payload, true, None)
}

/// The answer that it is not. People read `message` in the status of the Challenge; cert-manager starts over without
/// any pause when it differs from the last one, so the same cause has to have the same text.
pub(crate) fn failed(payload: &Payload, message: &str) -> Response<Full<Bytes>> {
    let message = if message.trim().is_empty() { NO_MESSAGE } else { message };
    answer(payload, false, Some(Failure { metadata: Metadata {}, status: "Failure", message }))
}

fn answer(payload: &Payload, success: bool, status: Option<Failure<'_>>) -> Response<Full<Bytes>> {
    let answer = Answer {
        kind: PAYLOAD_KIND,
        api_version: API_VERSION,
        request: &payload.sent,
        response: ResponseFields { uid: &payload.request.uid, success, status },
    };
    api::json(StatusCode::CREATED, &answer)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    kind: &'static str,
    api_version: &'static str,
    request: &'a Value,
    response: ResponseFields<'a>,
}

/// `response` of the payload. Go's name of `status` is `Result`.
#[derive(Serialize)]
struct ResponseFields<'a> {
    uid: &'a str,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Failure<'a>>,
}

/// As much of `v1.Status` as cert-manager reads.
#[derive(Serialize)]
struct Failure<'a> {
    metadata: Metadata,
    status: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Metadata {}

/// `request` of the payload. Every field may be absent or null, as Go reads it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestFields {
    uid: Option<String>,
    action: Option<String>,
    #[serde(rename = "type")]
    challenge_type: Option<String>,
    dns_name: Option<String>,
    key: Option<String>,
    resource_namespace: Option<String>,
    #[serde(rename = "resolvedFQDN")]
    resolved_fqdn: Option<String>,
    resolved_zone: Option<String>,
    allow_ambient_credentials: Option<bool>,
    config: Option<Value>,
}

fn check(field: &str, value: Option<&Value>, expected: &str) -> Result<(), Status> {
    match value {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text)) if text.is_empty() || text == expected => Ok(()),
        Some(_) => Err(Status::bad_request(format!(
            "the payload's field {field} is not {expected}, the only one that is known here"
        ))),
    }
}

/// The beginning of a text that a caller chose.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::json;

    use super::*;

    /// As cert-manager 1.21 sends it.
    const SENT: &str = r#"{"request":{"uid":"","action":"Present","type":"dns-01","dnsName":"d.ws.example",
        "key":"5Gh0SmjPcR3_d7fFYB-lXxA5xcj9QrnY6-YDw0RnRDk","resourceNamespace":"cert-manager",
        "resolvedFQDN":"_acme-challenge.d.ws.example.","resolvedZone":"ws.example.","allowAmbientCredentials":true,
        "config":{"nameserver":"127.0.0.1:20258"}}}"#;

    fn read_ok(text: &str) -> Payload {
        read(text.as_bytes()).unwrap_or_else(|status| panic!("{}", status.message))
    }

    fn refused(text: &str) -> String {
        let status = read(text.as_bytes()).err().expect("must be refused");
        assert_eq!(status.code, StatusCode::BAD_REQUEST);
        status.message
    }

    async fn body(response: Response<Full<Bytes>>) -> Value {
        assert_eq!(response.status(), StatusCode::CREATED);
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[test]
    fn what_cert_manager_sends_is_read_without_kind_and_api_version() {
        let request = read_ok(SENT).request;
        assert_eq!(request.action, Action::Present);
        assert_eq!(request.dns_name, "d.ws.example");
        assert_eq!(request.key, "5Gh0SmjPcR3_d7fFYB-lXxA5xcj9QrnY6-YDw0RnRDk");
        assert_eq!(request.resource_namespace, "cert-manager");
        assert_eq!(request.resolved_fqdn, "_acme-challenge.d.ws.example.");
        assert_eq!(request.resolved_zone, "ws.example.");
        assert!(request.allow_ambient_credentials);
        assert_eq!(request.config, Some(json!({ "nameserver": "127.0.0.1:20258" })));
    }

    #[test]
    fn kind_and_api_version_are_checked_where_they_are() {
        let with = |fields: &str| format!(r#"{{{fields},"request":{{"action":"CleanUp"}}}}"#);
        let full =
            r#""kind":"ChallengePayload","apiVersion":"webhook.acme.cert-manager.io/v1alpha1""#;
        assert_eq!(read_ok(&with(full)).request.action, Action::CleanUp);
        read_ok(&with(r#""kind":"","apiVersion":null"#));
        assert!(refused(&with(r#""kind":"Pod""#)).contains("field kind"));
        assert!(refused(&with(r#""apiVersion":"v1""#)).contains("field apiVersion"));
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_unknown_ones_are_ignored() {
        let text = r#"{"extra":1,"request":{"action":"CleanUp","more":[],"action":"Present","type":"","config":null}}"#;
        let request = read_ok(text).request;
        assert_eq!((request.action, request.config), (Action::Present, None));
        // One letter decides in JSON, as it does for cert-manager.
        assert!(refused(r#"{"request":{"Action":"Present"}}"#).contains("unknown action"));
    }

    #[test]
    fn what_cannot_be_read_is_a_bad_request_that_quotes_nothing() {
        let deep = format!(r#"{{"request":{}"#, "[".repeat(20_000));
        for text in
            ["", "secret", "[1]", "{", r#"{"request":{"action":"Present"}} tail"#, deep.as_str()]
        {
            let message = refused(text);
            assert!(message.starts_with("the body of the request is "), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
        assert_eq!(refused("{}"), "the payload's field request is missing");
        assert_eq!(refused(r#"{"request":null}"#), "the payload's field request is missing");
        assert!(refused(r#"{"request":{"action":1}}"#).contains("wrong type"));
        assert!(refused(r#"{"request":{"action":"Dance"}}"#).contains("\"Dance\""));
        assert!(
            refused(r#"{"request":{"action":"Present","type":"http-01"}}"#).contains("http-01")
        );
    }

    #[tokio::test]
    async fn trap_1_every_answer_has_a_response() {
        let success = body(succeeded(&read_ok(SENT))).await;
        assert_eq!(success["response"], json!({ "uid": "", "success": true }));
        assert_eq!(success["kind"], "ChallengePayload");
        assert_eq!(success["apiVersion"], "webhook.acme.cert-manager.io/v1alpha1");
        let sent: Value = serde_json::from_str(SENT).unwrap();
        assert_eq!(success["request"], sent["request"]);
        let failure = body(failed(&read_ok(SENT), "no")).await;
        assert_eq!(failure["response"]["success"], false);
    }

    #[tokio::test]
    async fn trap_2_a_failure_always_says_something() {
        for message in ["", " \n"] {
            let failure = body(failed(&read_ok(SENT), message)).await;
            assert_eq!(failure["response"]["status"]["message"], NO_MESSAGE);
        }
        let failure = body(failed(&read_ok(SENT), "no zone")).await;
        let status = json!({ "metadata": {}, "status": "Failure", "message": "no zone" });
        assert_eq!(failure["response"]["status"], status);
    }

    #[tokio::test]
    async fn the_uid_comes_back() {
        let text = r#"{"request":{"uid":"a-1","action":"CleanUp"}}"#;
        assert_eq!(body(succeeded(&read_ok(text))).await["response"]["uid"], "a-1");
        assert_eq!(body(failed(&read_ok(text), "no")).await["response"]["uid"], "a-1");
    }
}
