//! `certctl doctor` at a real kube-apiserver and a real cert-manager: one thing is broken at a time.

use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use e2e::cert_manager::{
    ReferenceWebhook, SharedCertManager, acme_cluster_issuer, reference_config, shared,
};
use e2e::certctl::program;
use e2e::control_plane::{
    API_SERVICES, CERTIFICATE_REQUESTS, CERTIFICATES, CLUSTER_ISSUERS, CUSTOM_RESOURCE_DEFINITIONS,
    ControlPlane, ISSUERS,
};
use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::RealPart::{CertManager, Pebble as RealPebble};
use e2e::txt_hook::TxtHook;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::aggregated_server::AggregatedServer;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager] the_doctor_finds_what_is_wrong_before_the_ca_is_asked;
        [CertManager] the_doctor_finds_who_did_not_approve;
        [CertManager, RealPebble] the_doctor_follows_the_way_to_the_webhook;
        [CertManager, RealPebble] the_doctor_names_the_right_that_cert_manager_lacks;
        [CertManager, RealPebble] the_doctor_shows_what_the_webhook_says;
        [CertManager, RealPebble] the_doctor_tells_a_record_that_is_not_seen_from_one_the_ca_refused;
    }
}

const LIMIT: Duration = Duration::from_secs(90);

async fn the_doctor_finds_what_is_wrong_before_the_ca_is_asked() {
    let shared = shared().await.unwrap();
    let admin = shared.plane.admin();
    let namespace = shared.plane.namespace("doctor-issuer").await.unwrap();
    let found = doctor(&shared.plane, &namespace, "ws").await;
    assert_eq!(found["cause"], "no_such_certificate", "{found}");
    assert_eq!(found["exit"], 3, "{found}");

    let issuer = json!({ "kind": "Issuer", "name": "later" });
    admin.create(&certificate(&namespace, "ws", &issuer, "ws.example")).await.unwrap();
    let found = until(&shared, &namespace, "ws", "issuer_missing").await;
    assert!(found["what"].as_str().unwrap().contains("no Issuer later in namespace"), "{found}");

    let mut unreachable = json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": { "namespace": namespace, "name": "later" },
        "spec": { "acme": {
            "server": "https://127.0.0.1:1/dir",
            "privateKeySecretRef": { "name": "account" },
            "solvers": [],
        } },
    });
    admin.apply(&unreachable).await.unwrap();
    let found = until(&shared, &namespace, "ws", "issuer_not_ready").await;
    let until_refused = async {
        while !doctor(&shared.plane, &namespace, "ws").await["what"]
            .as_str()
            .is_some_and(|what| what.contains("connection refused"))
        {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(LIMIT, until_refused).await.unwrap_or_else(|_| panic!("{found}"));

    unreachable["spec"] = json!({ "selfSigned": {} });
    admin.delete(&ISSUERS.within(&namespace, "later")).await.unwrap();
    admin.create(&unreachable).await.unwrap();
    admin.until_condition(&CERTIFICATES.within(&namespace, "ws"), "Ready", LIMIT).await.unwrap();
    let found = doctor(&shared.plane, &namespace, "ws").await;
    assert_eq!(found["ready"], true, "{found}");
    assert_eq!(found["exit"], 0, "{found}");
}

async fn the_doctor_finds_who_did_not_approve() {
    let shared = shared().await.unwrap();
    let admin = shared.plane.admin();
    let namespace = shared.plane.namespace("doctor-denied").await.unwrap();
    // cert-manager's own approver may approve for cert-manager's Issuers alone.
    let definition = foreign_issuers();
    admin.apply(&definition).await.unwrap();
    let path = CUSTOM_RESOURCE_DEFINITIONS.named("issuers.doctor.e2e.example");
    admin.until_condition(&path, "Established", LIMIT).await.unwrap();
    let issuer = json!({ "group": "doctor.e2e.example", "kind": "Issuer", "name": "foreign" });
    admin.create(&certificate(&namespace, "ws", &issuer, "ws.example")).await.unwrap();
    until(&shared, &namespace, "ws", "request_not_approved").await;

    let requests = admin.list(&CERTIFICATE_REQUESTS.all_within(&namespace)).await.unwrap();
    let request = requests[0]["metadata"]["name"].as_str().unwrap();
    let path = format!("{}/status", CERTIFICATE_REQUESTS.within(&namespace, request));
    let denied = json!({ "status": { "conditions": [{
        "type": "Denied", "status": "True", "reason": "e2e", "message": "not on a Friday",
    }] } });
    let body = Some(("application/merge-patch+json", denied.to_string()));
    admin.request(reqwest::Method::PATCH, &path, body).await.unwrap();
    let found = until(&shared, &namespace, "ws", "request_denied").await;
    assert!(found["what"].as_str().unwrap().ends_with("was denied: not on a Friday"), "{found}");
}

async fn the_doctor_follows_the_way_to_the_webhook() {
    let stage = Stage::new("doctor-way").await;
    let (shared, namespace) = (&stage.shared, &stage.namespace);
    let admin = shared.plane.admin();
    let group = format!("{namespace}.e2e.example");
    let other = format!("{namespace}.other.example");
    let server =
        AggregatedServer::start(&shared.plane, namespace, &other, Ipv4Addr::LOCALHOST.into())
            .await
            .unwrap();
    stage.ask(&group, &json!({}), true).await;
    let found = until(shared, namespace, "ws", "group_not_served").await;
    let what = found["what"].as_str().unwrap();
    assert!(what.contains(&group) && what.contains(&other), "{found}");
    shared.plane.unregister(&other).await.unwrap();
    drop(server);

    let name = format!("v1alpha1.{group}");
    let api_service = json!({
        "apiVersion": API_SERVICES.api_version,
        "kind": "APIService",
        "metadata": { "name": name },
        "spec": {
            "group": group,
            "version": "v1alpha1",
            "groupPriorityMinimum": 1000,
            "versionPriority": 15,
            "insecureSkipTLSVerify": true,
            "service": { "namespace": namespace, "name": "webhook", "port": 443 },
        },
    });
    admin.apply(&api_service).await.unwrap();
    until(shared, namespace, "ws", "service_missing").await;

    let mut service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "namespace": namespace, "name": "webhook" },
        "spec": { "selector": { "app": "webhook" }, "ports": [{ "name": "https", "port": 8443 }] },
    });
    admin.apply(&service).await.unwrap();
    let found = until(shared, namespace, "ws", "service_port").await;
    assert!(found["what"].as_str().unwrap().contains("has the ports [8443]"), "{found}");

    service["spec"]["ports"][0]["port"] = 443.into();
    admin.apply(&service).await.unwrap();
    admin.create(&deployment(namespace)).await.unwrap();
    let found = until(shared, namespace, "ws", "no_endpoints").await;
    let pods = format!("Deployment {namespace}/webhook has 0 of 1 pods available");
    assert!(found["what"].as_str().unwrap().contains(&pods), "{found}");

    let closed = (Ipv4Addr::new(192, 0, 2, 1), 443).into();
    shared.plane.endpoints(namespace, "webhook", "https", closed).await.unwrap();
    until(shared, namespace, "ws", "api_service_unavailable").await;
    shared.plane.unregister(&group).await.unwrap();
}

