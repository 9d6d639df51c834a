//! Stopping without anybody being left without an answer.

use tokio::net::TcpStream;

use crate::scene::Scene;

#[tokio::test]
async fn what_has_begun_is_answered_and_nothing_else_is_accepted() {
    let scene = Scene::start().await;
    scene.sandbox.set_fault("round-trip=300").unwrap();
    let address = scene.webhook.address();
    let Scene { cluster, sandbox, webhook, front_proxy, serving_ca, .. } = scene;
    let client =
        crate::client::Client::new(&format!("https://{address}"), &serving_ca, Some(&front_proxy));
    let solving = tokio::spawn(async move {
        let body = crate::scene::payload("Present", "value");
        client.post(crate::scene::SOLVER, &crate::scene::CERT_MANAGER_HEADERS, &body).await
    });
    crate::scene::until("DNSPod is asked", async || {
        !cluster.calls("secret").is_empty() && !sandbox.dnspod_calls().is_empty()
    })
    .await;
    webhook.stop().await;
    assert_eq!(solving.await.unwrap().json()["response"]["success"], true);
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["value"]);
}
