//! Revocation (RFC 8555 §7.6).

use std::sync::Arc;

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{AccountKey, Client, base64url, csr};

async fn client() -> Client {
    Client::new(&Arc::new(Sandbox::start().await.unwrap())).await
}

fn revocation(certificate: &[u8]) -> Value {
    json!({ "certificate": base64url(certificate) })
}

#[tokio::test]
async fn the_account_revokes_its_certificate_once() {
    let client = client().await;
    let issued = client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
    let url = client.url("revokeCert");
    let mut bad_reason = revocation(&issued.chain[0]);
    bad_reason["reason"] = json!(6);
    client.post(&url, &bad_reason).await.problem(400, "badRevocationReason");
    let mut good = revocation(&issued.chain[0]);
    good["reason"] = json!(4);
    let answer = client.post(&url, &good).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    client.post(&url, &good).await.problem(400, "alreadyRevoked");
}

#[tokio::test]
async fn another_account_needs_authorizations_for_all_names() {
    let owner = client().await;
    let names = ["*.ws.example", "ws.example"];
    let issued = owner.order(&names).await.issue(&names).await;
    let other = Client::new(&owner.sandbox).await;
    let url = other.url("revokeCert");
    other.post(&url, &revocation(&issued.chain[0])).await.problem(403, "unauthorized");
    other.order(&["ws.example"]).await.authorize().await;
    other.post(&url, &revocation(&issued.chain[0])).await.problem(403, "unauthorized");
    other.order(&["*.ws.example"]).await.authorize().await;
    other.post(&url, &revocation(&issued.chain[0])).await.success();
}

#[tokio::test]
async fn the_certificates_key_revokes_it_without_an_account() {
    let client = client().await;
    let order = client.order(&["ws.example"]).await;
    order.authorize().await;
    let mut bearer = Client::without_account(&client.sandbox).await;
    let AccountKey::P256(pair) = &bearer.key else { panic!("a new key is on P-256") };
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    let certificate_key = rcgen::KeyPair::try_from(pkcs8.as_ref()).unwrap();
    let finalized = order.finalize(&csr(&["ws.example"], &certificate_key)).await.success();
    let url = finalized.json()["certificate"].as_str().unwrap().to_owned();
    let pem = client.get(&url).await.success().body;
    let certificate = crate::client::pem_chain(&pem).remove(0);

    let url = bearer.url("revokeCert");
    let key = std::mem::replace(&mut bearer.key, AccountKey::new());
    bearer.post_by_key(&url, &revocation(&certificate)).await.problem(403, "unauthorized");
    bearer.key = key;
    bearer.post_by_key(&url, &revocation(&certificate)).await.success();
}

#[tokio::test]
async fn what_the_ca_did_not_issue_it_does_not_revoke() {
    let client = client().await;
    let issued = client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
    let url = client.url("revokeCert");
    client.post(&url, &revocation(&issued.chain[1])).await.problem(404, "malformed");
    client.post(&url, &json!({ "certificate": "===" })).await.problem(400, "malformed");
    client.post(&url, &json!({})).await.problem(400, "malformed");
}
