//! What DNSPod refuses is known before the CA has made an order of it.

use acme_core::dns01::DnsProviderError;
use acme_core::issue::IssueError;

use crate::scene::Scene;

#[tokio::test]
async fn a_refused_credential_spends_no_order_and_is_tried_once() {
    let mut scene = Scene::start().await;
    scene.secret_key = "not-the-secret-key".to_owned();
    let error = scene.run(&scene.request(&["ws.example", "*.ws.example"])).await.unwrap_err();
    let IssueError::DnsProvider { source: DnsProviderError::CredentialRefused { .. }, .. } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(scene.requests("/new-order"), 0);
    assert_eq!(scene.sandbox.dnspod_calls().len(), 1);
}

#[tokio::test]
async fn a_zone_of_somebody_else_spends_no_order() {
    let scene = Scene::with(sandbox::Sandbox::builder().foreign_zone("other.test")).await;
    let error = scene.run(&scene.request(&["other.test"])).await.unwrap_err();
    let IssueError::DnsProvider { source: DnsProviderError::NotPermitted { .. }, .. } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(scene.requests("/new-order"), 0);
}
