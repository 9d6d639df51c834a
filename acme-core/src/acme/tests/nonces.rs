//! Behaviours 1 to 3: nonces that the CA does not accept.

use super::flow::Ca;

async fn issues_with_rejected_nonces(percent: u8) {
    let ca = Ca::start().await;
    ca.fault(&format!("bad-nonce={percent}"));
    for name in ["*.ws.example", "*.example.test"] {
        ca.issue(&[name]).await.unwrap();
    }
}

#[tokio::test]
async fn every_issuance_succeeds_with_5_percent_of_nonces_rejected() {
    issues_with_rejected_nonces(5).await;
}

#[tokio::test]
async fn every_issuance_succeeds_with_20_percent_of_nonces_rejected() {
    issues_with_rejected_nonces(20).await;
}

#[tokio::test]
async fn every_issuance_succeeds_with_50_percent_of_nonces_rejected() {
    issues_with_rejected_nonces(50).await;
}

#[tokio::test]
async fn every_issuance_succeeds_with_90_percent_of_nonces_rejected() {
    issues_with_rejected_nonces(90).await;
}

#[tokio::test]
async fn many_names_at_once_succeed_with_half_of_the_nonces_rejected() {
    let ca = Ca::start().await;
    ca.fault("bad-nonce=50");
    let all: Vec<_> = (0..20).map(|number| format!("n{number}.ws.example")).collect();
    ca.issue(&all.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
}

#[tokio::test]
async fn a_rejection_without_a_new_nonce_asks_for_one() {
    let ca = Ca::start().await;
    let before = ca.requests("HEAD", "/");
    ca.fault("bad-nonce-bare=3");
    ca.issue(&["*.ws.example"]).await.unwrap();
    assert_eq!(ca.requests("HEAD", "/") - before, 3);
}

#[tokio::test]
async fn stale_nonces_in_the_pool_cost_a_try_each_at_most() {
    let ca = Ca::start().await;
    ca.issue(&["*.ws.example"]).await.unwrap();
    let before = ca.client.requests();
    for number in 0..5 {
        ca.client.0.nonces.put(&format!("stale-{number}"));
    }
    ca.new_order().await.unwrap();
    // The rejection brings a good nonce, and the newest is used first.
    assert_eq!(ca.client.requests() - before, 2);
}

#[tokio::test]
async fn one_certificate_asks_for_one_nonce_and_nothing_twice() {
    let ca = Ca::start().await;
    ca.issue(&["*.ws.example"]).await.unwrap();
    assert_eq!(ca.requests("GET", "/directory"), 1);
    assert_eq!(ca.requests("HEAD", "/"), 1);
    for once in ["/new-account", "/new-order", "/authorization", "/finalize", "/certificate"] {
        assert_eq!(ca.requests("POST", once), 1, "{once}");
    }
    assert_eq!(ca.client.requests(), ca.sandbox.acme_requests().len() as u64);
}
