//! Orders that are there already: of an earlier run, or because the CA gives the same one again.

use std::time::Duration;

use acme_core::issue::{Event, IssueError, IssueRequest, Outcome};
use acme_core::store::CertificateState;

use crate::scene::Scene;

/// Whether each of the orders told of was continued.
fn resumed(events: &[Event]) -> Vec<bool> {
    let orders = events.iter().filter_map(|event| match event {
        Event::Order { resumed, .. } => Some(*resumed),
        _ => None,
    });
    orders.collect()
}

#[tokio::test]
async fn order_that_the_ca_gives_a_second_time_is_used_as_a_new_one() {
    let scene = Scene::start().await;
    let request = scene.request(&["ws.example", "*.ws.example"]);
    assert!(scene.dropped_at(&request, "order").await);
    let url = scene.state(&request).await.pending.unwrap().url;
    CertificateState::default().save(&*scene.store, &request.name).await.unwrap();

    let (outcome, events) = scene.told(&request).await;
    outcome.unwrap();
    let orders: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Order { url, resumed, .. } => Some((url.clone(), *resumed)),
            _ => None,
        })
        .collect();
    assert_eq!(orders, [(url, false)]);
    assert_eq!(scene.requests("/new-order"), 2);
}

/// A run is stopped at `event`; then another certificate for the same names is given the same order and finalizes it.
async fn taken_over_after(event: &str) -> (Scene, IssueRequest) {
    let scene = Scene::start().await;
    scene.fault("order-not-ready=1");
    let request = scene.request(&["ws.example"]);
    assert!(scene.dropped_at(&request, event).await, "{event}");
    let mut other = request.clone();
    "other".clone_into(&mut other.name);
    scene.issued(&other).await;
    (scene, request)
}

#[tokio::test]
async fn order_that_another_certificate_took_over_is_replaced() {
    let (scene, request) = taken_over_after("order").await;
    let (outcome, events) = scene.told(&request).await;
    outcome.unwrap();
    assert_eq!(resumed(&events), [false]);
}

#[tokio::test]
async fn order_that_was_finalized_with_another_key_is_replaced() {
    let (scene, request) = taken_over_after("waiting_for_ca").await;
    let (outcome, events) = scene.told(&request).await;
    outcome.unwrap();
    assert_eq!(resumed(&events), [true, false]);
    let warning = events.iter().find_map(|event| match event {
        Event::Warning { message } => Some(message),
        _ => None,
    });
    assert!(warning.unwrap().contains("for another key"), "{warning:?}");
}

#[tokio::test]
async fn order_that_failed_because_an_earlier_run_ended_is_replaced() {
    let scene = Scene::without_order_reuse().await;
    let request = scene.request(&["*.ws.example"]);
    // The order stays pending, so that only its authorization tells.
    scene.fault("invalid-authorization");
    assert!(scene.dropped_at(&request, "challenge_answered").await);
    scene.sandbox.clear_fault("invalid-authorization").unwrap();

    let (outcome, events) = scene.told(&request).await;
    outcome.unwrap();
    assert_eq!(resumed(&events), [true, false]);
    assert_eq!(scene.requests("/new-order"), 2);
    assert!(scene.our_txt().is_empty());
}

#[tokio::test]
async fn order_of_an_earlier_run_is_replaced_once_and_a_new_one_never() {
    let scene = Scene::without_order_reuse().await;
    let request = scene.request(&["*.ws.example"]);
    scene.fault("invalid-authorization");
    assert!(scene.dropped_at(&request, "challenge_answered").await);
    for orders in [2, 3] {
        let error = scene.run(&request).await.unwrap_err();
        assert!(matches!(error, IssueError::AuthorizationFailed { .. }), "{error}");
        assert_eq!(scene.requests("/new-order"), orders);
    }
}

#[tokio::test]
async fn order_that_became_ready_is_finalized_without_a_record() {
    let scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    assert!(scene.dropped_at(&request, "authorized").await);
    scene.sandbox.reset_counts();

    let (outcome, events) = scene.told(&request).await;
    outcome.unwrap();
    assert_eq!(resumed(&events), [true]);
    let calls = scene.sandbox.dnspod_calls();
    assert!(!calls.iter().any(|call| call == "CreateRecord"), "{calls:?}");
    let counts = ["/new-order", "/challenge", "/finalize"].map(|path| scene.requests(path));
    assert_eq!(counts, [0, 0, 1]);
}

