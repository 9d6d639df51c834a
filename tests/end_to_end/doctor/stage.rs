//! Certificates that wait for something, and what the doctor says of them.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use e2e::cert_manager::{SharedCertManager, acme_cluster_issuer, certificate, shared};
use e2e::certctl::program;
use e2e::control_plane::{CLUSTER_ISSUERS, ControlPlane, KubeClient};
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::process::last_lines;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::process::Command;

/// Before 1.21 cert-manager sleeps a minute when it has seen the record.
pub(super) const LIMIT: Duration = Duration::from_secs(150);

/// How often the doctor is asked again: each time it reads the cluster.
const PAUSE: Duration = Duration::from_millis(200);

/// A zone, a CA, a namespace and a group of a test's own.
pub(super) struct Stage {
    pub(super) shared: Arc<SharedCertManager>,
    pub(super) namespace: String,
    pub(super) group: String,
    pub(super) zone: String,
    pub(super) pebble: Pebble,
    pub(super) sandbox: Sandbox,
}

impl Stage {
    pub(super) async fn new(prefix: &str) -> Self {
        let shared = shared().await.unwrap();
        let namespace = shared.plane.namespace(prefix).await.unwrap();
        let zone = format!("{namespace}.example");
        let sandbox = Sandbox::builder()
            .zone(zone.as_str())
            .zone(format!("locked-{zone}"))
            .start()
            .await
            .unwrap();
        shared.dns.serve(&zone, sandbox.resolver());
        let options = PebbleOptions {
            dns: sandbox.name_servers()[0],
            nonce_reject: Some(0),
            // A renewal has a challenge, too.
            authz_reuse: Some(0),
            ..PebbleOptions::default()
        };
        let pebble = Pebble::start(options).await.unwrap();
        let group = format!("{namespace}.e2e.example");
        Self { shared, namespace, group, zone, pebble, sandbox }
    }

    pub(super) fn admin(&self) -> &KubeClient {
        self.shared.plane.admin()
    }

    /// A `solver` of the group's webhook, as it stands in an Issuer.
    pub(super) fn solver(&self, name: &str, config: &Value) -> Value {
        json!({ "dns01": { "webhook": {
            "groupName": self.group, "solverName": name, "config": config,
        } } })
    }

    /// Makes a `ClusterIssuer` at Pebble called `<namespace>-<name>`, and waits until it is ready.
    pub(super) async fn issuer(&self, name: &str, solver: Value) {
        let full = format!("{}-{name}", self.namespace);
        let issuer = acme_cluster_issuer(&full, &self.pebble, &json!([solver]));
        self.admin().create(&issuer).await.unwrap();
        let path = CLUSTER_ISSUERS.named(&full);
        self.admin().until_condition(&path, "Ready", LIMIT).await.unwrap();
    }

    /// Asks for the Certificate `name` for `domain`, by the issuer of that name.
    pub(super) async fn ask(&self, name: &str, issuer: &str, domain: &str) {
        let issuer =
            json!({ "kind": "ClusterIssuer", "name": format!("{}-{issuer}", self.namespace) });
        let wanted = certificate(&self.namespace, name, &issuer, &[domain]);
        self.admin().create(&wanted).await.unwrap();
    }

    /// What the doctor says of a Certificate, once it names this cause.
    pub(super) async fn until(&self, name: &str, cause: &str) -> Value {
        until(&self.shared, &self.namespace, name, cause).await
    }

    /// Takes the group from its webhook, which goes away.
    pub(super) async fn end(self) {
        self.shared.plane.unregister(&self.group).await.unwrap();
    }
}

/// What the doctor says of a Certificate, once it names this cause.
pub(super) async fn until(
    shared: &SharedCertManager,
    namespace: &str,
    name: &str,
    cause: &str,
) -> Value {
    until_at(&shared.plane, namespace, name, cause)
        .await
        .unwrap_or_else(|last| panic!("not {cause}: {last:#}\n{}", last_lines(&shared.log())))
}

/// As [`until`], at any control plane; what was said last where it is not in time.
pub(super) async fn until_at(
    plane: &ControlPlane,
    namespace: &str,
    name: &str,
    cause: &str,
) -> Result<Value, Value> {
    // Building it takes longer than what is waited for.
    program().await.unwrap();
    let mut last = Value::Null;
    let found = async {
        loop {
            last = doctor(plane, namespace, name).await;
            if last["cause"] == cause {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let in_time = tokio::time::timeout(LIMIT, found).await.is_ok();
    if in_time { Ok(last) } else { Err(last) }
}

/// What the doctor says of a Certificate. Its exit code is the one that it names.
pub(super) async fn doctor(plane: &ControlPlane, namespace: &str, name: &str) -> Value {
    let output = Command::new(program().await.unwrap())
        .env_clear()
        .args(["doctor", "--json", "--namespace", namespace, name, "--kubeconfig"])
        .arg(plane.admin_kubeconfig())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let found: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}\n{errors}"));
    assert_eq!(output.status.code().map(i64::from), found["exit"].as_i64(), "{found}\n{errors}");
    found
}
