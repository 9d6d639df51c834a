//! Challenges that fail, and that wait.

use std::sync::Arc;

use e2e::cert_manager::{ReferenceWebhook, reference_config};
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, Pebble};
use e2e::txt_hook::TxtHook;
use sandbox::Sandbox;

use super::stage::Stage;

pub(super) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Pebble] the_doctor_tells_a_record_that_is_not_seen_from_one_the_ca_refused;
        [CertManager, Pebble] the_doctor_names_a_challenge_that_waits_for_another;
    }
}

async fn the_doctor_tells_a_record_that_is_not_seen_from_one_the_ca_refused() {
    let unseen = Stage::new("doctor-unseen").await;
    // It says that the record is there, and it is not.
    let hook = TxtHook::start(Arc::new(|_, _, _| Ok(()))).await.unwrap();
    ends_in(unseen, &hook, false, "not_propagated", 6).await;

    let refused = Stage::new("doctor-refused").await;
    // A cert-manager that looks for the record finds it where the CA does not look.
    let elsewhere = Sandbox::builder().zone(refused.zone.as_str()).start().await.unwrap();
    refused.shared.dns.serve(&refused.zone, elsewhere.resolver());
    let hook = TxtHook::for_sandbox(Arc::new(elsewhere)).await.unwrap();
    ends_in(refused, &hook, true, "challenge_failed", 5).await;
}

/// Asks for a Certificate by way of a webhook that does what `hook` does, and waits until the doctor names this cause.
/// `waits` leaves cert-manager's self check out, where it has a way.
async fn ends_in(stage: Stage, hook: &TxtHook, waits: bool, cause: &str, exit: i32) {
    let (plane, group) = (&stage.shared.plane, &stage.group);
    let _webhook = ReferenceWebhook::start(plane, &stage.namespace, group).await.unwrap();
    let mut solver = stage.solver("reference", &reference_config(hook));
    if waits {
        solver["waitInsteadOfSelfCheck"] = "0s".into();
    }
    stage.issuer("ours", solver).await;
    stage.ask("ws", "ours", &stage.zone).await;
    let found = stage.until("ws", cause).await;
    assert_eq!(found["exit"], exit, "{found}");
    stage.end().await;
}

async fn the_doctor_names_a_challenge_that_waits_for_another() {
    let stage = Stage::new("doctor-queued").await;
    let hook = TxtHook::start(Arc::new(|_, _, _| Err("not today".to_owned()))).await.unwrap();
    let plane = &stage.shared.plane;
    let _webhook = ReferenceWebhook::start(plane, &stage.namespace, &stage.group).await.unwrap();
    stage.issuer("ours", stage.solver("reference", &reference_config(&hook))).await;
    stage.ask("first", "ours", &stage.zone).await;
    let found = stage.until("first", "solver_error").await;
    assert!(found["what"].as_str().unwrap().contains("not today"), "{found}");
    stage.ask("second", "ours", &stage.zone).await;
    stage.until("second", "challenge_queued").await;
    stage.end().await;
}
