//! The faults that the CA itself commits.

use std::sync::Arc;

use sandbox::Sandbox;
use serde_json::json;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::client::{Client, csr};

async fn client(fault: &str) -> Client {
    let sandbox = Sandbox::builder().fault("bad-nonce=0").start().await.unwrap();
    let client = Client::new(&Arc::new(sandbox)).await;
    client.sandbox.set_fault(fault).unwrap();
    client
}

#[tokio::test]
async fn bad_nonce_refuses_a_share_of_all_nonces() {
    let client = client("bad-nonce").await;
    for _ in 0..3 {
        let protected = json!({
            "url": client.account, "kid": client.account, "nonce": client.nonce().await,
        });
        let answer = client.post_body(&client.account, &client.key.sign(&protected, None)).await;
        assert!(answer.headers.contains_key("replay-nonce"));
        answer.problem(400, "badNonce");
    }
    client.sandbox.set_fault("bad-nonce=50").unwrap();
    client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
}

#[tokio::test]
async fn a_sandbox_refuses_some_nonces_from_the_start() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    sandbox.reset_counts();
    for _ in 0..400 {
        client.get(&client.account).await.success();
    }
    // One in twenty: that not one of four hundred is refused happens once in a thousand million times.
    assert!(sandbox.acme_requests().len() > 400);
}

#[tokio::test]
async fn bad_nonce_bare_gives_no_other_nonce() {
    let client = client("bad-nonce-bare=1").await;
    let answer = client.get(&client.account).await;
    assert!(!answer.headers.contains_key("replay-nonce"));
    answer.problem(400, "badNonce");
    client.get(&client.account).await.success();
}

#[tokio::test]
async fn rate_limits_say_when_to_come_back_in_both_forms() {
    let client = client("rate-limited-seconds=60").await;
    let answer = client.new_order(&["ws.example"]).await;
    assert_eq!(answer.header("retry-after"), "60");
    answer.problem(429, "rateLimited");
    client.get(&client.account).await.success();
    client.sandbox.clear_fault("rate-limited-seconds").unwrap();

    client.sandbox.set_fault("rate-limited-date=60").unwrap();
    let answer = client.new_order(&["ws.example"]).await;
    let until = httpdate::parse_http_date(answer.header("retry-after")).unwrap();
    let now = httpdate::parse_http_date(answer.header("date")).unwrap();
    assert!((59..=62).contains(&until.duration_since(now).unwrap().as_secs()));
    answer.problem(429, "rateLimited");
    client.sandbox.clear_fault("rate-limited-date").unwrap();
    client.new_order(&["ws.example"]).await.success();
}

#[tokio::test]
async fn invalid_authorization_leaves_the_order_pending() {
    let client = client("invalid-authorization").await;
    let order = client.order(&["ws.example"]).await;
    order.publish().await;
    let authorization = order.respond().await.remove(0);
    assert_eq!(authorization["status"], "invalid");
    let error = &authorization["challenges"][0]["error"];
    assert_eq!(error["type"], "urn:ietf:params:acme:error:unauthorized");
    assert_eq!(order.fetch().await["status"], "pending");
}

#[tokio::test]
async fn processing_keeps_the_certificate_back() {
    let client = client("processing=1").await;
    let order = client.order(&["ws.example"]).await;
    order.authorize().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let finalized = order.finalize(&csr(&["ws.example"], &key)).await.success();
    assert_eq!(finalized.header("location"), order.url);
    let finalized = finalized.json();
    assert_eq!(finalized["status"], "processing");
    assert!(finalized.get("certificate").is_none());
    order.finalize(&csr(&["ws.example"], &key)).await.problem(403, "orderNotReady");
    let settled = client.settled(&order.url).await;
    assert_eq!(settled["status"], "valid");
    client.get(settled["certificate"].as_str().unwrap()).await.success();
}

#[tokio::test]
async fn order_not_ready_refuses_a_ready_order_so_often() {
    let client = client("order-not-ready=2").await;
    let order = client.order(&["ws.example"]).await;
    order.authorize().await;
    let csr = csr(&["ws.example"], &rcgen::KeyPair::generate().unwrap());
    for _ in 0..2 {
        order.finalize(&csr).await.problem(403, "orderNotReady");
        assert_eq!(order.fetch().await["status"], "ready");
    }
    order.finalize(&csr).await.success();
}

#[tokio::test]
async fn wrong_name_certificate_is_for_another_name() {
    let client = client("wrong-name-certificate").await;
    let issued = client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
    let (_, certificate) = X509Certificate::from_der(&issued.chain[0]).unwrap();
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    assert!(format!("{names:?}").contains("wrong.invalid"));
    assert!(!format!("{names:?}").contains("ws.example"));
}

#[tokio::test]
async fn other_key_certificate_is_for_another_key() {
    use rcgen::PublicKeyData as _;
    let client = client("other-key-certificate").await;
    let issued = client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
    let (_, certificate) = X509Certificate::from_der(&issued.chain[0]).unwrap();
    assert_ne!(certificate.public_key().raw, issued.key.subject_public_key_info());
}

#[tokio::test]
async fn hostile_token_is_a_path() {
    let client = client("hostile-token").await;
    let order = client.order(&["ws.example"]).await;
    let (_, authorization) = order.authorizations().await.remove(0);
    assert_eq!(authorization["challenges"][0]["token"], "../../x");
}

#[tokio::test]
async fn unordered_chain_begins_with_the_intermediate() {
    let client = client("unordered-chain").await;
    let issued = client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
    let is_ca = |der: &[u8]| X509Certificate::from_der(der).unwrap().1.is_ca();
    assert!(is_ca(&issued.chain[0]));
    assert!(!is_ca(&issued.chain[1]));
}

#[tokio::test]
async fn expired_certificate_is_over_when_it_is_issued() {
    let client = client("expired-certificate").await;
    let issued = client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
    let (_, certificate) = X509Certificate::from_der(&issued.chain[0]).unwrap();
    let date = httpdate::parse_http_date(issued.answer.header("date")).unwrap();
    let not_after = certificate.validity().not_after.to_datetime();
    assert!(not_after < time::OffsetDateTime::from(date));
}
