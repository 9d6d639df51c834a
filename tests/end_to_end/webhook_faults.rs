//! What goes wrong between cert-manager, our webhook and DNSPod is said where people look, ends by itself once it is
//! mended, and is not asked for without a pause.

use std::sync::Arc;
use std::time::Duration;

use e2e::cert_manager::{NAMESPACE, SharedCertManager, acme_cluster_issuer, shared};
use e2e::control_plane::{CERTIFICATES, CHALLENGES, KubeClient, NAMESPACES, ObjectPath, secret};
use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::RealPart::{CertManager, KubeControllerManager, Pebble as RealPebble};
use e2e::webhook::{SOLVER, Webhook};
use sandbox::{Builder, Sandbox};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, RealPebble] a_secret_that_is_missing_then_wrong_is_named_and_used_when_it_is_mended;
        [CertManager, RealPebble, KubeControllerManager] a_namespace_is_deleted_though_the_zone_of_its_challenge_is_gone;
        [CertManager, RealPebble] a_crash_between_dnspods_commit_and_its_answer_costs_only_time;
        [CertManager, RealPebble] what_cannot_succeed_is_not_tried_without_a_pause;
    }
}

/// cert-manager waits 5 s, 10 s, 20 s before it tries a challenge again, and before 1.21 sleeps a minute when it has seen
/// the record.
const LIMIT: Duration = Duration::from_secs(150);
const POLL: Duration = Duration::from_millis(50);

/// A webhook and a zone that no other test has, and a namespace for a Certificate.
struct Scene {
    shared: Arc<SharedCertManager>,
    sandbox: Sandbox,
    /// Of the Certificate.
    namespace: String,
    zone: String,
    webhook: Webhook,
    _pebble: Pebble,
}

impl Scene {
    /// `wait` is how long cert-manager waits once it has presented. There is an Issuer, and no Secret yet.
    async fn new(prefix: &str, wait: &str, zones: fn(Builder, &str) -> Builder) -> Self {
        let shared = shared().await.unwrap();
        let plane = &shared.plane;
        let zone = format!("{prefix}.example");
        let sandbox = zones(Sandbox::builder(), &zone).start().await.unwrap();
        shared.dns.serve(&zone, sandbox.resolver());
        let dns = sandbox.name_servers()[0];
        let options = PebbleOptions { dns, nonce_reject: Some(0), ..PebbleOptions::default() };
        let pebble = Pebble::start(options).await.unwrap();
        let own = plane.namespace(&format!("webhook-{prefix}")).await.unwrap();
        let namespace = plane.namespace(prefix).await.unwrap();
        let group = format!("acme.{namespace}.example");
        let webhook = Webhook::start(plane, &own, &[&group], &sandbox).await.unwrap();
        webhook.allow_secrets(plane, NAMESPACE).await.unwrap();
        let config = json!({
            "secretIdRef": { "name": namespace, "key": "id" },
            "secretKeyRef": { "name": namespace, "key": "key" },
        });
        let solvers = json!([{
            "dns01": { "webhook": { "groupName": group, "solverName": SOLVER, "config": config } },
            "waitInsteadOfSelfCheck": wait,
        }]);
        let issuer = acme_cluster_issuer(&namespace, &pebble, &solvers);
        plane.admin().create(&issuer).await.unwrap();
        Self { shared, sandbox, namespace, zone, webhook, _pebble: pebble }
    }

    fn admin(&self) -> &KubeClient {
        self.shared.plane.admin()
    }

    /// Makes the Secret of the Issuer, or changes it.
    async fn write_secret(&self, key: &str) {
        let credential = [("id", self.sandbox.secret_id()), ("key", key)];
        let object = secret(NAMESPACE, &self.namespace, &credential);
        self.admin().apply(&object).await.unwrap();
    }