async fn the_doctor_names_the_right_that_cert_manager_lacks() {
    let stage = Stage::new("doctor-right").await;
    let (shared, namespace) = (&stage.shared, &stage.namespace);
    let group = format!("{namespace}.e2e.example");
    let _server =
        AggregatedServer::start(&shared.plane, namespace, &group, Ipv4Addr::LOCALHOST.into())
            .await
            .unwrap();
    stage.ask(&group, &json!({}), true).await;
    let found = until(shared, namespace, "ws", "forbidden").await;
    assert!(found["what"].as_str().unwrap().contains("cannot create resource"), "{found}");
    shared.plane.unregister(&group).await.unwrap();
}

async fn the_doctor_shows_what_the_webhook_says() {
    let stage = Stage::new("doctor-says").await;
    let (shared, namespace) = (&stage.shared, &stage.namespace);
    let group = format!("{namespace}.e2e.example");
    let says = "no zone for _acme-challenge.ws.example in this account";
    let hook = TxtHook::start(Arc::new(|_, _, _| Err(says.to_owned()))).await.unwrap();
    let _webhook = ReferenceWebhook::start(&shared.plane, namespace, &group).await.unwrap();
    stage.ask(&group, &reference_config(&hook), true).await;
    let found = until(shared, namespace, "ws", "zone_not_found").await;
    assert!(found["what"].as_str().unwrap().contains(says), "{found}");
    shared.plane.unregister(&group).await.unwrap();
}

