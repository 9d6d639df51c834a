//! A certificate without cert-manager's help.

use std::sync::Arc;
use std::time::Duration;

use acme_core::SystemClock;
use webhook_server::{
    CHALLENGE_BUDGET, CertificateSource, DnspodOptions, Kubernetes, SelfSigned, Settings,
    StartError, TrustSources, Webhook,
};

use crate::cluster::Cluster;
use crate::scene::until;

const SECRET: &str = "webhooks/self-signed";

async fn start(cluster: &Cluster) -> Result<Webhook, StartError> {
    let kubernetes = Kubernetes {
        core: cluster.config(),
        authentication: cluster.config(),
        authorization: cluster.config(),
    };
    Webhook::start(Settings {
        groups: vec!["acme.a.example".to_owned(), "acme.b.example".to_owned()],
        address: "127.0.0.1:0".parse().unwrap(),
        certificate: CertificateSource::SelfSigned(SelfSigned {
            namespace: "webhooks".to_owned(),
            secret: "self-signed".to_owned(),
            dns_names: vec!["dnspod.webhooks.svc".to_owned()],
        }),
        trust: TrustSources { skip_lookup: true, ..TrustSources::default() },
        kubernetes,
        dnspod: DnspodOptions::default(),
        clock: Arc::new(SystemClock),
        challenge_budget: CHALLENGE_BUDGET,
        shutdown_delay: Duration::ZERO,
    })
    .await
}

/// Connects as the kube-apiserver does: with the CA of the APIService and the Service's name.
async fn is_believed(cluster: &Cluster, webhook: &Webhook) -> bool {
    let Some(bundle) = cluster.ca_bundle("v1alpha1.acme.a.example") else { return false };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(crate::client::tls_by_bundle(&bundle))
        .no_proxy()
        .resolve("dnspod.webhooks.svc", webhook.address())
        .build()
        .unwrap();
    let url = format!("https://dnspod.webhooks.svc:{}/livez", webhook.address().port());
    client.get(url).send().await.is_ok_and(|response| response.status() == 200)
}

#[tokio::test]
async fn replicas_share_one_certificate_that_the_apiservices_trust() {
    let cluster = Cluster::start().await;
    let (first, second) = tokio::join!(start(&cluster), start(&cluster));
    let (first, second) = (first.unwrap(), second.unwrap());
    for webhook in [&first, &second] {
        until("the webhook is believed", async || is_believed(&cluster, webhook).await).await;
    }
    let bundle = cluster.secret_value(SECRET, "ca.crt").unwrap();
    for api_service in ["v1alpha1.acme.a.example", "v1alpha1.acme.b.example"] {
        assert_eq!(cluster.ca_bundle(api_service).as_ref(), Some(&bundle));
    }
}

#[tokio::test]
async fn a_certificate_that_is_there_is_used() {
    let cluster = Cluster::start().await;
    start(&cluster).await.unwrap().stop().await;
    let made = cluster.secret_value(SECRET, "tls.crt").unwrap();
    let webhook = start(&cluster).await.unwrap();
    until("the webhook is believed", async || is_believed(&cluster, &webhook).await).await;
    assert_eq!(cluster.secret_value(SECRET, "tls.crt"), Some(made));
    assert!(cluster.calls("patch secret").is_empty());
}

#[tokio::test]
async fn a_secret_with_something_else_in_it_is_completed() {
    let cluster = Cluster::start().await;
    cluster.put_secret(SECRET, &[("tls.crt", ""), ("other", "kept")]);
    let webhook = start(&cluster).await.unwrap();
    until("the webhook is believed", async || is_believed(&cluster, &webhook).await).await;
    assert_eq!(cluster.secret_value(SECRET, "other").as_deref(), Some("kept"));
}

#[tokio::test]
async fn it_does_not_start_without_the_right_to_keep_one() {
    let cluster = Cluster::start().await;
    cluster.break_calls("create secret", 403);
    let error = start(&cluster).await.err().expect("it must not start").to_string();
    assert_eq!(
        error,
        "the self-signed serving certificate: Secret webhooks/self-signed: create secret is refused by the test"
    );
}
