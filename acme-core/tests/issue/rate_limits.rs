//! A CA that says when to come back.

use std::time::Duration;

use acme_core::Clock as _;
use acme_core::issue::{IssueError, IssueRequest};
use time::OffsetDateTime;

use crate::scene::Scene;

const TEN_DAYS: Duration = Duration::from_secs(10 * 24 * 3600);

/// When the CA may be asked again, of a run that must be told so.
async fn told_to_wait(scene: &Scene, request: &IssueRequest) -> OffsetDateTime {
    let error = scene.run(request).await.unwrap_err();
    assert!(matches!(error, IssueError::TryLater { .. }), "{error}");
    error.retry_at().unwrap()
}

/// Whether `at` is `wait` from now, give or take what a busy machine and whole seconds make of it.
fn is_in(scene: &Scene, at: OffsetDateTime, wait: Duration) -> bool {
    (at - scene.clock.now() - wait).unsigned_abs() < Duration::from_secs(20)
}

#[tokio::test]
async fn rate_limit_of_ten_days_ends_the_run_at_once_and_is_kept_until_then() {
    for form in ["rate-limited-seconds", "rate-limited-date"] {
        let scene = Scene::start().await;
        scene.fault(&format!("{form}={}", TEN_DAYS.as_secs()));
        let request = scene.request(&["*.ws.example"]);
        let at = told_to_wait(&scene, &request).await;
        assert!(is_in(&scene, at, TEN_DAYS), "{form}: {at}");
        assert_eq!(scene.requests("/new-order"), 1, "{form}");
        let kept = scene.state(&request).await.next_attempt.unwrap();
        assert_eq!((kept.at, &kept.directory), (at, &request.ca.directory));
        assert_eq!(kept.problem.acme_kind(), Some("rateLimited"));

        // Until then nobody is asked anything.
        scene.sandbox.reset_counts();
        scene.clock.set(at - Duration::from_secs(1));
        assert_eq!(told_to_wait(&scene, &request).await, at);
        assert!(scene.sandbox.acme_requests().is_empty());
        assert!(scene.sandbox.dnspod_calls().is_empty());
        assert_eq!(scene.sandbox.dns_queries(), 0);
        assert_eq!(scene.state(&request).await.failures, 1, "nobody was asked a second time");

        scene.sandbox.clear_fault(form).unwrap();
        scene.clock.set(at);
        scene.issued(&request).await;
        assert!(scene.state(&request).await.next_attempt.is_none());
    }
}

#[tokio::test]
async fn force_asks_a_ca_that_said_to_come_back_later() {
    let scene = Scene::start().await;
    scene.fault("rate-limited-seconds=3600");
    let mut request = scene.request(&["*.ws.example"]);
    told_to_wait(&scene, &request).await;
    scene.sandbox.clear_fault("rate-limited-seconds").unwrap();
    request.force = true;
    scene.issued(&request).await;
}

#[tokio::test]
async fn another_ca_is_asked_at_once_and_the_first_one_s_word_is_not_forgotten() {
    let (scene, second) = (Scene::start().await, Scene::without_order_reuse().await);
    scene.fault(&format!("rate-limited-seconds={}", TEN_DAYS.as_secs()));
    let request = scene.request(&["*.ws.example"]);
    let at = told_to_wait(&scene, &request).await;

    let other = Scene { store: scene.store.clone(), ..second };
    let elsewhere = other.request(&["*.ws.example"]);
    other.fault("invalid-authorization");
    let error = other.run(&elsewhere).await.unwrap_err();
    assert!(matches!(error, IssueError::AuthorizationFailed { .. }), "{error}");
    scene.sandbox.reset_counts();
    assert_eq!(told_to_wait(&scene, &request).await, at);
    assert!(scene.sandbox.acme_requests().is_empty());

    other.sandbox.clear_fault("invalid-authorization").unwrap();
    other.issued(&elsewhere).await;
}

#[tokio::test]
async fn overload_in_html_for_an_hour_is_told_with_what_was_said() {
    for form in ["overloaded-seconds=3600", "overloaded-date=3600"] {
        let scene = Scene::start().await;
        scene.fault(form);
        let request = scene.request(&["*.ws.example"]);
        let at = told_to_wait(&scene, &request).await;
        assert!(is_in(&scene, at, Duration::from_secs(3600)), "{form}: {at}");
        assert_eq!(scene.requests("/new-account"), 1, "{form}");
        let said = scene.state(&request).await.last_error.unwrap();
        assert!(said.contains("503 Service Unavailable"), "{said}");
    }
}

#[tokio::test]
async fn overload_in_the_middle_deletes_the_records_and_keeps_the_order() {
    let scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    let error = scene
        .watched(&request, |event| {
            if crate::scene::kind(event) == "challenge_answered" {
                scene.fault("overloaded-seconds=3600");
            }
        })
        .await
        .unwrap_err();
    let at = error.retry_at().expect("the CA named a time");
    assert!(scene.our_txt().is_empty());

    scene.sandbox.clear_fault("overloaded-seconds").unwrap();
    scene.clock.set(at);
    scene.issued(&request).await;
    assert_eq!(scene.requests("/new-account"), 1);
}