async fn the_doctor_tells_a_record_that_is_not_seen_from_one_the_ca_refused() {
    for (prefix, waits, cause, exit) in [
        ("doctor-unseen", false, "not_propagated", 6),
        ("doctor-refused", true, "challenge_failed", 5),
    ] {
        let stage = Stage::new(prefix).await;
        let (shared, namespace) = (&stage.shared, &stage.namespace);
        let group = format!("{namespace}.e2e.example");
        // It says that the record is there, and it is not.
        let hook = TxtHook::start(Arc::new(|_, _, _| Ok(()))).await.unwrap();
        let _webhook = ReferenceWebhook::start(&shared.plane, namespace, &group).await.unwrap();
        stage.ask(&group, &reference_config(&hook), waits).await;
        let found = until(shared, namespace, "ws", cause).await;
        assert_eq!(found["exit"], exit, "{found}");
        shared.plane.unregister(&group).await.unwrap();
    }
}

/// A zone, a CA and a namespace of a test's own.
struct Stage {
    shared: Arc<SharedCertManager>,
    namespace: String,
    zone: String,
    pebble: Pebble,
    _sandbox: Sandbox,
}

impl Stage {
    async fn new(prefix: &str) -> Self {
        let shared = shared().await.unwrap();
        let namespace = shared.plane.namespace(prefix).await.unwrap();
        let zone = format!("{namespace}.example");
        let sandbox = Sandbox::builder().zone(zone.as_str()).start().await.unwrap();
        shared.dns.serve(&zone, sandbox.resolver());
        let dns = sandbox.name_servers()[0];
        let options = PebbleOptions { dns, nonce_reject: Some(0), ..PebbleOptions::default() };
        let pebble = Pebble::start(options).await.unwrap();
        Self { shared, namespace, zone, pebble, _sandbox: sandbox }
    }

    /// Asks for the Certificate `ws`, by way of the webhook of `group`; `waits` leaves cert-manager's self check out.
    async fn ask(&self, group: &str, config: &Value, waits: bool) {
        let mut solver = json!({
            "dns01": { "webhook": { "groupName": group, "solverName": "reference", "config": config } },
        });
        if waits {
            solver["waitInsteadOfSelfCheck"] = "0s".into();
        }
        let admin = self.shared.plane.admin();
        let issuer = acme_cluster_issuer(&self.namespace, &self.pebble, &json!([solver]));
        admin.create(&issuer).await.unwrap();
        let path = CLUSTER_ISSUERS.named(&self.namespace);
        admin.until_condition(&path, "Ready", LIMIT).await.unwrap();
        let issuer = json!({ "kind": "ClusterIssuer", "name": self.namespace });
        let wanted = certificate(&self.namespace, "ws", &issuer, &self.zone);
        admin.create(&wanted).await.unwrap();
    }
}

/// How often the doctor is asked again: each time it reads the cluster.
const PAUSE: Duration = Duration::from_millis(200);

/// What the doctor says of a Certificate, once it names this cause.
async fn until(shared: &SharedCertManager, namespace: &str, name: &str, cause: &str) -> Value {
    // Building it takes longer than what is waited for.
    program().await.unwrap();
    let mut last = Value::Null;
    let found = async {
        loop {
            last = doctor(&shared.plane, namespace, name).await;
            if last["cause"] == cause {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let in_time = tokio::time::timeout(LIMIT, found).await.is_ok();
    assert!(in_time, "not {cause}: {last:#}\n{}", shared.log());
    last
}

/// What the doctor says of a Certificate. Its exit code is the one that it names.
async fn doctor(plane: &ControlPlane, namespace: &str, name: &str) -> Value {
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

fn certificate(namespace: &str, name: &str, issuer: &Value, domain: &str) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": { "namespace": namespace, "name": name },
        "spec": {
            "secretName": name,
            "issuerRef": issuer,
            "privateKey": { "algorithm": "ECDSA" },
            "dnsNames": [domain],
        },
    })
}

/// Issuers of a group that is not cert-manager's: who is to sign has to be a kind that there is.
fn foreign_issuers() -> Value {
    json!({
        "apiVersion": CUSTOM_RESOURCE_DEFINITIONS.api_version,
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "issuers.doctor.e2e.example" },
        "spec": {
            "group": "doctor.e2e.example",
            "names": { "kind": "Issuer", "plural": "issuers" },
            "scope": "Namespaced",
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object" } },
            }],
        },
    })
}

/// A Deployment whose pod nothing runs.
fn deployment(namespace: &str) -> Value {
    let labels = json!({ "app": "webhook" });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "namespace": namespace, "name": "webhook" },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "webhook", "image": "webhook.invalid" }] },
            },
        },
    })
}
