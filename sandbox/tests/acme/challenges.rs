//! Authorizations, the DNS-01 challenge and CAA (RFC 8555 §7.5, §8.4, RFC 8659).

use std::sync::Arc;

use sandbox::{Policy, Sandbox};
use serde_json::{Value, json};

use crate::client::{Client, Order, txt_record};

async fn client() -> Client {
    Client::new(&Arc::new(Sandbox::start().await.unwrap())).await
}

/// Responds to the only challenge and returns the failure.
async fn failure(order: &Order<'_>) -> Value {
    let authorization = order.respond().await.remove(0);
    assert_eq!(authorization["status"], "invalid", "{authorization:#}");
    let challenge = &authorization["challenges"][0];
    assert_eq!(challenge["status"], "invalid");
    assert_eq!(order.fetch().await["status"], "invalid");
    challenge["error"].clone()
}

#[track_caller]
fn assert_error(error: &Value, kind: &str, says: &str) {
    assert_eq!(error["type"], format!("urn:ietf:params:acme:error:{kind}"), "{error:#}");
    assert!(error["detail"].as_str().unwrap().contains(says), "{error:#}");
}

#[tokio::test]
async fn an_authorization_offers_one_dns_challenge_with_a_random_token() {
    let client = client().await;
    let order = client.order(&["*.ws.example", "ws.example"]).await;
    let mut tokens = Vec::new();
    for (_, authorization) in order.authorizations().await {
        assert_eq!(authorization["status"], "pending");
        let [challenge] = authorization["challenges"].as_array().unwrap().as_slice() else {
            panic!("not one challenge: {authorization:#}");
        };
        assert_eq!(challenge["type"], "dns-01");
        assert_eq!(challenge["status"], "pending");
        let token = challenge["token"].as_str().unwrap().to_owned();
        assert!(token.len() >= 22);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn a_validated_challenge_says_when() {
    let client = client().await;
    let order = client.order(&["ws.example"]).await;
    order.authorize().await;
    let (_, authorization) = order.authorizations().await.remove(0);
    let challenge = &authorization["challenges"][0];
    assert_eq!(challenge["status"], "valid");
    assert!(challenge["validated"].as_str().unwrap().ends_with('Z'));
    // Saying it again, as after a lost answer, changes nothing.
    let again = client.post(challenge["url"].as_str().unwrap(), &json!({})).await.success();
    assert_eq!(again.json()["status"], "valid");
}

#[tokio::test]
async fn a_name_that_is_not_there_is_a_dns_problem() {
    let client = client().await;
    let order = client.order(&["ws.example"]).await;
    assert_error(&failure(&order).await, "dns", "NXDOMAIN");
    let (_, authorization) = order.authorizations().await.remove(0);
    let challenge = authorization["challenges"][0]["url"].as_str().unwrap();
    client.post(challenge, &json!({})).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_wrong_value_is_unauthorized_and_shown() {
    let client = client().await;
    let order = client.order(&["ws.example"]).await;
    client.sandbox.add_record("_acme-challenge.ws.example", "TXT", "wrong").unwrap();
    assert_error(&failure(&order).await, "unauthorized", "wrong");
}

#[tokio::test]
async fn a_name_without_txt_records_is_unauthorized() {
    let client = client().await;
    let order = client.order(&["ws.example"]).await;
    client.sandbox.add_record("_acme-challenge.ws.example", "A", "192.0.2.1").unwrap();
    assert_error(&failure(&order).await, "unauthorized", "found none");
}

#[tokio::test]
async fn every_name_server_has_to_show_the_value() {
    let client = client().await;
    let order = client.order(&["ws.example"]).await;
    assert!(client.sandbox.freeze_name_server(1));
    order.publish().await;
    let slow = client.sandbox.name_servers()[1].to_string();
    assert_error(&failure(&order).await, "dns", &slow);
}

#[tokio::test]
async fn a_name_server_that_refuses_is_a_dns_problem() {
    let client = client().await;
    client.sandbox.set_fault("lame-name-server").unwrap();
    let order = client.order(&["ws.example"]).await;
    order.publish().await;
    assert_error(&failure(&order).await, "dns", "REFUSED");
}

#[tokio::test]
async fn a_name_server_that_keeps_silent_is_a_dns_problem_after_a_while() {
    let mut policy = Policy::default();
    policy.dns_timeout = std::time::Duration::from_millis(200);
    let sandbox = Sandbox::builder().policy(policy).fault("silent-name-server").start().await;
    let client = Client::new(&Arc::new(sandbox.unwrap())).await;
    let order = client.order(&["ws.example"]).await;
    order.publish().await;
    assert_error(&failure(&order).await, "dns", "no answer within 200 ms");
}

#[tokio::test]
async fn an_answer_that_does_not_fit_into_udp_is_fetched_over_tcp() {
    let client = client().await;
    client.sandbox.set_fault("truncated-udp").unwrap();
    client.order(&["ws.example"]).await.authorize().await;
}

#[tokio::test]
async fn aliases_are_followed_into_other_zones() {
    let client = client().await;
    let sandbox = &client.sandbox;
    let order = client.order(&["ws.example"]).await;
    let (_, authorization) = order.authorizations().await.remove(0);
    let (name, value) = txt_record(&client.key, &authorization);
    sandbox.add_record(&name, "CNAME", "a.ws.example").unwrap();
    sandbox.add_record("a.ws.example", "CNAME", "b.example.test").unwrap();
    sandbox.add_record("b.example.test", "TXT", &value).unwrap();
    assert_eq!(order.respond().await[0]["status"], "valid");
}

#[tokio::test]
async fn aliases_that_never_end_are_a_dns_problem() {
    let client = client().await;
    let order = client.order(&["ws.example"]).await;
    let sandbox = &client.sandbox;
    sandbox.add_record("_acme-challenge.ws.example", "CNAME", "a.example.test").unwrap();
    sandbox.add_record("a.example.test", "CNAME", "_acme-challenge.ws.example").unwrap();
    assert_error(&failure(&order).await, "dns", "aliases");
}

#[tokio::test]
async fn caa_of_the_nearest_name_decides() {
    let client = client().await;
    let sandbox = &client.sandbox;
    sandbox.add_record("ws.example", "CAA", "0 issue \"other.example\"").unwrap();
    sandbox.add_record("ours.ws.example", "CAA", "0 issue \"sandbox.example\"").unwrap();
    sandbox.add_record("ours.ws.example", "CAA", "0 issuewild \";\"").unwrap();

    for name in ["ws.example", "deep.below.ws.example", "*.ours.ws.example"] {
        let order = client.order(&[name]).await;
        order.publish().await;
        assert_error(&failure(&order).await, "caa", "sandbox.example");
    }
    for name in ["ours.ws.example", "below.ours.ws.example", "example.test"] {
        let order = client.order(&[name]).await;
        order.publish().await;
        assert_eq!(order.respond().await[0]["status"], "valid", "{name}");
    }
}

#[tokio::test]
async fn a_deactivated_authorization_ends_its_order() {
    let client = client().await;
    let order = client.order(&["ws.example"]).await;
    order.authorize().await;
    let (url, _) = order.authorizations().await.remove(0);
    client.post(&url, &json!({ "status": "valid" })).await.problem(400, "malformed");
    let answer = client.post(&url, &json!({ "status": "deactivated" })).await.success();
    assert_eq!(answer.json()["status"], "deactivated");
    assert_eq!(order.fetch().await["status"], "invalid");
    let challenge = answer.json()["challenges"][0]["url"].as_str().unwrap().to_owned();
    client.post(&challenge, &json!({})).await.problem(400, "malformed");
}
