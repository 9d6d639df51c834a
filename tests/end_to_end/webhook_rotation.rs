//! New keys while the webhook runs: of kube-apiserver as its caller, and its own.

use std::time::Duration;

use e2e::control_plane::{ControlPlane, ControlPlaneOptions, shared};
use e2e::harness::Test;
use e2e::real_part::RealPart::KubeApiserver;
use e2e::webhook::Webhook;
use reqwest::Method;
use sandbox::Sandbox;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [KubeApiserver] a_new_front_proxy_ca_is_believed_without_a_restart;
        [KubeApiserver] a_new_serving_certificate_is_shown_without_a_restart;
    }
}

const LIMIT: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(50);

async fn a_new_front_proxy_ca_is_believed_without_a_restart() {
    let mut plane = ControlPlane::start(ControlPlaneOptions::default()).await.unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    let group = "acme.rotated.example";
    let webhook = Webhook::start(&plane, "default", &[group], &sandbox).await.unwrap();
    let path = format!("/apis/{group}/v1alpha1");
    plane.admin().request(Method::GET, &path, None).await.unwrap();
    let old = plane.front_proxy_certificate("front-proxy-client").unwrap();

    plane.rotate_front_proxy_ca().await.unwrap();

    let new = plane.front_proxy_certificate("front-proxy-client").unwrap();
    let proxy = |own| {
        let caller = webhook.caller(Some(own)).unwrap();
        caller.header("x-remote-user", "admin").header("x-remote-group", "system:masters")
    };
    let (old, new) = (proxy(&old), proxy(&new));
    let believed = async {
        while new.get(&path).await.unwrap().code != 200 {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(LIMIT, believed).await.expect("the new CA is believed");
    assert_eq!(old.get(&path).await.unwrap().code, 200, "the old one is published beside it");
    // A kube-apiserver that starts now has no other certificate than the new one.
    plane.stop_apiserver().await;
    plane.start_apiserver().await.unwrap();
    plane.admin().request(Method::GET, &path, None).await.unwrap();
}

async fn a_new_serving_certificate_is_shown_without_a_restart() {
    let plane = shared().await.unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    let namespace = plane.namespace("serving").await.unwrap();
    let group = format!("acme.{namespace}.example");
    let mut webhook = Webhook::start(&plane, &namespace, &[&group], &sandbox).await.unwrap();
    let old = shown(&webhook).await;

    let next = plane.serving_certificate(&namespace, "cert-manager-webhook-dnspod").unwrap();
    webhook.change_certificate(&next).unwrap();

    let path = format!("/apis/{group}/v1alpha1");
    let changed = async {
        while shown(&webhook).await == old {
            plane.admin().request(Method::GET, &path, None).await.unwrap();
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(LIMIT, changed).await.expect("the new certificate is shown");
    let expected = e2e::oracle::certificates(&next.certificate).unwrap();
    assert_eq!(shown(&webhook).await, expected[0].as_ref());
    plane.admin().request(Method::GET, &path, None).await.unwrap();
    webhook.unregister(&plane).await.unwrap();
}

/// The certificate that somebody sees who was not there before: a resumed session would not show it again.
async fn shown(webhook: &Webhook) -> Vec<u8> {
    webhook.caller(None).unwrap().get("/readyz").await.unwrap().certificate
}
