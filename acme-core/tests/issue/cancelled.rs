//! Runs that are cancelled: they end soon, with their records gone.

use std::time::Duration;

use acme_core::issue::{IssueError, IssueRequest, Outcome};
use acme_core::store::Entry;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, kind};

/// What a service manager grants between SIGTERM and SIGKILL at least.
const GRACE: Duration = Duration::from_secs(10);

/// A run that is cancelled when it tells of `event`.
async fn cancelled_at(
    scene: &Scene,
    request: &IssueRequest,
    event: &str,
) -> Result<Outcome, IssueError> {
    let cancel = CancellationToken::new();
    let watch = |told: &_| {
        if kind(told) == event {
            cancel.cancel();
        }
    };
    scene.cancellable(request, watch, &cancel).await
}

/// The next run finishes, with one account and `orders` orders made in all, and leaves nothing behind.
async fn next_run_finishes(scene: &Scene, request: &IssueRequest, orders: usize) {
    scene.run(request).await.unwrap();
    assert_eq!((scene.requests("/new-account"), scene.requests("/new-order")), (1, orders));
    assert!(scene.our_txt().is_empty());
    assert!(scene.state(request).await.journal.is_empty());
}

#[tokio::test]
async fn run_cancelled_at_any_event_before_the_certificate_returns_without_a_record() {
    let events = [
        "account",
        "order",
        "txt_appended",
        "waiting_for_dns",
        "authorized",
        "waiting_for_ca",
        "finalized",
    ];
    let all = events.map(|event| async move {
        let scene = Scene::start().await;
        scene.provoke(event);
        let request = scene.request(&["ws.example", "*.ws.example"]);
        let error = cancelled_at(&scene, &request, event).await.unwrap_err();
        assert!(matches!(error, IssueError::Cancelled { .. }), "{event}: {error}");
        assert!(scene.our_txt().is_empty(), "{event}");
        let state = scene.state(&request).await;
        assert!(state.journal.is_empty(), "{event}: {state:?}");
        assert_eq!((state.failures, state.last_error), (0, None), "{event}: it is no failure");

        scene.relent();
        next_run_finishes(&scene, &request, 1).await;
    });
    futures_util::future::join_all(all).await;
}

#[tokio::test]
async fn run_cancelled_while_the_ca_validates_returns_without_a_record() {
    for event in ["propagated", "challenge_answered"] {
        let scene = Scene::start().await;
        let request = scene.request(&["ws.example", "*.ws.example"]);
        let error = cancelled_at(&scene, &request, event).await.unwrap_err();
        assert!(matches!(error, IssueError::Cancelled { .. }), "{event}: {error}");
        assert!(scene.our_txt().is_empty(), "{event}");
        // Whether the CA saw the records before they went decides what became of the order.
        scene.run(&request).await.unwrap();
        assert!(scene.our_txt().is_empty(), "{event}");
    }
}

#[tokio::test]
async fn run_cancelled_after_the_certificate_was_stored_has_issued() {
    for event in ["txt_deleted", "issued"] {
        let scene = Scene::start().await;
        let request = scene.request(&["*.ws.example"]);
        let outcome = cancelled_at(&scene, &request, event).await.unwrap();
        assert!(matches!(outcome, Outcome::Issued(_)), "{event}: {outcome:?}");
        assert!(scene.our_txt().is_empty(), "{event}");
    }
}

/// Starts a run, cancels it once the sandbox saw what is waited for, and returns how long it took to end then.
async fn cancelled_when(
    scene: &Scene,
    request: &IssueRequest,
    watch: impl Fn(&str) + Send + Sync,
    seen: impl Fn() -> bool,
) -> Duration {
    let cancel = CancellationToken::new();
    let look = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while !seen() {
            look.tick().await;
        }
        cancel.cancel();
        Instant::now()
    };
    let run = scene.cancellable(request, |event| watch(&kind(event)), &cancel);
    let (result, cancelled) = tokio::join!(run, look);
    let error = result.unwrap_err();
    assert!(matches!(error, IssueError::Cancelled { .. }), "{error}");
    cancelled.elapsed()
}

#[tokio::test]
async fn run_cancelled_while_records_are_created_lets_that_end_and_deletes_them() {
    let scene = Scene::start().await;
    let request = scene.request(&["ws.example", "*.ws.example"]);
    let slow = |event: &str| {
        if event == "order" {
            scene.fault("round-trip=60");
        }
    };
    let created = || scene.sandbox.dnspod_calls().iter().any(|call| call == "CreateRecord");
    let took = cancelled_when(&scene, &request, slow, created).await;
    assert!(took < GRACE, "{took:?}");
    assert!(scene.our_txt().is_empty());
    scene.sandbox.clear_fault("round-trip").unwrap();
    next_run_finishes(&scene, &request, 1).await;
}

#[tokio::test]
async fn run_cancelled_while_the_ca_does_not_answer_an_order_ends_soon() {
    let scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    let hang = |event: &str| {
        if event == "account" {
            scene.fault("hang=1");
        }
    };
    let took = cancelled_when(&scene, &request, hang, || scene.requests("/new-order") > 0).await;
    assert!(took < GRACE, "{took:?}");
    next_run_finishes(&scene, &request, 2).await;
}

#[tokio::test]
async fn run_cancelled_while_another_holds_the_certificate_ends_at_once() {
    let scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    let entry = Entry::State(request.name.clone());
    let _held = scene.store.lock(&entry, Duration::ZERO).await.unwrap();

    let cancel = CancellationToken::new();
    cancel.cancel();
    let run = scene.cancellable(&request, |_| (), &cancel);
    let error = timeout(Duration::from_secs(5), run).await.expect("it ends").unwrap_err();
    assert!(matches!(error, IssueError::Cancelled { .. }), "{error}");
    assert!(scene.sandbox.acme_requests().is_empty());
}
