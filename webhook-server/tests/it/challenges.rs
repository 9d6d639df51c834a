//! Challenges from cert-manager to DNSPod and back.

use std::time::Duration;

use serde_json::json;

use crate::scene::{CERT_MANAGER_HEADERS, Choices, OTHER_SOLVER, Scene, payload, until};

const NAME: &str = "_acme-challenge.ws.example";

#[tokio::test]
async fn a_challenge_is_presented_and_cleaned_up() {
    let scene = Scene::start().await;
    let answer = scene.solve("Present", "value").await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["response"], json!({ "uid": "", "success": true }));
    assert_eq!(scene.sandbox.txt_values(NAME), ["value"]);
    let answer = scene.solve("CleanUp", "value").await;
    assert_eq!(answer.json()["response"]["success"], true, "{}", answer.text);
    assert!(scene.sandbox.txt_values(NAME).is_empty());
}

#[tokio::test]
async fn every_group_is_served() {
    let scene = Scene::start().await;
    let body = payload("Present", "value");
    let answer = scene.front_proxy().post(OTHER_SOLVER, &CERT_MANAGER_HEADERS, &body).await;
    assert_eq!(answer.json()["response"]["success"], true, "{}", answer.text);
}

#[tokio::test]
async fn only_the_value_that_was_presented_is_cleaned_up() {
    let scene = Scene::start().await;
    scene.sandbox.add_record(NAME, "TXT", "of somebody else").unwrap();
    for value in ["first", "second"] {
        assert_eq!(scene.solve("Present", value).await.json()["response"]["success"], true);
    }
    scene.solve("CleanUp", "first").await;
    let mut left = scene.sandbox.txt_values(NAME);
    left.sort();
    assert_eq!(left, ["of somebody else", "second"]);
}

#[tokio::test]
async fn both_actions_can_be_repeated() {
    let scene = Scene::start().await;
    for action in ["Present", "Present", "CleanUp", "CleanUp"] {
        let answer = scene.solve(action, "value").await;
        assert_eq!(answer.json()["response"]["success"], true, "{}", answer.text);
    }
}

#[tokio::test]
async fn trap_3_the_same_failure_has_the_same_text() {
    let scene = Scene::start().await;
    scene
        .cluster
        .put_secret("cert-manager/dnspod", &[("secretId", "AKIDwrong"), ("secretKey", "x")]);
    let mut texts = Vec::new();
    for _ in 0..2 {
        let answer = scene.solve("Present", "value").await;
        assert_eq!(answer.status, 201);
        texts.push(answer.text);
    }
    assert_eq!(texts[0], texts[1]);
    let body: serde_json::Value = serde_json::from_str(&texts[0]).unwrap();
    let message = body["response"]["status"]["message"].as_str().unwrap();
    assert!(message.starts_with("DNSPod refused the credential"), "{message}");
}

#[tokio::test]
async fn trap_4_no_answer_makes_the_client_wait_inside_its_call() {
    let choices = Choices { challenge_budget: Duration::from_millis(500), ..Choices::default() };
    let scene = Scene::start_with(choices).await;
    scene.wait_until_ready().await;
    scene.sandbox.set_fault("dnspod-throttled=1000").unwrap();
    let answer = scene.solve("Present", "value").await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["response"]["success"], false);
    assert!(!answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn trap_5_a_repeated_challenge_meets_what_the_first_has_made() {
    let scene = Scene::start().await;
    scene.sandbox.set_fault("dnspod-empty-body").unwrap();
    for _ in 0..2 {
        let answer = scene.solve("Present", "value").await;
        assert_eq!(answer.json()["response"]["success"], true, "{}", answer.text);
    }
    assert_eq!(scene.sandbox.txt_values(NAME), ["value"]);
}

#[tokio::test]
async fn line_breaks_around_a_secret_do_no_harm() {
    let scene = Scene::start().await;
    let key = format!("{}\n", scene.sandbox.secret_key());
    let values = [("secretId", scene.sandbox.secret_id()), ("secretKey", key.as_str())];
    scene.cluster.put_secret("cert-manager/dnspod", &values);
    let answer = scene.solve("Present", "value").await;
    assert_eq!(answer.json()["response"]["success"], true, "{}", answer.text);
}

#[tokio::test]
async fn a_challenge_that_takes_too_long_is_answered_and_goes_on() {
    let choices = Choices { challenge_budget: Duration::from_millis(300), ..Choices::default() };
    let scene = Scene::start_with(choices).await;
    scene.wait_until_ready().await;
    scene.sandbox.set_fault("round-trip=500").unwrap();
    let answer = scene.solve("Present", "value").await;
    assert_eq!(answer.status, 201);
    let message = answer.json()["response"]["status"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("is not finished after"), "{message}");
    scene.sandbox.clear_fault("round-trip").unwrap();
    until("the record is there", async || scene.sandbox.txt_values(NAME) == ["value"]).await;
}

#[tokio::test]
async fn equal_challenges_at_once_are_one_call() {
    let scene = Scene::start().await;
    scene.sandbox.set_fault("round-trip=50").unwrap();
    let (first, second, third) = tokio::join!(
        scene.solve("Present", "value"),
        scene.solve("Present", "value"),
        scene.solve("Present", "other")
    );
    for answer in [first, second, third] {
        assert_eq!(answer.json()["response"]["success"], true, "{}", answer.text);
    }
    let created = scene.sandbox.dnspod_calls().into_iter().filter(|call| call == "CreateRecord");
    assert_eq!(created.count(), 2);
    assert_eq!(scene.sandbox.txt_values(NAME).len(), 2);
}

#[tokio::test]
async fn a_clean_up_does_not_overtake_the_creation_of_its_record() {
    let choices = Choices { challenge_budget: Duration::from_millis(300), ..Choices::default() };
    let scene = Scene::start_with(choices).await;
    scene.wait_until_ready().await;
    scene.sandbox.set_fault("round-trip=200").unwrap();
    scene.solve("Present", "value").await;
    until("the record was created and removed", async || {
        scene.solve("CleanUp", "value").await.json()["response"]["success"] == true
    })
    .await;
    let calls = scene.sandbox.dnspod_calls();
    assert!(calls.contains(&"CreateRecord".to_owned()), "{calls:?}");
    assert!(scene.sandbox.txt_values(NAME).is_empty());
}
