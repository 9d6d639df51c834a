//! What is done with a body before anything is done with the challenge in it.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::scene::{CERT_MANAGER_HEADERS, SOLVER, Scene, payload};

async fn post(scene: &Scene, body: &str) -> Answer {
    scene.front_proxy().post(SOLVER, &CERT_MANAGER_HEADERS, body).await
}

#[tokio::test]
async fn what_cannot_be_read_is_a_bad_request() {
    let scene = Scene::start().await;
    let deep = format!("{{\"request\":{}", "[".repeat(20_000));
    let trailing = payload("Present", "value") + " {}";
    for body in ["", "{", "not JSON", "{}", r#"{"request":null}"#, &deep, &trailing] {
        let answer = post(&scene, body).await;
        assert_eq!(answer.status, 400, "{body:.40}");
        assert!(!answer.message().contains("not JSON at"), "{}", answer.text);
    }
    assert!(scene.sandbox.dnspod_calls().is_empty());
}

#[tokio::test]
async fn an_action_that_is_not_known_is_a_bad_request() {
    let scene = Scene::start().await;
    let answer = post(&scene, &payload("Dance", "value")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.message(), "unknown action type \"Dance\": Present and CleanUp are known");
}

#[tokio::test]
async fn an_empty_value_is_never_made_a_record() {
    let scene = Scene::start().await;
    let answer = post(&scene, &payload("Present", "")).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["response"]["success"], false);
    assert!(scene.sandbox.dnspod_calls().is_empty());
}

#[tokio::test]
async fn the_uid_and_the_request_come_back() {
    let scene = Scene::start().await;
    let mut body: Value = serde_json::from_str(&payload("Present", "value")).unwrap();
    body["request"]["uid"] = "a-1".into();
    body["request"]["unknown"] = json!([1]);
    let answer = post(&scene, &body.to_string()).await.json();
    assert_eq!(answer["response"]["uid"], "a-1");
    assert_eq!(answer["request"], body["request"]);
}

#[tokio::test]
async fn only_json_is_taken() {
    let scene = Scene::start().await;
    let body = payload("Present", "value");
    for (content_type, status) in [
        ("application/json; charset=utf-8", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/vnd.kubernetes.protobuf", 415),
        ("application/yaml", 415),
    ] {
        let mut headers = CERT_MANAGER_HEADERS.to_vec();
        headers.push(("Content-Type", content_type));
        let answer = scene.front_proxy().send(reqwest::Method::POST, SOLVER, &headers, &body).await;
        assert_eq!(answer.status, status, "{content_type}");
    }
    let untyped =
        scene.front_proxy().send(reqwest::Method::POST, SOLVER, &CERT_MANAGER_HEADERS, &body).await;
    assert_eq!(untyped.status, 201);
}

#[tokio::test]
async fn a_body_is_no_larger_than_in_kubernetes() {
    let scene = Scene::start().await;
    let pad = |size: usize| {
        let mut body: Value = serde_json::from_str(&payload("Present", "value")).unwrap();
        body["padding"] = "x".repeat(size).into();
        body.to_string()
    };
    assert_eq!(post(&scene, &pad((3 << 20) - 4096)).await.status, 201);
    let answer = post(&scene, &pad(3 << 20)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.message(), "the body of the request is larger than 3145728 bytes");
}

#[tokio::test]
async fn nothing_is_done_on_trial() {
    let scene = Scene::start().await;
    let path = format!("{SOLVER}?dryRun=All");
    let answer =
        scene.front_proxy().post(&path, &CERT_MANAGER_HEADERS, &payload("Present", "value")).await;
    assert_eq!(answer.status, 400);
    assert!(scene.sandbox.dnspod_calls().is_empty());
    let slash = format!("{SOLVER}/");
    let answer =
        scene.front_proxy().post(&slash, &CERT_MANAGER_HEADERS, &payload("Present", "value")).await;
    assert_eq!(answer.status, 201, "a slash at the end changes nothing");
}
