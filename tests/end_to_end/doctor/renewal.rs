//! A renewal that fails while the certificate is still good.

use e2e::cert_manager::{NAMESPACE, renew};
use e2e::control_plane::{CERTIFICATES, SECRETS, secret};
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, Pebble};
use e2e::webhook::{SOLVER, Webhook};
use serde_json::json;

use super::stage::{LIMIT, Stage, doctor};

pub(super) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Pebble] the_doctor_sees_a_renewal_that_fails;
    }
}

async fn the_doctor_sees_a_renewal_that_fails() {
    let stage = Stage::new("doctor-renewal").await;
    let (plane, name) = (&stage.shared.plane, stage.namespace.as_str());
    let webhook = Webhook::start(plane, name, &[&stage.group], &stage.sandbox).await.unwrap();
    webhook.allow_secrets(plane, NAMESPACE).await.unwrap();
    let (id, key) = (stage.sandbox.secret_id(), stage.sandbox.secret_key());
    let credential = secret(NAMESPACE, name, &[("id", id), ("key", key)]);
    stage.admin().apply(&credential).await.unwrap();
    let mut solver = stage.solver(
        SOLVER,
        &json!({
            "secretIdRef": { "name": name, "key": "id" },
            "secretKeyRef": { "name": name, "key": "key" },
        }),
    );
    solver["waitInsteadOfSelfCheck"] = "0s".into();
    stage.issuer("ours", solver).await;
    stage.ask("ws", "ours", &stage.zone).await;
    let path = CERTIFICATES.within(name, "ws");
    stage.admin().until_condition(&path, "Ready", LIMIT).await.unwrap();
    let found = doctor(plane, name, "ws").await;
    assert_eq!((&found["ready"], &found["cause"]), (&true.into(), &json!(null)), "{found}");

    stage.admin().delete(&SECRETS.within(NAMESPACE, name)).await.unwrap();
    renew(stage.admin(), &path).await.unwrap();
    let found = stage.until("ws", "secret_unusable").await;
    assert_eq!(found["ready"], true, "{found}");
    assert!(found["not_after"].as_str().unwrap().ends_with('Z'), "{found}");
    webhook.unregister(plane).await.unwrap();
}
