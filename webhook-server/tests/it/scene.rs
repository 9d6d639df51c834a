//! A webhook that runs, with all that it needs.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use acme_core::SystemClock;
use acme_core::dns01::AuthoritativeLookup;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use webhook_server::{
    CHALLENGE_BUDGET, CertificateSource, DnspodOptions, Kubernetes, Settings, TrustSources, Webhook,
};

use crate::client::{Answer, Client};
use crate::cluster::Cluster;
use crate::pki::{Ca, Identity};

pub(crate) const GROUP: &str = "acme.a.example";
pub(crate) const SOLVER: &str = "/apis/acme.a.example/v1alpha1/dnspod";
/// The second of two groups that are served.
pub(crate) const OTHER_SOLVER: &str = "/apis/acme.b.example/v1alpha1/dnspod";
/// The sandbox's API key.
pub(crate) const SECRET_ID: &str = "AKIDsandbox";
/// See [`SECRET_ID`].
pub(crate) const SECRET_KEY: &str = "the-key-of-the-sandbox";
pub(crate) const CERT_MANAGER: &str = "system:serviceaccount:cert-manager:cert-manager";

pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    pub(crate) sandbox: Sandbox,
    pub(crate) webhook: Webhook,
    pub(crate) client_ca: Ca,
    pub(crate) front_proxy_ca: Ca,
    pub(crate) front_proxy: Identity,
    pub(crate) serving_ca: Ca,
    pub(crate) folder: TempDir,
}

/// What is different from usual.
pub(crate) struct Choices {
    pub(crate) trust: TrustSources,
    pub(crate) challenge_budget: Duration,
    /// Name servers and the legacy API are the sandbox's, and so is API 3.0 unless it is named here.
    pub(crate) dnspod: DnspodOptions,
    /// Whether the ConfigMap is there from the beginning.
    pub(crate) published: bool,
}

impl Default for Choices {
    fn default() -> Self {
        let trust = TrustSources::default();
        let dnspod = DnspodOptions::default();
        Self { trust, challenge_budget: CHALLENGE_BUDGET, dnspod, published: true }
    }
}

impl Scene {
    /// A webhook that is ready.
    pub(crate) async fn start() -> Self {
        let scene = Self::start_with(Choices::default()).await;
        scene.wait_until_ready().await;
        scene
    }

    pub(crate) async fn start_with(choices: Choices) -> Self {
        let cluster = Cluster::start().await;
        let sandbox = Sandbox::builder().credentials(SECRET_ID, SECRET_KEY);
        let sandbox = Box::pin(sandbox.start()).await.unwrap();
        cluster.allow(CERT_MANAGER);
        let credentials = [("secretId", sandbox.secret_id()), ("secretKey", sandbox.secret_key())];
        cluster.put_secret("cert-manager/dnspod", &credentials);
        let (client_ca, front_proxy_ca) = (Ca::new("kubernetes"), Ca::new("front-proxy-ca"));
        let serving_ca = Ca::new("serving");
        let front_proxy = front_proxy_ca.client("front-proxy-client", &[]);
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            groups: vec![GROUP.to_owned(), "acme.b.example".to_owned()],
            address: "127.0.0.1:0".parse().unwrap(),
            certificate: CertificateSource::Files {
                chain: folder.path().join("tls.crt"),
                key: folder.path().join("tls.key"),
            },
            trust: choices.trust,
            kubernetes: Kubernetes {
                core: cluster.config(),
                authentication: cluster.config(),
                authorization: cluster.config(),
            },
            dnspod: DnspodOptions {
                endpoint: choices
                    .dnspod
                    .endpoint
                    .or_else(|| Some(sandbox.dnspod_endpoint().parse().unwrap())),
                legacy_endpoint: Some(sandbox.dnspod_endpoint().parse().unwrap()),
                lookup: AuthoritativeLookup::builder()
                    .servers(sandbox.name_servers().iter().copied()),
                ..choices.dnspod
            },
            clock: Arc::new(SystemClock),
            challenge_budget: choices.challenge_budget,
            shutdown_delay: Duration::ZERO,
        };
        write_identity(&folder, &serving_ca.server("webhook"));
        if choices.published {
            publish(&cluster, &client_ca, &front_proxy_ca);
        }
        let webhook = Box::pin(Webhook::start(settings)).await.unwrap();
        Self {
            cluster,
            sandbox,
            webhook,
            client_ca,
            front_proxy_ca,
            front_proxy,
            serving_ca,
            folder,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.webhook.address())
    }

    /// A client with a certificate, or without one.
    pub(crate) fn client(&self, identity: Option<&Identity>) -> Client {
        Client::new(&self.url(), &self.serving_ca, identity)
    }

    /// The kube-apiserver as a client: it says by headers for whom it asks.
    pub(crate) fn front_proxy(&self) -> Client {
        self.client(Some(&self.front_proxy))
    }

    pub(crate) async fn wait_until_ready(&self) {
        let client = self.client(None);
        until("the webhook is ready", async || client.get("/readyz", &[]).await.status == 200)
            .await;
    }

    /// Puts another certificate where the webhook reads its own.
    pub(crate) fn replace_serving_certificate(&self, identity: &Identity) {
        write_identity(&self.folder, identity);
    }

    /// Sends a challenge as cert-manager does through the kube-apiserver.
    pub(crate) async fn solve(&self, action: &str, key: &str) -> Answer {
        self.front_proxy().post(SOLVER, &CERT_MANAGER_HEADERS, &payload(action, key)).await
    }

    /// Sends this request, and gives what the Challenge's status would say: nothing where it is solved.
    pub(crate) async fn outcome(&self, request: &Value) -> Result<(), String> {
        let body = request.to_string();
        let answer = self.front_proxy().post(SOLVER, &CERT_MANAGER_HEADERS, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let response = answer.json()["response"].clone();
        match response["success"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(response["status"]["message"].as_str().unwrap().to_owned()),
        }
    }

    /// What becomes of the usual challenge with this config of the Issuer.
    pub(crate) async fn outcome_with(&self, action: &str, config: &Value) -> Result<(), String> {
        self.outcome(&payload_with(action, "value", config)).await
    }
}

