//! Issuers as they were written for other webhooks.

use sandbox::Plan;
use serde_json::{Value, json};

use crate::scene::{Scene, api_key};

const NAME: &str = "_acme-challenge.ws.example";

/// ID and secret of the sandbox's DNSPod token.
fn login_token(scene: &Scene) -> (String, String) {
    let (id, token) = scene.sandbox.login_token().split_once(',').unwrap();
    (id.to_owned(), token.to_owned())
}

#[tokio::test]
async fn an_issuer_with_an_api_key_is_served() {
    let scene = Scene::start().await;
    let mut config = api_key();
    config["ttl"] = json!(600);
    config["recordLine"] = json!("");
    for action in ["Present", "CleanUp"] {
        assert_eq!(scene.outcome_with(action, &config).await, Ok(()));
    }
}

#[tokio::test]
async fn an_issuer_with_its_secret_id_in_clear_is_served() {
    let scene = Scene::start().await;
    let config = json!({
        "secretId": scene.sandbox.secret_id(),
        "secretKeyRef": { "name": "dnspod", "key": "secretKey" },
    });
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
    assert_eq!(scene.sandbox.txt_values(NAME), ["value"]);
}

#[tokio::test]
async fn an_issuer_with_a_dnspod_token_is_served_by_the_legacy_api() {
    let scene = Scene::start().await;
    let (id, token) = login_token(&scene);
    scene.cluster.put_secret("cert-manager/token", &[("api-token", &format!("{token}\n"))]);
    for id in [json!(id.parse::<u64>().unwrap()), json!(id)] {
        let config = json!({
            "apiID": id, "apiTokenSecretRef": { "Name": "token", "Key": "api-token" }, "ttl": 600,
        });
        assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
        assert_eq!(scene.sandbox.txt_values(NAME), ["value"]);
        assert_eq!(scene.outcome_with("CleanUp", &config).await, Ok(()));
        assert!(scene.sandbox.txt_values(NAME).is_empty());
    }
    let calls = scene.sandbox.dnspod_calls();
    assert!(calls.contains(&"Record.Create".to_owned()), "{calls:?}");
    assert!(!calls.contains(&"CreateRecord".to_owned()), "{calls:?}");
}

#[tokio::test]
async fn keys_in_another_letter_case_and_unknown_ones_are_no_mistake() {
    let scene = Scene::start().await;
    let config = json!({
        "SecretIDRef": { "NAME": "dnspod", "Key": "secretId", "namespace": "ignored" },
        "secretkeyref": { "name": "dnspod", "key": "secretKey" },
        "nameserver": "127.0.0.1:53",
    });
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
}

#[tokio::test]
async fn a_config_that_cannot_be_used_says_why() {
    let scene = Scene::start().await;
    let with = |key: &str, value: Value| {
        let mut config = api_key();
        config[key] = value;
        config
    };
    for (config, expected) in [
        (
            with("ttl", json!([600])),
            "the Issuer's webhook config: ttl is a list; write seconds, 1 to 604800",
        ),
        (
            with("apiID", json!(12345)),
            "the Issuer's webhook config: apiID and secretIdRef do not belong together; keep secretIdRef and \
             secretKeyRef for a Tencent Cloud API key, or apiID and apiTokenSecretRef for a DNSPod token",
        ),
        (
            with("secretKeyRef", json!(null)),
            "the Issuer's webhook config: secretIdRef is set and secretKeyRef is not; set both",
        ),
    ] {
        assert_eq!(scene.outcome_with("Present", &config).await, Err(expected.to_owned()));
    }
    assert!(scene.sandbox.dnspod_calls().is_empty());
    assert!(scene.cluster.calls("secret").is_empty());
}

#[tokio::test]
async fn numbers_may_be_written_as_texts() {
    let scene = Scene::start().await;
    let mut config = api_key();
    config["ttl"] = json!("600");
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
}

#[tokio::test]
async fn a_ttl_below_that_of_the_plan_becomes_the_least_there_is() {
    let scene = Scene::start().await;
    let mut config = api_key();
    config["ttl"] = json!(60);
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
    assert_eq!(scene.sandbox.txt_values(NAME), ["value"]);
    let calls = scene.sandbox.dnspod_calls();
    let created = calls.iter().filter(|call| *call == "CreateRecord").count();
    assert_eq!(created, 2, "60 was refused first: {calls:?}");
}

#[tokio::test]
async fn a_record_line_is_the_one_that_is_named() {
    let scene = Scene::start().await;
    let mut config = api_key();
    config["recordLine"] = json!("境外");
    let error = scene.outcome_with("Present", &config).await.unwrap_err();
    assert!(error.contains("RecordLineInvalid"), "a free plan has the default line only: {error}");
    assert!(scene.sandbox.set_plan("ws.example", Plan::DpPlus));
    let error = scene.outcome_with("Present", &config).await.unwrap_err();
    assert!(error.contains("Add the record of the default line first"), "{error}");
    scene.sandbox.add_record(NAME, "TXT", "for everybody").unwrap();
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
    assert_eq!(scene.sandbox.txt_values(NAME), ["for everybody"], "the default line has no more");
    assert_eq!(scene.outcome_with("CleanUp", &config).await, Ok(()));
    scene.sandbox.reset_counts();
    assert_eq!(scene.outcome_with("CleanUp", &config).await, Ok(()), "nothing is left");
    assert_eq!(
        scene.sandbox.dnspod_calls(),
        ["DescribeRecordList", "CreateRecord", "DeleteRecord"]
    );
}

#[tokio::test]
async fn the_legacy_api_has_record_lines_too() {
    let scene = Scene::start().await;
    let (id, token) = login_token(&scene);
    scene.cluster.put_secret("cert-manager/token", &[("api-token", &token)]);
    assert!(scene.sandbox.set_plan("ws.example", Plan::DpPlus));
    scene.sandbox.add_record(NAME, "TXT", "for everybody").unwrap();
    let config = json!({
        "apiID": id, "apiTokenSecretRef": { "name": "token", "key": "api-token" }, "recordLine": "境外",
    });
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
    assert_eq!(scene.sandbox.txt_values(NAME), ["for everybody"]);
    scene.sandbox.reset_counts();
    assert_eq!(scene.outcome_with("CleanUp", &config).await, Ok(()));
    assert_eq!(scene.sandbox.dnspod_calls(), ["Record.Remove"]);
}
