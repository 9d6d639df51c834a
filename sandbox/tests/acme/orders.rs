//! Orders and the names in them (RFC 8555 §7.4, the profiles draft).

use std::sync::Arc;

use sandbox::{Policy, Sandbox};
use serde_json::{Value, json};

use crate::client::{Client, csr, identifiers};

async fn client() -> Client {
    Client::new(&Arc::new(Sandbox::start().await.unwrap())).await
}

async fn client_of(policy: Policy) -> Client {
    Client::new(&Arc::new(Sandbox::builder().policy(policy).start().await.unwrap())).await
}

#[tokio::test]
async fn an_order_names_what_it_needs_and_where_it_is() {
    let client = client().await;
    let answer = client.new_order(&["WS.example", "*.ws.example", "ws.example"]).await;
    assert_eq!(answer.status, 201);
    let order = answer.json();
    assert_eq!(order["status"], "pending");
    assert_eq!(order["identifiers"], identifiers(&["*.ws.example", "ws.example"]));
    assert_eq!(order["authorizations"].as_array().unwrap().len(), 2);
    assert_eq!(order["profile"], "classic");
    assert!(order["expires"].as_str().unwrap().ends_with('Z'));
    assert!(order.get("certificate").is_none());
    let fetched = client.get(answer.header("location")).await.success().json();
    assert_eq!(fetched, order);
}

#[tokio::test]
async fn an_order_for_nothing_for_too_much_or_for_certain_dates_is_malformed() {
    let client = client().await;
    let url = client.url("newOrder");
    let names: Vec<String> = (0..101).map(|number| format!("n{number}.ws.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    client.new_order(&names[..100]).await.success();
    for payload in [
        json!({}),
        json!({ "identifiers": [] }),
        json!({ "identifiers": identifiers(&names) }),
        json!({ "identifiers": [{ "type": "dns" }] }),
        json!({ "identifiers": identifiers(&["ws.example"]), "notAfter": "2030-01-01T00:00:00Z" }),
    ] {
        client.post(&url, &payload).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn what_no_certificate_is_issued_for_is_refused() {
    let client = client().await;
    for name in
        ["192.0.2.1", "*.*.ws.example", "a.*.ws.example", "*", "example", "x_y.ws.example", "a..b"]
    {
        client.new_order(&[name]).await.problem(400, "rejectedIdentifier");
    }
    let ip = json!({ "identifiers": [{ "type": "ip", "value": "192.0.2.1" }] });
    client.post(&client.url("newOrder"), &ip).await.problem(400, "unsupportedIdentifier");
}

#[tokio::test]
async fn the_same_order_again_is_the_same_order_while_it_can_be_finalized() {
    let client = client().await;
    let names = ["*.ws.example", "ws.example"];
    let first = client.order(&names).await;
    assert_eq!(client.order(&["ws.example", "*.ws.example"]).await.url, first.url);
    assert_ne!(client.order(&["ws.example"]).await.url, first.url);
    let other_account = Client::new(&client.sandbox).await;
    assert_ne!(other_account.order(&names).await.url, first.url);

    first.authorize().await;
    let ready = client.new_order(&names).await.success();
    assert_eq!(ready.header("location"), first.url);
    assert_eq!(ready.json()["status"], "ready");
    let key = rcgen::KeyPair::generate().unwrap();
    first.finalize(&csr(&names, &key)).await.success();
    assert_ne!(client.order(&names).await.url, first.url);
}

#[tokio::test]
async fn a_ca_can_make_a_new_order_every_time() {
    let mut policy = Policy::default();
    policy.order_reuse = false;
    let client = client_of(policy).await;
    let first = client.order(&["ws.example"]).await;
    assert_ne!(client.order(&["ws.example"]).await.url, first.url);
}

#[tokio::test]
async fn valid_authorizations_are_reused_only_by_a_ca_that_does_so() {
    for (percent, status) in [(0, "pending"), (100, "ready")] {
        let mut policy = Policy::default();
        policy.authorization_reuse_percent = percent;
        let client = client_of(policy).await;
        client.order(&["*.ws.example"]).await.issue(&["*.ws.example"]).await;
        let again = client.new_order(&["*.ws.example"]).await.success().json();
        assert_eq!(again["status"], status);
        // The authorization of a wildcard is not that of its apex.
        let apex = client.new_order(&["ws.example"]).await.success().json();
        assert_eq!(apex["status"], "pending");
    }
}

#[tokio::test]
async fn orders_and_authorizations_expire() {
    let client = client().await;
    let pending = client.order(&["ws.example"]).await;
    let ready = client.order(&["*.ws.example"]).await;
    ready.authorize().await;
    client.sandbox.set_clock_offset(8 * 24 * 3600);
    for order in [&pending, &ready] {
        assert_eq!(order.fetch().await["status"], "invalid");
    }
    let (_, authorization) = pending.authorizations().await.remove(0);
    assert_eq!(authorization["status"], "invalid");
    let challenge = authorization["challenges"][0]["url"].as_str().unwrap();
    client.post(challenge, &json!({})).await.problem(404, "malformed");
    client.sandbox.set_clock_offset(40 * 24 * 3600);
    let (_, authorization) = ready.authorizations().await.remove(0);
    assert_eq!(authorization["status"], "expired");
}

#[tokio::test]
async fn a_profile_is_chosen_by_name() {
    let client = client().await;
    let url = client.url("newOrder");
    let order =
        |profile: &str| json!({ "identifiers": identifiers(&["ws.example"]), "profile": profile });
    client.post(&url, &order("long")).await.problem(400, "invalidProfile");
    let shortlived = client.post(&url, &order("shortlived")).await.success();
    assert_eq!(shortlived.json()["profile"], "shortlived");
    let classic = client.post(&url, &order("classic")).await.success();
    assert_ne!(classic.header("location"), shortlived.header("location"));
}

#[tokio::test]
async fn a_poll_may_be_told_when_to_come_back() {
    let mut policy = Policy::default();
    policy.poll_retry_after = Some(std::time::Duration::from_millis(1500));
    let client = client_of(policy).await;
    let order = client.order(&["ws.example"]).await;
    let (url, authorization) = order.authorizations().await.remove(0);
    assert_eq!(client.get(&order.url).await.header("retry-after"), "2");
    assert_eq!(client.get(&url).await.header("retry-after"), "2");
    order.publish().await;
    let challenge = authorization["challenges"][0]["url"].as_str().unwrap();
    let response = client.post(challenge, &json!({})).await.success();
    assert_eq!(response.link("up").unwrap(), url);
    assert_eq!(response.header("retry-after"), "2");
    client.settled(&url).await;
    for url in [&order.url, &url] {
        assert!(!client.get(url).await.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn several_refused_names_are_each_explained() {
    let client = client().await;
    let asked = json!({ "identifiers": [
        { "type": "dns", "value": "ws.example" },
        { "type": "dns", "value": "a.blocked.example" },
        { "type": "ip", "value": "192.0.2.1" },
    ] });
    let answer = client.post(&client.url("newOrder"), &asked).await;
    let problem = answer.problem(400, "rejectedIdentifier");
    let refused: Vec<&Value> = problem["subproblems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subproblem| &subproblem["identifier"]["value"])
        .collect();
    assert_eq!(refused, ["a.blocked.example", "192.0.2.1"]);
}
