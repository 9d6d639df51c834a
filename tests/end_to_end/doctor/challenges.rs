//! Challenges that fail, and that wait.

use std::sync::Arc;

use e2e::cert_manager::{ReferenceWebhook, reference_config};
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, Pebble};
use e2e::txt_hook::TxtHook;
use serde_json::json;

use super::stage::Stage;

pub(super) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Pebble] the_doctor_tells_a_record_that_is_not_seen_from_one_the_ca_refused;
        [CertManager, Pebble] the_doctor_names_a_challenge_that_waits_for_another;
    }
}

async fn the_doctor_tells_a_record_that_is_not_seen_from_one_the_ca_refused() {
    for (prefix, waits, cause, exit) in [
        ("doctor-unseen", false, "not_propagated", 6),
        ("doctor-refused", true, "challenge_failed", 5),
    ] {
        let stage = Stage::new(prefix).await;
        // It says that the record is there, and it is not.
        let hook = TxtHook::start(Arc::new(|_, _, _| Ok(()))).await.unwrap();
        let plane = &stage.shared.plane;
        let webhook = ReferenceWebhook::start(plane, &stage.namespace, &stage.group).await;
        let _webhook = webhook.unwrap();
        let mut solver = stage.solver("reference", &reference_config(&hook));
        if waits {
            solver["waitInsteadOfSelfCheck"] = "0s".into();
        }
        stage.issuer("ours", solver).await;
        stage.ask("ws", "ours", &stage.zone).await;
        let found = stage.until("ws", cause).await;
        assert_eq!(found["exit"], exit, "{found}");
        stage.end().await;
    }
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
