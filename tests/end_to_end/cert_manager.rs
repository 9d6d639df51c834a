//! cert-manager, its conformance suite and a webhook made with its own library work here, before ours has to.

use std::sync::Arc;
use std::time::Duration;

use acme_core::{Clock as _, SystemClock};
use e2e::cert_manager::{
    NAMESPACE, ReferenceWebhook, acme_cluster_issuer, certificate, issued, reference_config,
    reference_webhook_command, shared,
};
use e2e::conformance::Conformance;
use e2e::control_plane::{
    CERTIFICATES, CHALLENGES, CLUSTER_ISSUERS, KubeClient, ObjectPath, SECRETS,
};
use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::RealPart::{CertManager, Conformance as Suite, Pebble as RealPebble};
use e2e::txt_hook::TxtHook;
use sandbox::{RecordError, Sandbox};
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, RealPebble] an_acme_issuer_registers_its_account;
        [CertManager] a_certificate_is_issued_by_a_ca_in_the_cluster;
        [CertManager] what_cert_manager_would_not_take_is_refused_at_once;
        [CertManager, RealPebble] a_webhook_that_is_not_there_is_named_in_the_challenge;
        [CertManager, RealPebble] apex_and_wildcard_are_issued_through_the_reference_webhook;
        [CertManager, Suite] the_reference_webhook_passes_the_conformance_suite;
        [CertManager, Suite] a_webhook_that_cannot_clean_up_twice_fails_the_conformance_suite;
    }
}

/// Before 1.21 cert-manager sleeps a minute for each challenge, and has one challenge of a name at a time.
const LIMIT: Duration = Duration::from_secs(200);

async fn an_acme_issuer_registers_its_account() {
    let shared = shared().await.unwrap();
    let pebble = Pebble::start(PebbleOptions::default()).await.unwrap();
    let issuer = acme_cluster_issuer("registers", &pebble, &json!([]));
    shared.plane.admin().create(&issuer).await.unwrap();
    let path = CLUSTER_ISSUERS.named("registers");
    let ready = shared.plane.admin().until_condition(&path, "Ready", LIMIT).await.unwrap();
    let account = ready["status"]["acme"]["uri"].as_str().unwrap();
    assert!(
        account.starts_with(pebble.directory_url().origin().ascii_serialization().as_str()),
        "{account}"
    );
    let key = SECRETS.within(NAMESPACE, "registers-account");
    assert!(shared.plane.admin().get(&key).await.unwrap()["data"]["tls.key"].is_string());
}

async fn a_certificate_is_issued_by_a_ca_in_the_cluster() {
    let shared = shared().await.unwrap();
    let admin = shared.plane.admin();
    let namespace = shared.plane.namespace("self-signed").await.unwrap();
    admin
        .create(&json!({
            "apiVersion": "cert-manager.io/v1",
            "kind": "Issuer",
            "metadata": { "namespace": namespace, "name": "self" },
            "spec": { "selfSigned": {} },
        }))
        .await
        .unwrap();
    let issuer = json!({ "kind": "Issuer", "name": "self" });
    admin.create(&certificate(&namespace, "own", &issuer, &["ws.example"])).await.unwrap();
    admin.until_condition(&CERTIFICATES.within(&namespace, "own"), "Ready", LIMIT).await.unwrap();
    let secret = admin.get(&SECRETS.within(&namespace, "own")).await.unwrap();
    assert!(secret["data"]["ca.crt"].is_string(), "cainjector takes it from there");
}

async fn what_cert_manager_would_not_take_is_refused_at_once() {
    let shared = shared().await.unwrap();
    let issuer = json!({ "kind": "Issuer", "name": "self" });
    let mut wrong = certificate("default", "wrong", &issuer, &["ws.example"]);
    wrong["spec"]["duration"] = "1m".into();
    let refused = shared.plane.admin().create(&wrong).await.unwrap_err().to_string();
    assert!(
        refused.contains("admission webhook") && refused.contains("spec.duration"),
        "{refused}"
    );
}

async fn a_webhook_that_is_not_there_is_named_in_the_challenge() {
    let shared = shared().await.unwrap();
    let admin = shared.plane.admin();
    let sandbox = Sandbox::builder().zone("absent-webhook.example").start().await.unwrap();
    shared.dns.serve("absent-webhook.example", sandbox.resolver());
    let pebble = pebble(&sandbox).await;
    let solvers = webhook_solvers("absent.e2e.example", "any", &json!({}));
    admin.create(&acme_cluster_issuer("absent", &pebble, &solvers)).await.unwrap();
    let namespace = shared.plane.namespace("absent").await.unwrap();
    let issuer = json!({ "kind": "ClusterIssuer", "name": "absent" });
    let names = ["absent-webhook.example"];
    admin.create(&certificate(&namespace, "absent", &issuer, &names)).await.unwrap();
    let challenge = only_challenge(admin, &namespace).await;
    let has_reason = |challenge: Option<&Value>| {
        challenge.is_some_and(|c| c["status"]["reason"].as_str().is_some_and(|r| !r.is_empty()))
    };
    let challenge =
        admin.until(&challenge, "given a reason", LIMIT, has_reason).await.unwrap().unwrap();
    let reason = challenge["status"]["reason"].as_str().unwrap();
    // The zone was found: cert-manager has asked for what is missing.
    assert!(reason.contains("any.absent.e2e.example"), "{reason}");
}

