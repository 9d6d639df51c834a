//! Accounts (RFC 8555 §7.3).

use std::sync::Arc;

use aws_lc_rs::hmac;
use sandbox::{Policy, Sandbox};
use serde_json::{Value, json};

use crate::client::{AccountKey, Client, base64url};

async fn sandbox() -> Arc<Sandbox> {
    Arc::new(Sandbox::start().await.unwrap())
}

#[tokio::test]
async fn an_account_is_made_once_per_key() {
    let sandbox = sandbox().await;
    let client = Client::without_account(&sandbox).await;
    let only_existing = json!({ "onlyReturnExisting": true });
    client.new_account(&only_existing).await.problem(400, "accountDoesNotExist");

    let new = json!({ "termsOfServiceAgreed": true, "contact": ["mailto:a@example.org"] });
    let created = client.new_account(&new).await;
    assert_eq!(created.status, 201);
    let account = created.json();
    assert_eq!(account["status"], "valid");
    assert_eq!(account["contact"], new["contact"]);
    assert_eq!(account["orders"], format!("{}/orders", created.header("location")));

    for again in [new, only_existing] {
        let found = client.new_account(&again).await;
        assert_eq!(found.status, 200);
        assert_eq!(found.header("location"), created.header("location"));
    }
}

#[tokio::test]
async fn the_terms_of_service_have_to_be_agreed_to() {
    let sandbox = sandbox().await;
    let client = Client::without_account(&sandbox).await;
    for payload in [json!({}), json!({ "termsOfServiceAgreed": false })] {
        let answer = client.new_account(&payload).await;
        assert_eq!(
            answer.link("terms-of-service").unwrap(),
            client.directory["meta"]["termsOfService"]
        );
        answer.problem(403, "userActionRequired");
    }
}

#[tokio::test]
async fn contacts_are_single_mail_addresses() {
    let sandbox = sandbox().await;
    let client = Client::without_account(&sandbox).await;
    for (contact, kind) in [
        ("tel:+1234", "unsupportedContact"),
        ("a@example.org", "invalidContact"),
        ("mailto:nobody", "invalidContact"),
        ("mailto:@example.org", "invalidContact"),
        ("mailto:a@example.org,b@example.org", "invalidContact"),
        ("mailto:a@example.org?subject=x", "invalidContact"),
        ("mailto:a@bücher.example", "invalidContact"),
    ] {
        let new = json!({ "termsOfServiceAgreed": true, "contact": [contact] });
        client.new_account(&new).await.problem(400, kind);
    }
    let eleven =
        json!({ "termsOfServiceAgreed": true, "contact": vec!["mailto:a@example.org"; 11] });
    client.new_account(&eleven).await.problem(400, "malformed");
}

