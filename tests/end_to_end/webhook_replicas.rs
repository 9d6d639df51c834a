//! Two replicas of our webhook work for one API group and know nothing of each other.

use e2e::control_plane::{Routing, secret, shared};
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, KubeApiserver, Pebble, RoutableAddress};
use e2e::webhook::{Answer, Challenge, Webhook, challenge_path};
use sandbox::Sandbox;
use serde_json::json;

use crate::webhook_scene::{OwnCluster, Scene};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Pebble, RoutableAddress] a_replica_that_dies_in_a_challenge_is_stood_in_for_by_the_other;
        [KubeApiserver] replicas_that_are_asked_the_same_at_once_make_one_record_and_leave_none;
    }
}

async fn a_replica_that_dies_in_a_challenge_is_stood_in_for_by_the_other() {
    let cluster = OwnCluster::start(Routing::Endpoints).await;
    let plane = &cluster.plane;
    let mut scene =
        Scene::new(plane, &cluster.dns, "dying-replica", "0s", |all, zone| all.zone(zone)).await;
    let mut other = scene.webhook.another(plane, &scene.sandbox).await.unwrap();
    scene.write_secret(scene.sandbox.secret_key()).await;
    // The call that creates the record gets no answer, and whoever made it waits.
    scene.sandbox.set_fault("dnspod-timeout-after-commit").unwrap();
    scene.ask("wanted").await;
    scene.until_committed().await;

    // kube-apiserver has chosen one of them.
    let has_called = [&scene.webhook, &other].map(has_called_dnspod);
    assert_eq!(has_called.iter().filter(|has| **has).count(), 1, "{has_called:?}");
    if has_called[1] {
        std::mem::swap(&mut scene.webhook, &mut other);
    }
    let mut lost = std::mem::replace(&mut scene.webhook, other);
    lost.lose(plane).await.unwrap();

    scene.until_issued("wanted").await;
    assert!(has_called_dnspod(&scene.webhook));
    scene.end(plane).await;
}

async fn replicas_that_are_asked_the_same_at_once_make_one_record_and_leave_none() {
    let plane = shared().await.unwrap();
    let namespace = plane.namespace("replicas").await.unwrap();
    let group = format!("acme.{namespace}.example");
    let sandbox = Sandbox::start().await.unwrap();
    let credential = [("id", sandbox.secret_id()), ("key", sandbox.secret_key())];
    plane.admin().create(&secret(&namespace, "dnspod", &credential)).await.unwrap();
    let one = Webhook::start(&plane, &namespace, &[&group], &sandbox).await.unwrap();
    let two = one.another(&plane, &sandbox).await.unwrap();
    let challenge = |key: &str| Challenge {
        name: "_acme-challenge.ws.example".to_owned(),
        zone: "ws.example".to_owned(),
        key: key.to_owned(),
        namespace: namespace.clone(),
        config: json!({
            "secretIdRef": { "name": "dnspod", "key": "id" },
            "secretKeyRef": { "name": "dnspod", "key": "key" },
        }),
    };
    let front_proxy = plane.front_proxy_certificate("front-proxy-client").unwrap();
    let callers = [&one, &two].map(|replica| {
        let caller = replica.caller(Some(&front_proxy)).unwrap();
        caller.header("x-remote-user", "admin").header("x-remote-group", "system:masters")
    });
    let path = challenge_path(&group);
    let both = async |action: &str, key: &str| {
        let [one, two] =
            callers.each_ref().map(|caller| caller.post(&path, challenge(key).body(action)));
        let answers = tokio::join!(one, two);
        [answers.0.unwrap(), answers.1.unwrap()]
    };
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "another-client").unwrap();
    // Long enough that each is at work before the other is done.
    sandbox.set_fault("round-trip=50").unwrap();
    // A record that no list shows yet, which is how one meets the other's.
    sandbox.set_fault("dnspod-index-delay").unwrap();

    for (key, held_up) in [("first", false), ("second", true)] {
        let answers = both("Present", key).await;
        assert!(answers.iter().all(is_success), "{answers:?}");
        assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["another-client", key]);
        if held_up {
            // The one that knows the record has to wait, while the other one looks for it.
            sandbox.set_fault("dnspod-zone-busy").unwrap();
        }
        let answers = both("CleanUp", key).await;
        assert!(answers.iter().all(is_success), "{answers:?}");
        assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["another-client"]);
    }
    one.unregister(&plane).await.unwrap();
}

fn has_called_dnspod(replica: &Webhook) -> bool {
    replica.log().iter().any(|line| line["action"].is_string() && line["message"] == "answered")
}

fn is_success(answer: &Answer) -> bool {
    answer.code == 201 && answer.body["response"]["success"] == true
}