/// As kube-apiserver 1.36 forwards a call of cert-manager 1.21.
pub(crate) const CERT_MANAGER_HEADERS: [(&str, &str); 9] = [
    ("User-Agent", "cert-manager-challenges/v1.21.2 (linux/amd64) cert-manager/"),
    ("Accept", "application/json, */*"),
    ("Audit-Id", "d516023f-3fd5-4b80-ae05-78bb52cc7381"),
    (
        "X-Remote-Extra-Authentication.kubernetes.io%2fcredential-Id",
        "JTI=800fc2b2-ff8f-47dc-9c60-d0c2fcbb0765",
    ),
    ("X-Remote-Group", "system:serviceaccounts"),
    ("X-Remote-Group", "system:serviceaccounts:cert-manager"),
    ("X-Remote-Group", "system:authenticated"),
    ("X-Remote-Uid", "138ef7c1-077e-4aba-8507-e21c9c6d99c9"),
    ("X-Remote-User", CERT_MANAGER),
];

/// What cert-manager sends for `_acme-challenge.ws.example`.
pub(crate) fn payload(action: &str, key: &str) -> String {
    payload_with(action, key, &api_key()).to_string()
}

/// The config of an Issuer with a Tencent Cloud API key.
pub(crate) fn api_key() -> Value {
    json!({
        "secretIdRef": { "name": "dnspod", "key": "secretId" },
        "secretKeyRef": { "name": "dnspod", "key": "secretKey" },
    })
}

pub(crate) fn payload_with(action: &str, key: &str, config: &Value) -> Value {
    json!({ "request": {
        "uid": "", "action": action, "type": "dns-01", "dnsName": "ws.example", "key": key,
        "resourceNamespace": "cert-manager", "resolvedFQDN": "_acme-challenge.ws.example.",
        "resolvedZone": "ws.example.", "allowAmbientCredentials": true, "config": config,
    }})
}

/// Publishes the CAs as a kube-apiserver does.
pub(crate) fn publish(cluster: &Cluster, client_ca: &Ca, front_proxy_ca: &Ca) {
    cluster.publish(&[
        ("client-ca-file", &client_ca.pem()),
        ("requestheader-client-ca-file", &front_proxy_ca.pem()),
        ("requestheader-allowed-names", r#"["front-proxy-client"]"#),
        ("requestheader-username-headers", r#"["X-Remote-User"]"#),
        ("requestheader-uid-headers", r#"["X-Remote-Uid"]"#),
        ("requestheader-group-headers", r#"["X-Remote-Group"]"#),
        ("requestheader-extra-headers-prefix", r#"["X-Remote-Extra-"]"#),
    ]);
}

/// Waits for a condition, for ten seconds at most.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}

fn write_identity(folder: &TempDir, identity: &Identity) {
    let write = |name: &str, content: String| {
        let next = folder.path().join(format!("{name}.next"));
        fs::write(&next, content).unwrap();
        fs::rename(next, folder.path().join(name)).unwrap();
    };
    write("tls.crt", identity.certificate.pem());
    write("tls.key", identity.key.serialize_pem());
}
