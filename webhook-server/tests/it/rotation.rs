//! Certificates that change while the webhook runs.

use std::fs;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use webhook_server::TrustSources;

use crate::client::tls;
use crate::pki::Ca;
use crate::scene::{CERT_MANAGER_HEADERS, Choices, SOLVER, Scene, payload, publish, until};

/// The certificate that is shown now.
async fn served(scene: &Scene) -> CertificateDer<'static> {
    let connector = TlsConnector::from(Arc::new(tls(&scene.serving_ca, None, &[])));
    let stream = TcpStream::connect(scene.webhook.address()).await.unwrap();
    let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn a_new_serving_certificate_is_used_without_a_restart() {
    let scene = Scene::start().await;
    let renewed = scene.serving_ca.server("renewed");
    assert_ne!(&served(&scene).await, renewed.certificate.der());
    // Half of a change, as somebody sees it who looks between two files.
    fs::write(scene.folder.path().join("tls.key"), renewed.key.serialize_pem()).unwrap();
    assert_ne!(&served(&scene).await, renewed.certificate.der());
    scene.replace_serving_certificate(&renewed);
    until("the new certificate is served", async || {
        &served(&scene).await == renewed.certificate.der()
    })
    .await;
}

#[tokio::test]
async fn new_cas_of_callers_are_learned_without_a_restart() {
    let scene = Scene::start().await;
    let new_ca = Ca::new("front-proxy-ca");
    let new_proxy = new_ca.client("front-proxy-client", &[]);
    let post = async |identity| {
        let body = payload("Present", "value");
        scene.client(Some(identity)).post(SOLVER, &CERT_MANAGER_HEADERS, &body).await.status
    };
    assert_eq!(post(&new_proxy).await, 401);
    publish(&scene.cluster, &scene.client_ca, &new_ca);
    until("the new front proxy is believed", async || post(&new_proxy).await == 201).await;
    assert_eq!(post(&scene.front_proxy).await, 401, "the old one is believed no more");
    assert_eq!(scene.cluster.calls("list").len(), 1, "it was learned by watching");
}

#[tokio::test]
async fn cas_that_cannot_be_read_leave_the_known_ones() {
    let scene = Scene::start().await;
    scene.cluster.publish(&[("client-ca-file", "nonsense")]);
    let other = Ca::new("kubernetes");
    scene.cluster.publish(&[
        ("client-ca-file", &other.pem()),
        ("requestheader-client-ca-file", &scene.front_proxy_ca.pem()),
        ("requestheader-username-headers", r#"["X-Remote-User"]"#),
        ("requestheader-allowed-names", "nonsense"),
    ]);
    assert_eq!(scene.solve("Present", "value").await.status, 201);
}

#[tokio::test]
async fn cas_in_files_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.crt");
    let (old, new) = (Ca::new("old"), Ca::new("new"));
    fs::write(&file, old.pem()).unwrap();
    let trust = TrustSources { client_ca_file: Some(file.clone()), ..TrustSources::default() };
    let scene = Scene::start_with(Choices { trust, ..Choices::default() }).await;
    scene.wait_until_ready().await;
    let post = async |ca: &Ca| {
        let admin = ca.client("admin", &["system:masters"]);
        scene.client(Some(&admin)).post(SOLVER, &[], &payload("Present", "value")).await.status
    };
    assert_eq!(post(&old).await, 201);
    assert_eq!(post(&scene.client_ca).await, 401, "the file comes before the ConfigMap");
    fs::write(&file, new.pem()).unwrap();
    until("the new CA is believed", async || post(&new).await == 201).await;
    assert_eq!(post(&old).await, 401);
}