async fn apex_and_wildcard_are_issued_through_the_reference_webhook() {
    let shared = shared().await.unwrap();
    let admin = shared.plane.admin();
    let namespace = shared.plane.namespace("reference").await.unwrap();
    let group = format!("{namespace}.e2e.example");
    let sandbox = Arc::new(Sandbox::builder().zone("reference.example").start().await.unwrap());
    shared.dns.serve("reference.example", sandbox.resolver());
    let hook = TxtHook::for_sandbox(Arc::clone(&sandbox)).await.unwrap();
    let pebble = pebble(&sandbox).await;
    let _webhook = ReferenceWebhook::start(&shared.plane, &namespace, &group).await.unwrap();

    let solvers = webhook_solvers(&group, "reference", &reference_config(&hook));
    admin.create(&acme_cluster_issuer("reference", &pebble, &solvers)).await.unwrap();
    let names = ["reference.example", "*.reference.example"];
    let issuer = json!({ "kind": "ClusterIssuer", "name": "reference" });
    admin.create(&certificate(&namespace, "both", &issuer, &names)).await.unwrap();

    let path = CERTIFICATES.within(&namespace, "both");
    let ready = admin.until_condition(&path, "Ready", LIMIT).await;
    ready.unwrap_or_else(|error| panic!("{error}\n{}", shared.log()));
    let secret = admin.get(&SECRETS.within(&namespace, "both")).await.unwrap();
    let root = pebble.issuing_root(0).await.unwrap();
    issued(&secret).unwrap().verify(&root, &names, SystemClock.now()).unwrap();
    let left = async {
        while !sandbox.txt_values("_acme-challenge.reference.example").is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, left).await.expect("the records are deleted");
    shared.plane.unregister(&group).await.unwrap();
}

async fn the_reference_webhook_passes_the_conformance_suite() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let zone = Arc::clone(&sandbox);
    let hook = TxtHook::start(Arc::new(move |name, value, present| {
        let edit = if present { Sandbox::add_record } else { Sandbox::remove_record };
        match edit(&zone, name, "TXT", value) {
            Ok(()) | Err(RecordError::Exists(_) | RecordError::Absent(_)) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }))
    .await
    .unwrap();
    let log = conformance(&sandbox, &hook).await.run().await.unwrap();
    for test in ["Basic/PresentRecord", "Extended/DeletingOneRecordRetainsOthers"] {
        assert!(log.contains(&format!("--- PASS: TestConformance/{test}")), "{log}");
    }
    assert!(sandbox.txt_values("cert-manager-dns01-tests.ws.example").is_empty());
}

async fn a_webhook_that_cannot_clean_up_twice_fails_the_conformance_suite() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let hook = TxtHook::for_sandbox(Arc::clone(&sandbox)).await.unwrap();
    let log = conformance(&sandbox, &hook).await.run().await.unwrap_err();
    assert!(log.contains("has no such record"), "{log}");
    assert!(log.contains("--- FAIL: TestConformance/Basic/PresentRecord"), "{log}");
}

async fn conformance(sandbox: &Sandbox, hook: &TxtHook) -> Conformance {
    Conformance {
        webhook: reference_webhook_command().await.unwrap(),
        group: "conformance.e2e.example".to_owned(),
        solver: "reference".to_owned(),
        config: reference_config(hook),
        secrets: Value::Null,
        zone: "ws.example".to_owned(),
        dns: sandbox.resolver(),
    }
}

/// A Pebble that validates through the sandbox's DNS; it refuses no nonce, which cert-manager answers by waiting.
async fn pebble(sandbox: &Sandbox) -> Pebble {
    let dns = sandbox.name_servers()[0];
    let options = PebbleOptions { dns, nonce_reject: Some(0), ..PebbleOptions::default() };
    Pebble::start(options).await.unwrap()
}

fn webhook_solvers(group: &str, solver: &str, config: &Value) -> Value {
    json!([{
        "dns01": { "webhook": { "groupName": group, "solverName": solver, "config": config } },
        // Its own check sleeps for a minute once it has succeeded.
        "waitInsteadOfSelfCheck": "0s",
    }])
}

/// The one challenge of a namespace, waited for.
async fn only_challenge(admin: &KubeClient, namespace: &str) -> ObjectPath {
    let found = async {
        loop {
            let all = admin.list(&CHALLENGES.all_within(namespace)).await.unwrap();
            if let [challenge] = all.as_slice() {
                return CHALLENGES
                    .within(namespace, challenge["metadata"]["name"].as_str().unwrap());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, found).await.expect("a challenge")
}
