//! What is wrong before a CA is asked.

use e2e::cert_manager::{certificate, define_kinds, shared};
use e2e::control_plane::{
    CERTIFICATE_REQUESTS, CERTIFICATES, CUSTOM_RESOURCE_DEFINITIONS, ControlPlane,
    ControlPlaneOptions, ISSUERS,
};
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, Pebble};
use serde_json::{Value, json};

use super::stage::{LIMIT, Stage, doctor, until, until_at};

pub(super) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager] the_doctor_finds_what_is_wrong_before_the_ca_is_asked;
        [CertManager] the_doctor_finds_who_did_not_approve;
        [CertManager] the_doctor_finds_that_nobody_makes_requests;
        [CertManager, Pebble] the_doctor_shows_why_a_request_has_failed;
    }
}

async fn the_doctor_finds_what_is_wrong_before_the_ca_is_asked() {
    let shared = shared().await.unwrap();
    let admin = shared.plane.admin();
    let namespace = shared.plane.namespace("doctor-issuer").await.unwrap();
    let found = doctor(&shared.plane, &namespace, "ws").await;
    assert_eq!(found["cause"], "no_such_certificate", "{found}");
    assert_eq!(found["exit"], 3, "{found}");

    let issuer = json!({ "kind": "Issuer", "name": "later" });
    admin.create(&certificate(&namespace, "ws", &issuer, &["ws.example"])).await.unwrap();
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
    // Once cert-manager has tried it.
    let tried = |issuer: Option<&Value>| {
        issuer.is_some_and(|issuer| !issuer["status"]["conditions"][0]["message"].is_null())
    };
    admin.until(&ISSUERS.within(&namespace, "later"), "tried", LIMIT, tried).await.unwrap();
    let found = until(&shared, &namespace, "ws", "issuer_not_ready").await;
    let what = found["what"].as_str().unwrap();
    assert!(what.contains("is not ready: Failed to register ACME account"), "{found}");

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
    admin.create(&certificate(&namespace, "ws", &issuer, &["ws.example"])).await.unwrap();
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

async fn the_doctor_finds_that_nobody_makes_requests() {
    // cert-manager's kinds, and no cert-manager.
    let plane = ControlPlane::start(ControlPlaneOptions::default()).await.unwrap();
    define_kinds(&plane).await.unwrap();
    let issuer = json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": { "namespace": "default", "name": "le" },
        "spec": { "selfSigned": {} },
    });
    plane.admin().create(&issuer).await.unwrap();
    let path = format!("{}/status", ISSUERS.within("default", "le"));
    let ready = json!({ "status": { "conditions": [{ "type": "Ready", "status": "True" }] } });
    let body = Some(("application/merge-patch+json", ready.to_string()));
    plane.admin().request(reqwest::Method::PATCH, &path, body).await.unwrap();
    let wanted = certificate("default", "ws", &json!({ "name": "le" }), &["ws.example"]);
    plane.admin().create(&wanted).await.unwrap();
    until_at(&plane, "default", "ws", "no_request").await.unwrap();
}

async fn the_doctor_shows_why_a_request_has_failed() {
    let stage = Stage::new("doctor-request").await;
    stage.issuer("ours", stage.solver("reference", &json!({}))).await;
    let issuer = json!({ "kind": "ClusterIssuer", "name": format!("{}-ours", stage.namespace) });
    let mut wanted = certificate(&stage.namespace, "ws", &issuer, &[&stage.zone]);
    // Let's Encrypt takes the common name for one of the names.
    wanted["spec"]["commonName"] = format!("other.{}", stage.zone).into();
    stage.admin().create(&wanted).await.unwrap();
    let found = stage.until("ws", "request_failed").await;
    assert!(found["what"].as_str().unwrap().contains("commonName"), "{found}");
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
