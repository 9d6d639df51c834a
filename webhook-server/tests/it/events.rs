//! Events on the Challenge that a call is about.

use serde_json::{Value, json};

use crate::scene::{Scene, api_key, until};

impl Scene {
    /// Fails with a text that has `name` in it.
    async fn fail(&self, name: &str) {
        let mut config = api_key();
        config["secretKeyRef"]["name"] = json!(name);
        config["secretIdRef"]["name"] = json!(name);
        assert!(self.outcome_with("Present", &config).await.is_err());
    }

    /// All Events, once there are so many.
    async fn events(&self, count: usize) -> Vec<Value> {
        until("the Events are written", async || self.cluster.calls("event").len() >= count).await;
        self.cluster.calls("event").into_iter().map(|call| call.body).collect()
    }
}

#[tokio::test]
async fn a_failure_stands_on_its_challenge_once() {
    let scene = Scene::start().await;
    scene.cluster.put_challenge("cert-manager", "other", "ws.example", "of another order");
    scene.cluster.put_challenge("tenant", "ws-1-2", "ws.example", "value");
    scene.fail("absent").await;
    let event = scene.events(1).await.remove(0);
    assert_eq!(
        event["involvedObject"],
        json!({
            "apiVersion": "acme.cert-manager.io/v1", "kind": "Challenge", "name": "ws-1-2",
            "namespace": "tenant", "uid": "uid of ws-1-2",
        })
    );
    assert_eq!((&event["type"], &event["reason"]), (&json!("Warning"), &json!("SecretUnusable")));
    let message = event["message"].as_str().unwrap();
    assert!(message.starts_with("Secret cert-manager/absent does not exist"), "{message}");
    scene.fail("absent").await;
    scene.fail("another").await;
    let events = scene.events(2).await;
    assert!(events[1]["message"].as_str().unwrap().contains("/another "), "{events:?}");
    let Scene { webhook, cluster, .. } = scene;
    webhook.stop().await;
    assert_eq!(cluster.calls("event").len(), 2);
}

#[tokio::test]
async fn keys_without_a_meaning_are_named() {
    let scene = Scene::start().await;
    scene.cluster.put_challenge("cert-manager", "ws-1-2", "ws.example", "value");
    let mut config = api_key();
    config["nameserver"] = json!("a secret that somebody put here");
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
    let event = scene.events(1).await.remove(0);
    assert_eq!(event["reason"], "UnknownConfigKeys");
    assert_eq!(
        event["message"],
        "the Issuer's webhook config has keys that mean nothing to this webhook: nameserver"
    );
}

#[tokio::test]
async fn who_may_not_is_not_asked_again_and_again() {
    for kind in ["challenges of a namespace", "event"] {
        let scene = Scene::start().await;
        scene.cluster.put_challenge("cert-manager", "ws-1-2", "ws.example", "value");
        scene.cluster.break_calls(kind, 403);
        for name in ["a", "b", "c"] {
            scene.fail(name).await;
            until("it was refused", async || scene.cluster.calls(kind).len() == 1).await;
        }
        let Scene { webhook, cluster, .. } = scene;
        webhook.stop().await;
        assert_eq!(cluster.calls(kind).len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_namespace_is_no_path() {
    let scene = Scene::start().await;
    let mut payload = crate::scene::payload_with("Present", "value", &api_key());
    payload["request"]["resourceNamespace"] = json!("../../secrets");
    assert!(scene.outcome(&payload).await.is_err());
    let Scene { webhook, cluster, .. } = scene;
    webhook.stop().await;
    assert_eq!(cluster.calls("challenges of a namespace").len(), 0);
    assert_eq!(cluster.calls("challenges").len(), 1);
}
