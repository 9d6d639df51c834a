//! Runs that end in the middle: their future is dropped, or everything they run on is gone.

use std::sync::Arc;
use std::time::Duration;

use acme_core::issue::IssueRequest;

use crate::scene::Scene;

/// Every kind of event of an issuance, in order.
const EVENTS: [&str; 11] = [
    "account",
    "order",
    "txt_appended",
    "waiting_for_dns",
    "propagated",
    "challenge_answered",
    "authorized",
    "waiting_for_ca",
    "finalized",
    "txt_deleted",
    "issued",
];

/// Of those, the ones at which records are published and their deletion has not begun.
const PUBLISHED: [&str; 5] =
    ["txt_appended", "waiting_for_dns", "propagated", "challenge_answered", "authorized"];

/// At these the CA may look for the records when they are gone already, and fail the order.
const MAY_FAIL: [&str; 2] = ["propagated", "challenge_answered"];

/// After a first run that ended at `event`: the next one finishes its order and tidies up.
async fn next_run_finishes(scene: &Scene, request: &IssueRequest, event: &str) {
    scene.relent();
    scene.run(request).await.unwrap();
    let orders = if MAY_FAIL.contains(&event) { 1..=2 } else { 1..=1 };
    assert!(orders.contains(&scene.requests("/new-order")), "{event}");
    assert_eq!(scene.requests("/new-account"), 1, "{event}");
    assert_eq!(scene.our_txt(), [""; 0], "{event}");
    assert!(scene.stored(request).await.is_some(), "{event}");
    let state = scene.state(request).await;
    assert!(state.journal.is_empty() && state.pending.is_none(), "{event}: {state:?}");
}

#[tokio::test]
async fn run_dropped_at_any_event_deletes_its_records_and_the_next_one_makes_no_second_order() {
    let all = EVENTS.map(|event| async move {
        let scene = Scene::start().await;
        scene.provoke(event);
        let request = scene.request(&["ws.example", "*.ws.example"]);
        assert!(scene.dropped_at(&request, event).await, "{event}");
        next_run_finishes(&scene, &request, event).await;
    });
    futures_util::future::join_all(all).await;
}

#[tokio::test]
async fn run_killed_at_any_event_leaves_a_journal_and_the_next_one_sweeps_its_records() {
    let all = EVENTS.map(|event| async move {
        let scene = Arc::new(Scene::start().await);
        scene.provoke(event);
        let request = scene.request(&["ws.example", "*.ws.example"]);
        kill_at(&scene, &request, event).await;
        if PUBLISHED.contains(&event) {
            assert_eq!(scene.our_txt().len(), 2, "{event}");
            assert_eq!(scene.state(&request).await.journal.len(), 2, "{event}");
        }
        next_run_finishes(&scene, &request, event).await;
    });
    futures_util::future::join_all(all).await;
}

/// Runs until `event` on a runtime of its own, which then goes with every task on it.
async fn kill_at(scene: &Arc<Scene>, request: &IssueRequest, event: &'static str) {
    let (scene, request) = (scene.clone(), request.clone());
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(scene.dropped_at(&request, event))
    };
    assert!(tokio::task::spawn_blocking(run).await.unwrap(), "{event}");
}

#[tokio::test]
async fn record_whose_creation_was_cut_off_is_swept() {
    let scene = Scene::start().await;
    scene.fault("round-trip=60");
    let request = scene.request(&["*.ws.example"]);
    let mut look = tokio::time::interval(Duration::from_millis(5));
    let created = async {
        while !scene.sandbox.dnspod_calls().iter().any(|call| call == "CreateRecord") {
            look.tick().await;
        }
    };
    tokio::select! {
        ended = scene.run(&request) => panic!("{ended:?}"),
        () = created => {}
    }
    scene.sandbox.clear_fault("round-trip").unwrap();
    next_run_finishes(&scene, &request, "the call that creates the record").await;
}