#[tokio::test]
async fn order_that_is_still_processing_is_waited_for_and_downloaded() {
    let scene = Scene::start().await;
    scene.fault("processing=1");
    let request = scene.request(&["*.ws.example"]);
    assert!(scene.dropped_at(&request, "finalized").await);

    let (outcome, events) = scene.told(&request).await;
    outcome.unwrap();
    assert_eq!(resumed(&events), [true]);
    assert!(events.iter().any(|e| matches!(e, Event::WaitingForCa { identifier: None, .. })));
    assert_eq!((scene.requests("/new-order"), scene.requests("/finalize")), (1, 1));
}

#[tokio::test]
async fn order_that_became_valid_is_downloaded_with_its_key() {
    let scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    assert!(scene.dropped_at(&request, "finalized").await);
    scene.sandbox.reset_counts();

    let (outcome, events) = scene.told(&request).await;
    outcome.unwrap();
    assert_eq!(resumed(&events), [true]);
    // Directory, nonce, order, certificate.
    assert_eq!(scene.sandbox.acme_requests().len(), 4);
    assert!(scene.state(&request).await.pending.is_none());
}

#[tokio::test]
async fn processing_beyond_the_bound_times_out_and_the_next_run_downloads_the_same_order() {
    let scene = Scene::start().await;
    scene.fault("processing=1");
    let mut request = scene.request(&["*.ws.example"]);
    request.ca_timeout = Duration::from_millis(300);
    let error = scene.run(&request).await.unwrap_err();
    let IssueError::TimedOut { waiting_for, waited, .. } = &error else { panic!("{error}") };
    assert_eq!(waiting_for, "the certificate");
    assert!(*waited <= request.ca_timeout, "{waited:?}");
    assert!(error.is_retryable());
    assert!(scene.our_txt().is_empty());

    request.ca_timeout = crate::scene::PATIENCE;
    assert!(matches!(scene.run(&request).await.unwrap(), Outcome::Issued(_)));
    assert_eq!((scene.requests("/new-order"), scene.requests("/finalize")), (1, 1));
}

#[tokio::test]
async fn order_not_ready_at_finalize_is_asked_for_again() {
    let scene = Scene::start().await;
    scene.fault("order-not-ready=2");
    scene.issued(&scene.request(&["*.ws.example"])).await;
    assert_eq!((scene.requests("/new-order"), scene.requests("/finalize")), (1, 3));
}

#[tokio::test]
async fn order_that_never_becomes_ready_to_finalize_is_given_up_in_time_and_kept() {
    let scene = Scene::start().await;
    scene.fault("order-not-ready=1000");
    let mut request = scene.request(&["*.ws.example"]);
    request.ca_timeout = Duration::from_millis(500);
    let error = scene.run(&request).await.unwrap_err();
    assert!(matches!(error, IssueError::TimedOut { .. }), "{error}");
    // 20, 40, 80, 160 ms apart.
    assert!((2..=5).contains(&scene.requests("/finalize")), "{}", scene.requests("/finalize"));

    scene.sandbox.clear_fault("order-not-ready").unwrap();
    scene.issued(&request).await;
    assert_eq!(scene.requests("/new-order"), 1);
}

#[tokio::test]
async fn order_for_other_names_is_not_continued() {
    let scene = Scene::start().await;
    let request = scene.request(&["ws.example"]);
    assert!(scene.dropped_at(&request, "order").await);
    let mut wider = scene.request(&["ws.example", "*.ws.example"]);
    wider.name.clone_from(&request.name);

    let (outcome, events) = scene.told(&wider).await;
    outcome.unwrap();
    assert_eq!(resumed(&events), [false]);
}

#[tokio::test]
async fn the_same_names_in_another_order_continue_the_same_order() {
    let scene = Scene::start().await;
    let mut request = scene.request(&["ws.example", "*.ws.example"]);
    assert!(scene.dropped_at(&request, "order").await);
    request.identifiers.reverse();
    let (outcome, events) = scene.told(&request).await;
    outcome.unwrap();
    assert_eq!(resumed(&events), [true]);
}
