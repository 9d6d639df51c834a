//! `waitForPropagation`: Present returns once every name server answers.

use std::time::Duration;

use serde_json::json;
use webhook_server::DnspodOptions;

use crate::scene::{Choices, Scene, api_key, until};

#[tokio::test]
async fn present_returns_when_every_name_server_answers() {
    let scene = Scene::start().await;
    let mut config = api_key();
    config["waitForPropagation"] = json!(true);
    assert!(scene.sandbox.freeze_name_server(1));
    let presented = scene.outcome_with("Present", &config);
    let released = async {
        until("the name servers are asked", async || scene.sandbox.dns_queries() >= 4).await;
        assert!(scene.sandbox.release_name_server(1));
    };
    let (presented, ()) = tokio::join!(presented, released);
    assert_eq!(presented, Ok(()));
    assert_eq!(scene.outcome_with("CleanUp", &config).await, Ok(()));
}

#[tokio::test]
async fn a_name_server_that_is_behind_is_named_in_the_same_words() {
    let dnspod =
        DnspodOptions { propagation_limit: Duration::from_secs(2), ..DnspodOptions::default() };
    let scene = Scene::start_with(Choices { dnspod, ..Choices::default() }).await;
    scene.wait_until_ready().await;
    let mut config = api_key();
    config["waitForPropagation"] = json!("true");
    assert!(scene.sandbox.freeze_name_server(1));
    for _ in 0..2 {
        assert_eq!(
            scene.outcome_with("Present", &config).await.unwrap_err(),
            "the TXT record _acme-challenge.ws.example is at DNSPod, and these name servers of its zone are behind: \
                 127.0.0.1 (does not answer it yet) (cert-manager asks again)"
        );
    }
    assert!(scene.sandbox.release_name_server(1));
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
}

#[tokio::test]
async fn nobody_waits_who_did_not_ask_for_it() {
    let scene = Scene::start().await;
    assert!(scene.sandbox.freeze_name_server(1));
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()));
    assert_eq!(scene.sandbox.dns_queries(), 0);
}
