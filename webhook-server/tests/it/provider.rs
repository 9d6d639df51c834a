//! DNSPod in trouble, and names and zones that are not as one expects.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use webhook_server::DnspodOptions;

use crate::scene::{Choices, Scene, api_key, payload_with};

const NAME: &str = "_acme-challenge.ws.example";

/// A webhook that waits a second for DNSPod.
async fn in_haste() -> Scene {
    let dnspod = DnspodOptions { time_limit: Duration::from_secs(1), ..DnspodOptions::default() };
    let scene = Scene::start_with(Choices { dnspod, ..Choices::default() }).await;
    scene.wait_until_ready().await;
    scene
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_record_was_made_is_no_failure_for_ever() {
    let scene = Scene::start().await;
    scene.sandbox.set_fault("dnspod-empty-body").unwrap();
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()));
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()));
    assert_eq!(scene.sandbox.txt_values(NAME), ["value"]);
    assert_eq!(scene.outcome_with("CleanUp", &api_key()).await, Ok(()));
    assert!(scene.sandbox.txt_values(NAME).is_empty());
}

#[tokio::test]
async fn trouble_that_passes_is_waited_for() {
    let scene = Scene::start().await;
    for fault in ["dnspod-throttled=2", "dnspod-internal-error=1", "dnspod-html-502=1"] {
        scene.sandbox.set_fault(fault).unwrap();
        assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()), "{fault}");
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_is_not_passed_on() {
    let scene = in_haste().await;
    scene.sandbox.set_fault("dnspod-html-502=1000").unwrap();
    let first = scene.outcome_with("Present", &api_key()).await.unwrap_err();
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Err(first.clone()));
    assert!(first.starts_with("DNSPod is unavailable: "), "{first}");
    assert!(first.ends_with(" (cert-manager asks again)"), "{first}");
    assert!(!first.contains('<'), "{first}");
}

#[tokio::test]
async fn silence_is_named_within_the_budget_and_in_the_same_words() {
    let scene = in_haste().await;
    scene.sandbox.set_fault("dnspod-hang=1000").unwrap();
    for action in ["Present", "CleanUp", "Present"] {
        let host = scene.sandbox.dnspod_endpoint().replace("http://", "");
        assert_eq!(
            scene.outcome_with(action, &api_key()).await.unwrap_err(),
            format!(
                "DNSPod is unavailable: {host}: no answer within the time limit (cert-manager asks again)"
            )
        );
    }
}

#[tokio::test]
async fn every_refusal_reads_the_same_at_the_next_try() {
    let scene = Scene::start().await;
    scene.sandbox.set_cam_policy(r#"{"version":"2.0","statement":[]}"#).unwrap();
    for action in ["Present", "CleanUp"] {
        let first = scene.outcome_with(action, &api_key()).await.unwrap_err();
        assert_eq!(scene.outcome_with(action, &api_key()).await, Err(first.clone()));
        assert!(first.starts_with("DNSPod does not permit this on zone"), "{first}");
        assert!(first.ends_with("(credential of Secret cert-manager/dnspod)"), "{first}");
    }
}

#[tokio::test]
async fn the_zone_that_cert_manager_found_is_not_believed() {
    let scene = Scene::start().await;
    for zone in ["example.", "com.", "", "sub.ws.example."] {
        let mut payload = payload_with("Present", "value", &api_key());
        payload["request"]["resolvedZone"] = json!(zone);
        assert_eq!(scene.outcome(&payload).await, Ok(()), "{zone}");
        assert_eq!(scene.sandbox.txt_values(NAME), ["value"]);
        payload["request"]["action"] = json!("CleanUp");
        assert_eq!(scene.outcome(&payload).await, Ok(()), "{zone}");
        assert!(scene.sandbox.txt_values(NAME).is_empty());
    }
}

#[tokio::test]
async fn a_record_at_the_apex_is_made_at_the_apex() {
    let scene = Scene::start().await;
    let mut payload = payload_with("Present", "value", &api_key());
    payload["request"]["resolvedFQDN"] = json!("ws.example.");
    assert_eq!(scene.outcome(&payload).await, Ok(()));
    assert_eq!(scene.sandbox.txt_values("ws.example"), ["value"]);
    assert!(scene.sandbox.txt_values("ws.example.ws.example").is_empty());
}

#[tokio::test]
async fn a_burst_is_answered_whole() {
    let scene = Scene::start().await;
    let values: Vec<String> = (0..120).map(|number| format!("value {number}")).collect();
    let outcomes = values
        .iter()
        .map(async |value| scene.outcome(&payload_with("Present", value, &api_key())).await);
    assert!(join_all(outcomes).await.iter().all(Result::is_ok));
    assert_eq!(scene.sandbox.txt_values(NAME).len(), 120);
    assert_eq!(scene.sandbox.dnspod_throttled(), 0);
}

#[tokio::test]
async fn five_thousand_records_at_other_names_are_in_nobodys_way() {
    let scene = Scene::start().await;
    for number in 0..5_000 {
        scene.sandbox.add_record(&format!("host{number}.ws.example"), "TXT", "x").unwrap();
    }
    for action in ["Present", "CleanUp"] {
        assert_eq!(scene.outcome_with(action, &api_key()).await, Ok(()));
    }
}