    /// Asks for a certificate and returns the path of its challenge.
    async fn ask(&self) -> ObjectPath {
        let object = json!({
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": { "namespace": self.namespace, "name": "wanted" },
            "spec": {
                "secretName": "wanted",
                "issuerRef": { "kind": "ClusterIssuer", "name": self.namespace },
                "dnsNames": [self.zone],
            },
        });
        self.admin().create(&object).await.unwrap();
        let found = async {
            loop {
                let all = self.admin().list(&CHALLENGES.all_within(&self.namespace)).await.unwrap();
                if let [challenge] = all.as_slice() {
                    let name = challenge["metadata"]["name"].as_str().unwrap();
                    return CHALLENGES.within(&self.namespace, name);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(LIMIT, found).await.expect("a challenge")
    }

    /// Waits until the challenge's reason says this.
    async fn until_reason(&self, challenge: &ObjectPath, says: &str) {
        let is_said = |challenge: Option<&Value>| {
            let reason = challenge.and_then(|challenge| challenge["status"]["reason"].as_str());
            reason.is_some_and(|reason| reason.contains(says))
        };
        self.admin().until(challenge, says, LIMIT, is_said).await.unwrap();
    }

    async fn until_issued(&self) {
        let path = CERTIFICATES.within(&self.namespace, "wanted");
        let ready = self.admin().until_condition(&path, "Ready", LIMIT).await;
        ready.unwrap_or_else(|error| panic!("{error}\n{:#?}", self.webhook.log()));
    }

    /// What is at DNSPod.
    fn values(&self) -> Vec<String> {
        self.sandbox.txt_values(&format!("_acme-challenge.{}", self.zone))
    }

    async fn until_nothing_is_left(&self) {
        let gone = async {
            while !self.values().is_empty() {
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(LIMIT, gone).await.expect("the record is deleted");
    }

    async fn end(self) {
        self.webhook.unregister(&self.shared.plane).await.unwrap();
    }
}

async fn a_secret_that_is_missing_then_wrong_is_named_and_used_when_it_is_mended() {
    let scene = Scene::new("late-secret", "0s", |all, zone| all.zone(zone)).await;
    let name = format!("Secret {NAMESPACE}/{}", scene.namespace);
    let challenge = scene.ask().await;
    scene.until_reason(&challenge, &format!("{name} does not exist")).await;
    scene.write_secret("0123456789abcdef0123456789abcdef").await;
    scene.until_reason(&challenge, "refused the credential").await;
    scene.until_reason(&challenge, &name).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    scene.until_issued().await;
    scene.until_nothing_is_left().await;
    scene.end().await;
}

async fn a_namespace_is_deleted_though_the_zone_of_its_challenge_is_gone() {
    let mut scene = Scene::new("gone-zone", "1h", |all, zone| all.zone(zone)).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    let challenge = scene.ask().await;
    let is_presented = |challenge: Option<&Value>| {
        challenge.is_some_and(|challenge| challenge["status"]["presented"] == true)
    };
    scene.admin().until(&challenge, "presented", LIMIT, is_presented).await.unwrap();
    assert_eq!(scene.values().len(), 1);

    // The same account, without the zone.
    let (id, key) = (scene.sandbox.secret_id(), scene.sandbox.secret_key());
    let without = Sandbox::builder().credentials(id, key).start().await.unwrap();
    scene.webhook.start_again(&without).await.unwrap();
    let path = NAMESPACES.named(&scene.namespace);
    scene.admin().delete(&path).await.unwrap();
    let gone = scene.admin().until_gone(&path, LIMIT).await;
    gone.unwrap_or_else(|error| panic!("{error}\n{:#?}", scene.webhook.log()));
    assert!(!without.dnspod_calls().is_empty(), "it was asked to clean up");
    scene.end().await;
}

async fn a_crash_between_dnspods_commit_and_its_answer_costs_only_time() {
    let mut scene = Scene::new("crash", "0s", |all, zone| all.zone(zone)).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    scene.sandbox.set_fault("dnspod-timeout-after-commit").unwrap();
    scene.ask().await;
    let committed = async {
        while scene.values().is_empty() {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(LIMIT, committed).await.expect("DNSPod has the record");
    scene.webhook.kill();
    scene.webhook.start_again(&scene.sandbox).await.unwrap();
    scene.until_issued().await;
    scene.until_nothing_is_left().await;
    scene.end().await;
}

async fn what_cannot_succeed_is_not_tried_without_a_pause() {
    // Somebody else's zone.
    let scene = Scene::new("others-zone", "0s", |all, zone| all.foreign_zone(zone)).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    let challenge = scene.ask().await;
    let failures = || -> Vec<Value> {
        let log = scene.webhook.log().into_iter();
        log.filter(|line| line["message"] == "a challenge failed").collect()
    };
    let tried = async |times: usize| {
        let tries = async {
            while failures().len() < times {
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(LIMIT, tries).await.expect("cert-manager tries again");
        Instant::now()
    };
    let first = tried(1).await;
    let fourth = tried(4).await;
    // cert-manager tries again at once when the Challenge's reason has changed: the first time, and each time where the
    // text is never the same.
    assert!(fourth - first >= Duration::from_secs(10), "{:#?}", failures());
    let texts: Vec<Value> = failures().iter().map(|line| line["error"].clone()).collect();
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:#?}");
    scene.until_reason(&challenge, texts[0].as_str().unwrap()).await;
    assert!(texts[0].as_str().unwrap().contains(&scene.zone), "{texts:#?}");
    scene.end().await;
}