#[tokio::test]
async fn contacts_can_be_changed_and_taken_away() {
    let sandbox = sandbox().await;
    let client = Client::new(&sandbox).await;
    for contact in [json!(["mailto:b@example.org"]), json!([])] {
        let answer = client.post(&client.account, &json!({ "contact": contact })).await.success();
        assert_eq!(answer.json()["contact"], contact);
        assert_eq!(client.get(&client.account).await.json()["contact"], contact);
    }
    client.post(&client.account, &json!({ "contact": ["x"] })).await.problem(400, "invalidContact");
    let half_wrong = json!({ "contact": ["x"], "status": "deactivated" });
    client.post(&client.account, &half_wrong).await.problem(400, "invalidContact");
    assert_eq!(client.get(&client.account).await.success().json()["status"], "valid");
    client.post(&client.account, &json!({ "status": "revoked" })).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_deactivated_account_can_do_nothing_any_more() {
    let sandbox = sandbox().await;
    let client = Client::new(&sandbox).await;
    let answer = client.post(&client.account, &json!({ "status": "deactivated" })).await.success();
    assert_eq!(answer.json()["status"], "deactivated");
    client.get(&client.account).await.problem(401, "unauthorized");
    client.new_order(&["ws.example"]).await.problem(401, "unauthorized");
    let same_key = json!({ "termsOfServiceAgreed": true });
    client.new_account(&same_key).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn an_account_is_none_of_anothers_business() {
    let sandbox = sandbox().await;
    let owner = Client::new(&sandbox).await;
    let order = owner.order(&["ws.example"]).await;
    let (authorization, object) = order.authorizations().await.remove(0);
    let other = Client::new(&sandbox).await;
    other.get(&owner.account).await.problem(403, "unauthorized");
    other.get(&format!("{}/orders", owner.account)).await.problem(403, "unauthorized");
    other.get(&order.url).await.problem(404, "malformed");
    other.get(&authorization).await.problem(404, "malformed");
    let challenge = object["challenges"][0]["url"].as_str().unwrap();
    other.post(challenge, &json!({})).await.problem(404, "malformed");
    let finalize = order.fetch().await["finalize"].as_str().unwrap().to_owned();
    other.post(&finalize, &json!({ "csr": "" })).await.problem(404, "malformed");
}

#[tokio::test]
async fn orders_are_listed_page_by_page_without_invalid_ones() {
    let sandbox = sandbox().await;
    let client = Client::new(&sandbox).await;
    let mut expected = Vec::new();
    for number in 0..60 {
        let name = format!("n{number}.ws.example");
        let order = client.order(&[&name]).await;
        if number == 7 {
            let (url, _) = order.authorizations().await.remove(0);
            client.post(&url, &json!({ "status": "deactivated" })).await.success();
        } else {
            expected.push(json!(order.url));
        }
    }
    let mut listed = Vec::new();
    let mut next = Some(format!("{}/orders", client.account));
    let mut pages = 0;
    while let Some(url) = next {
        let page = client.get(&url).await.success();
        listed.extend(page.json()["orders"].as_array().unwrap().clone());
        next = page.link("next");
        pages += 1;
    }
    assert_eq!((pages, listed), (2, expected));
    let nonsense = format!("{}/orders?cursor=x", client.account);
    client.get(&nonsense).await.problem(400, "malformed");
}

/// The payload of a key change: signed by the new key, and so changed as `change` says.
fn key_change(
    client: &Client,
    new: &AccountKey,
    change: impl FnOnce(&mut Value, &mut Value),
) -> Value {
    let mut protected = json!({ "url": client.url("keyChange"), "jwk": new.jwk() });
    let mut payload = json!({ "account": client.account, "oldKey": client.key.jwk() });
    change(&mut protected, &mut payload);
    new.sign(&protected, Some(&payload))
}

#[tokio::test]
async fn the_key_of_an_account_can_be_changed() {
    let sandbox = sandbox().await;
    let mut client = Client::new(&sandbox).await;
    let new = AccountKey::p384();
    let url = client.url("keyChange");
    let answer = client.post(&url, &key_change(&client, &new, |_, _| {})).await.success();
    assert_eq!(answer.json()["status"], "valid");

    client.get(&client.account).await.problem(400, "malformed");
    client.key = new;
    client.get(&client.account).await.success();
    let found = client.new_account(&json!({ "onlyReturnExisting": true })).await.success();
    assert_eq!(found.header("location"), client.account);
}

#[tokio::test]
async fn a_key_change_has_to_be_right_in_every_part() {
    let sandbox = sandbox().await;
    let client = Client::new(&sandbox).await;
    let other = Client::new(&sandbox).await;
    let url = client.url("keyChange");
    let new = AccountKey::new();
    let wrong = [
        key_change(&client, &new, |protected, _| protected["nonce"] = json!("AAAA")),
        key_change(&client, &new, |protected, _| protected["url"] = json!(client.account)),
        key_change(&client, &new, |protected, _| protected["jwk"] = AccountKey::new().jwk()),
        key_change(&client, &new, |_, payload| payload["account"] = json!(other.account)),
        key_change(&client, &new, |_, payload| payload["oldKey"] = new.jwk()),
        json!({}),
    ];
    for payload in wrong {
        client.post(&url, &payload).await.problem(400, "malformed");
    }
    let conflict = client.post(&url, &key_change(&client, &other.key, |_, _| {})).await;
    assert_eq!(conflict.header("location"), other.account);
    conflict.problem(409, "malformed");
    client.get(&client.account).await.success();
}

/// An external account binding, so changed as `change` says before it is signed.
fn binding(client: &Client, mac_key: &[u8], change: impl FnOnce(&mut Value, &mut Value)) -> Value {
    let mut protected = json!({ "alg": "HS256", "kid": "kid-1", "url": client.url("newAccount") });
    let mut payload = client.key.jwk();
    change(&mut protected, &mut payload);
    let (protected, payload) = (base64url(protected.to_string()), base64url(payload.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, mac_key);
    let signature = base64url(hmac::sign(&key, format!("{protected}.{payload}").as_bytes()));
    json!({ "protected": protected, "payload": payload, "signature": signature })
}

#[tokio::test]
async fn a_ca_can_demand_that_accounts_are_bound_to_external_ones() {
    let mac_key = b"a key of 32 bytes, as CAs hand out".to_vec();
    let mut policy = Policy::default();
    policy.external_account_required = true;
    policy.external_account_keys.insert("kid-1".to_owned(), mac_key.clone());
    let sandbox = Arc::new(Sandbox::builder().policy(policy).start().await.unwrap());
    let client = Client::without_account(&sandbox).await;
    assert_eq!(client.directory["meta"]["externalAccountRequired"], true);
    let new =
        |binding: Value| json!({ "termsOfServiceAgreed": true, "externalAccountBinding": binding });

    let unbound = json!({ "termsOfServiceAgreed": true });
    client.new_account(&unbound).await.problem(403, "externalAccountRequired");
    let wrong_key = binding(&client, b"another key", |_, _| {});
    client.new_account(&new(wrong_key)).await.problem(403, "unauthorized");
    let unknown = binding(&client, &mac_key, |protected, _| protected["kid"] = json!("kid-2"));
    client.new_account(&new(unknown)).await.problem(403, "unauthorized");
    let alg = binding(&client, &mac_key, |protected, _| protected["alg"] = json!("ES256"));
    client.new_account(&new(alg)).await.problem(400, "badSignatureAlgorithm");
    for wrong in [
        binding(&client, &mac_key, |protected, _| protected["nonce"] = json!("AAAA")),
        binding(&client, &mac_key, |protected, _| protected["url"] = json!("https://x.example/")),
        binding(&client, &mac_key, |_, payload| *payload = AccountKey::new().jwk()),
        binding(&client, &mac_key, |_, payload| *payload = json!("text")),
    ] {
        client.new_account(&new(wrong)).await.problem(400, "malformed");
    }

    let good = binding(&client, &mac_key, |_, _| {});
    let account = client.new_account(&new(good.clone())).await.success();
    assert_eq!(account.json()["externalAccountBinding"], good);
}
