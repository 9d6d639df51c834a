//! What every request has to be (RFC 8555 §6), and what every answer is.

use std::sync::Arc;

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{AccountKey, Client, base64url};

async fn gentle_client() -> Client {
    let sandbox = Sandbox::builder().fault("bad-nonce=0").start().await.unwrap();
    Client::new(&Arc::new(sandbox)).await
}

/// A signed POST-as-GET of the account, whose protected header `change` may change first.
async fn fetch_account(client: &Client, change: impl FnOnce(&mut Value)) -> Value {
    let mut protected = json!({
        "url": client.account, "kid": client.account, "nonce": client.nonce().await,
    });
    change(&mut protected);
    client.key.sign(&protected, None)
}

#[tokio::test]
async fn the_directory_says_what_there_is() {
    let client = gentle_client().await;
    let directory = &client.directory;
    for resource in ["newNonce", "newAccount", "newOrder", "revokeCert", "keyChange", "renewalInfo"]
    {
        assert!(directory[resource].as_str().unwrap().starts_with("https://"), "{directory:#}");
    }
    let meta = &directory["meta"];
    assert_eq!(meta["caaIdentities"], json!(["sandbox.example"]));
    assert_eq!(meta["externalAccountRequired"], false);
    let profiles = meta["profiles"].as_object().unwrap();
    assert_eq!(profiles.keys().collect::<Vec<_>>(), ["classic", "shortlived"]);
    let pages = profiles.values().chain([&meta["termsOfService"], &meta["website"]]);
    for page in pages {
        let page = client.http.get(page.as_str().unwrap()).send().await.unwrap();
        assert_eq!(page.status(), 200, "{page:?}");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn nonces_come_from_head_and_get_and_on_every_answer_to_a_post() {
    let client = gentle_client().await;
    let url = client.url("newNonce");
    let head = client.send(client.http.head(&url)).await;
    let get = client.send(client.http.get(&url)).await;
    assert_eq!((head.status.as_u16(), get.status.as_u16()), (200, 204));
    let success = client.get(&client.account).await.success();
    let failure = client.get(&client.url("newOrder")).await;
    assert_eq!(failure.status, 400);
    let mut nonces: Vec<_> = [&head, &get, &success, &failure]
        .map(|answer| answer.header("replay-nonce").to_owned())
        .to_vec();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4);
    for answer in [head, get, success, failure] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.link("index").unwrap(), client.sandbox.directory_url());
    }
}

#[tokio::test]
async fn a_nonce_is_good_once_and_only_if_the_ca_made_it() {
    let client = gentle_client().await;
    let request = fetch_account(&client, |_| {}).await;
    client.post_body(&client.account, &request).await.success();
    let again = client.post_body(&client.account, &request).await;
    assert!(again.headers.contains_key("replay-nonce"));
    again.problem(400, "badNonce");
    let invented = fetch_account(&client, |protected| protected["nonce"] = json!("AAAA")).await;
    client.post_body(&client.account, &invented).await.problem(400, "badNonce");
    let without = fetch_account(&client, |protected| {
        drop(protected.as_object_mut().unwrap().remove("nonce"));
    });
    client.post_body(&client.account, &without.await).await.problem(400, "badNonce");
}

#[tokio::test]
async fn a_request_is_for_the_url_that_it_signs() {
    let client = gentle_client().await;
    let elsewhere = client.url("newOrder");
    let request = fetch_account(&client, |protected| protected["url"] = json!(elsewhere)).await;
    client.post_body(&client.account, &request).await.problem(403, "unauthorized");
}

#[tokio::test]
async fn a_signature_is_by_the_accounts_key_with_an_algorithm_that_is_allowed() {
    let client = gentle_client().await;
    let protected = json!({
        "url": client.account, "kid": client.account, "nonce": client.nonce().await,
    });
    let forged = AccountKey::new().sign(&protected, None);
    client.post_body(&client.account, &forged).await.problem(400, "malformed");
    for alg in ["none", "HS256", "ES512"] {
        let request = fetch_account(&client, |protected| protected["alg"] = json!(alg)).await;
        let problem = client.post_body(&client.account, &request).await;
        let problem = problem.problem(400, "badSignatureAlgorithm");
        assert_eq!(problem["algorithms"], json!(["ES256", "ES384", "RS256"]));
    }
    let other = fetch_account(&client, |protected| protected["alg"] = json!("RS256")).await;
    client.post_body(&client.account, &other).await.problem(400, "malformed");
}

