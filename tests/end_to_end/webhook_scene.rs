//! What tests of the webhook's faults share: a zone, a CA, an Issuer and a webhook that no other test has, and
//! Certificates that are asked for.

use std::time::Duration;

use acme_core::{Clock as _, SystemClock};
use e2e::cert_manager::{CertManager, NAMESPACE, acme_cluster_issuer, certificate, issued};
use e2e::control_plane::{
    CERTIFICATES, CHALLENGES, ControlPlane, ControlPlaneOptions, KubeClient, ObjectPath, Routing,
    SECRETS, secret,
};
use e2e::dns_relay::DnsRelay;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::webhook::{SOLVER, Webhook};
use sandbox::{Builder, Sandbox};
use serde_json::{Value, json};

/// cert-manager waits 5 s, 10 s, 20 s, 40 s before it tries a challenge again, and before 1.21 a minute once it has seen
/// the record.
pub(crate) const LIMIT: Duration = Duration::from_secs(150);
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// A webhook and a zone that no other test has, and a namespace for Certificates.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) webhook: Webhook,
    /// Of the Certificates; the Issuer and its Secret have the same name.
    pub(crate) namespace: String,
    pub(crate) zone: String,
    pub(crate) group: String,
    admin: KubeClient,
    pebble: Pebble,
}

impl Scene {
    /// `wait` is how long cert-manager waits once it has presented. There is an Issuer, and no Secret yet.
    pub(crate) async fn new(
        plane: &ControlPlane,
        dns: &DnsRelay,
        prefix: &str,
        wait: &str,
        zones: fn(Builder, &str) -> Builder,
    ) -> Self {
        let zone = format!("{prefix}.example");
        let sandbox = zones(Sandbox::builder(), &zone).start().await.unwrap();
        dns.serve(&zone, sandbox.resolver());
        let options = PebbleOptions {
            dns: sandbox.name_servers()[0],
            nonce_reject: Some(0),
            // Every order has its challenges.
            authz_reuse: Some(0),
            ..PebbleOptions::default()
        };
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
        let admin = plane.admin().clone();
        admin.create(&acme_cluster_issuer(&namespace, &pebble, &solvers)).await.unwrap();
        Self { sandbox, webhook, namespace, zone, group, admin, pebble }
    }

    /// Makes the Secret of the Issuer, or changes it.
    pub(crate) async fn write_secret(&self, key: &str) {
        let credential = [("id", self.sandbox.secret_id()), ("key", key)];
        let object = secret(NAMESPACE, &self.namespace, &credential);
        self.admin.apply(&object).await.unwrap();
    }

    /// Asks for a Certificate of this name, for the zone's apex.
    pub(crate) async fn ask(&self, name: &str) {
        let issuer = json!({ "kind": "ClusterIssuer", "name": self.namespace });
        let object = certificate(&self.namespace, name, &issuer, &[&self.zone]);
        self.admin.create(&object).await.unwrap();
    }

    /// The only challenge there is, waited for.
    pub(crate) async fn challenge(&self) -> ObjectPath {
        let found = async {
            loop {
                let all = self.admin.list(&CHALLENGES.all_within(&self.namespace)).await.unwrap();
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
    pub(crate) async fn until_reason(&self, challenge: &ObjectPath, says: &str) {
        let is_said = |challenge: Option<&Value>| {
            let reason = challenge.and_then(|challenge| challenge["status"]["reason"].as_str());
            reason.is_some_and(|reason| reason.contains(says))
        };
        self.admin.until(challenge, says, LIMIT, is_said).await.unwrap();
    }

    /// Waits until DNSPod has a record.
    pub(crate) async fn until_committed(&self) {
        let committed = async {
            while self.values().is_empty() {
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(LIMIT, committed).await.expect("DNSPod has the record");
    }

    /// Waits until the Certificate is ready, looks at what was issued, and waits until no record is left.
    pub(crate) async fn until_issued(&self, name: &str) {
        let path = CERTIFICATES.within(&self.namespace, name);
        let ready = self.admin.until_condition(&path, "Ready", LIMIT).await;
        ready.unwrap_or_else(|error| panic!("{error}\n{:#?}", self.webhook.log()));
        let secret = self.admin.get(&SECRETS.within(&self.namespace, name)).await.unwrap();
        let root = self.pebble.issuing_root(0).await.unwrap();
        issued(&secret).unwrap().verify(&root, &[&self.zone], SystemClock.now()).unwrap();
        let gone = async {
            while !self.values().is_empty() {
                tokio::time::sleep(POLL).await;
            }
        };
        let gone = tokio::time::timeout(LIMIT, gone).await;
        gone.unwrap_or_else(|_| panic!("the record stays\n{:#?}", self.webhook.log()));
    }

    /// What is at DNSPod.
    pub(crate) fn values(&self) -> Vec<String> {
        self.sandbox.txt_values(&format!("_acme-challenge.{}", self.zone))
    }

    /// The lines that the webhook wrote about challenges that failed.
    pub(crate) fn failures(&self) -> Vec<Value> {
        let log = self.webhook.log().into_iter();
        log.filter(|line| line["message"] == "a challenge failed").collect()
    }

    /// Waits until the lines about failed challenges are so, and returns them.
    pub(crate) async fn until_failures(
        &self,
        what: &str,
        are_so: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let seen = async {
            loop {
                let failures = self.failures();
                if are_so(&failures) {
                    return failures;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let seen = tokio::time::timeout(LIMIT, seen).await;
        seen.unwrap_or_else(|_| panic!("{what}: {:#?}", self.failures()))
    }

    pub(crate) async fn end(self, plane: &ControlPlane) {
        self.webhook.unregister(plane).await.unwrap();
    }
}

/// A control plane with a cert-manager, for a test that stops or crashes part of it.
pub(crate) struct OwnCluster {
    pub(crate) plane: ControlPlane,
    pub(crate) dns: DnsRelay,
    _cert_manager: CertManager,
}

impl OwnCluster {
    pub(crate) async fn start(routing: Routing) -> Self {
        let plane = ControlPlane::start(ControlPlaneOptions { routing }).await.unwrap();
        let dns = DnsRelay::start().await.unwrap();
        let cert_manager = CertManager::start(&plane, dns.address(), &[]).await.unwrap();
        Self { plane, dns, _cert_manager: cert_manager }
    }
}
