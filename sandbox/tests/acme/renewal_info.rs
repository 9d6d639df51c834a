//! Renewal information (RFC 9773).

use std::sync::Arc;

use sandbox::{Policy, Sandbox};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use crate::client::{Answer, Client, base64url, identifiers};

async fn client() -> Client {
    Client::new(&Arc::new(Sandbox::start().await.unwrap())).await
}

/// The identifier of RFC 9773 §4.1.
fn certificate_id(der: &[u8]) -> String {
    let (_, certificate) = X509Certificate::from_der(der).unwrap();
    let key_identifier = certificate
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(authority) => authority.key_identifier.clone(),
            _ => None,
        })
        .unwrap();
    format!("{}.{}", base64url(key_identifier.0), base64url(certificate.raw_serial()))
}

fn validity(der: &[u8]) -> (OffsetDateTime, OffsetDateTime) {
    let (_, certificate) = X509Certificate::from_der(der).unwrap();
    let validity = certificate.validity();
    (validity.not_before.to_datetime(), validity.not_after.to_datetime())
}

async fn renewal_info(client: &Client, id: &str) -> Answer {
    client.send(client.http.get(format!("{}/{id}", client.url("renewalInfo")))).await
}

fn window(info: &Value) -> (OffsetDateTime, OffsetDateTime) {
    let time = |name: &str| {
        let text = info["suggestedWindow"][name].as_str().unwrap();
        OffsetDateTime::parse(text, &Rfc3339).unwrap()
    };
    (time("start"), time("end"))
}

async fn issue(client: &Client, payload: &Value, names: &[&str]) -> Vec<u8> {
    let answer = client.post(&client.url("newOrder"), payload).await.success();
    let order = client.existing_order(answer.header("location"));
    order.issue(names).await.chain.remove(0)
}

#[tokio::test]
async fn a_window_around_two_thirds_or_half_of_the_lifetime_is_suggested() {
    let client = client().await;
    for (profile, share) in [("classic", 0.667), ("shortlived", 0.5)] {
        let payload = json!({ "identifiers": identifiers(&["ws.example"]), "profile": profile });
        let certificate = issue(&client, &payload, &["ws.example"]).await;
        let answer = renewal_info(&client, &certificate_id(&certificate)).await.success();
        assert_eq!(answer.header("retry-after"), "21600");
        let (start, end) = window(&answer.json());
        let (not_before, not_after) = validity(&certificate);
        let at = |time: OffsetDateTime| (time - not_before) / (not_after - not_before);
        assert!(start < end);
        assert!((at(start) + at(end) - 2.0 * share).abs() < 0.01, "{profile}");
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_to_be_renewed_at_once() {
    let client = client().await;
    let payload = json!({ "identifiers": identifiers(&["ws.example"]) });
    let certificate = issue(&client, &payload, &["ws.example"]).await;
    let revocation = json!({ "certificate": base64url(&certificate) });
    client.post(&client.url("revokeCert"), &revocation).await.success();
    let answer = renewal_info(&client, &certificate_id(&certificate)).await.success();
    let (start, end) = window(&answer.json());
    assert!(start < end && end < validity(&certificate).0 + Duration::hours(1));
}

#[tokio::test]
async fn a_test_can_set_the_window() {
    let mut policy = Policy::default();
    policy.renewal_info_retry_after = None;
    let sandbox = Arc::new(Sandbox::builder().policy(policy).start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let payload = json!({ "identifiers": identifiers(&["ws.example"]) });
    let certificate = issue(&client, &payload, &["ws.example"]).await;
    let id = certificate_id(&certificate);
    sandbox.set_renewal_window(Some((7200, 3600)));
    let answer = renewal_info(&client, &id).await.success();
    let (start, end) = window(&answer.json());
    assert_eq!(start - end, Duration::hours(1));
    assert!(!answer.headers.contains_key("retry-after"));
    sandbox.set_renewal_window(None);
    let (start, end) = window(&renewal_info(&client, &id).await.json());
    assert!(start < end);
}

#[tokio::test]
async fn an_unknown_certificate_is_not_found_and_a_strange_one_is_malformed() {
    let client = client().await;
    renewal_info(&client, "AAAA.AAAA").await.problem(404, "malformed");
    for id in ["AAAA", "AAAA.", ".AAAA", "A%20.AAAA", "AAAA.AAAA.AAAA"] {
        renewal_info(&client, id).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn an_order_may_replace_a_certificate_once() {
    let client = client().await;
    let url = client.url("newOrder");
    let payload = json!({ "identifiers": identifiers(&["ws.example"]) });
    let certificate = issue(&client, &payload, &["ws.example"]).await;
    let id = certificate_id(&certificate);
    let replacing =
        |names: &[&str], id: &str| json!({ "identifiers": identifiers(names), "replaces": id });

    client.post(&url, &replacing(&["ws.example"], "nonsense")).await.problem(400, "malformed");
    client.post(&url, &replacing(&["ws.example"], "AAAA.AAAA")).await.problem(404, "malformed");
    client.post(&url, &replacing(&["example.test"], &id)).await.problem(400, "malformed");
    let other = Client::new(&client.sandbox).await;
    other.post(&url, &replacing(&["ws.example"], &id)).await.problem(403, "unauthorized");

    let names = ["*.ws.example", "ws.example"];
    let order = client.post(&url, &replacing(&names, &id)).await.success();
    assert_eq!(order.json()["replaces"], id);
    // Asked for again while it is not finalized, it is the same order.
    let again = client.post(&url, &replacing(&names, &id)).await.success();
    assert_eq!(again.header("location"), order.header("location"));
    client.existing_order(order.header("location")).issue(&names).await;
    client.post(&url, &replacing(&names, &id)).await.problem(409, "alreadyReplaced");
}