#[tokio::test]
async fn accounts_may_have_keys_of_three_kinds() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    for key in [AccountKey::new(), AccountKey::p384(), AccountKey::rsa()] {
        let client = Client::with_key(&sandbox, key).await;
        assert_eq!(client.get(&client.account).await.success().json()["status"], "valid");
    }
}

#[tokio::test]
async fn a_weak_key_is_refused() {
    let client = gentle_client().await;
    let weak = json!({ "kty": "RSA", "e": "AQAB", "n": base64url([0xff; 128]) });
    let url = client.url("newAccount");
    let protected = json!({ "url": url, "jwk": weak, "nonce": client.nonce().await });
    let request = client.key.sign(&protected, Some(&json!({})));
    client.post_body(&url, &request).await.problem(400, "badPublicKey");
}

#[tokio::test]
async fn the_signer_is_named_by_kid_or_by_jwk_as_the_resource_wants() {
    let client = gentle_client().await;
    let jwk = client.key.jwk();
    let both = fetch_account(&client, |protected| protected["jwk"] = jwk.clone()).await;
    client.post_body(&client.account, &both).await.problem(400, "malformed");
    let neither =
        fetch_account(&client, |protected| drop(protected.as_object_mut().unwrap().remove("kid")));
    client.post_body(&client.account, &neither.await).await.problem(400, "malformed");
    client.post_by_key(&client.account, &json!({})).await.problem(400, "malformed");
    client.post(&client.url("newAccount"), &json!({})).await.problem(400, "malformed");
    let unknown = format!("{}x", client.account);
    let unknown = fetch_account(&client, |protected| protected["kid"] = json!(unknown)).await;
    client.post_body(&client.account, &unknown).await.problem(400, "accountDoesNotExist");
    let foreign = json!("https://elsewhere.example/account/1");
    let foreign = fetch_account(&client, |protected| protected["kid"] = foreign).await;
    client.post_body(&client.account, &foreign).await.problem(400, "accountDoesNotExist");
}

#[tokio::test]
async fn only_a_plain_flattened_jws_is_read() {
    let client = gentle_client().await;
    let good = fetch_account(&client, |_| {}).await;
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for body in [
        json!({}),
        json!([]),
        json!("text"),
        with("header", json!({ "alg": "ES256" })),
        with("signatures", json!([])),
        with("payload", json!("====")),
        with("signature", json!("not base64url!")),
        with("protected", json!(base64url("{}"))),
        with("protected", json!(base64url("["))),
        with("protected", json!(base64url([0xff, 0xfe]))),
    ] {
        client.post_body(&client.account, &body).await.problem(400, "malformed");
    }
    let critical = fetch_account(&client, |protected| protected["crit"] = json!(["b64"])).await;
    client.post_body(&client.account, &critical).await.problem(400, "malformed");
    // Nested deeper than anyone needs.
    let request = client.http.post(&client.account);
    let request = request.header("content-type", "application/jose+json");
    client.send(request.body("[".repeat(60_000))).await.problem(400, "malformed");
    client.post_body(&client.account, &good).await.success();
}

#[tokio::test]
async fn content_type_user_agent_method_and_size_are_checked() {
    let client = gentle_client().await;
    let post = || client.http.post(&client.account);
    let json = post().header("content-type", "application/json").body("{}");
    client.send(json).await.problem(415, "malformed");
    let nameless = post().header("user-agent", "").body("{}");
    client.send(nameless).await.problem(400, "malformed");
    client.send(client.http.get(&client.account)).await.problem(405, "malformed");
    client
        .send(client.http.get(format!("{}/x", client.url("newOrder"))))
        .await
        .problem(404, "malformed");
    let big = post().header("content-type", "application/jose+json").body("x".repeat(65_537));
    client.send(big).await.problem(413, "malformed");
}

#[tokio::test]
async fn what_is_only_fetched_is_fetched_by_post_as_get() {
    let client = gentle_client().await;
    let order = client.order(&["ws.example"]).await;
    client.post(&order.url, &json!({})).await.problem(400, "malformed");
    client.post(&format!("{}/orders", client.account), &json!({})).await.problem(400, "malformed");
}
