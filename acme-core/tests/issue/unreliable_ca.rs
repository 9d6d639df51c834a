//! A CA that fails now and then, in ways that another try mends.

use std::time::Duration;

use acme_core::issue::IssueError;

use crate::scene::{Scene, kind};

/// Every point at which the next request goes to the CA, by the event before it; `""` is the beginning.
const STEPS: [&str; 7] =
    ["", "account", "order", "propagated", "challenge_answered", "authorized", "finalized"];

/// Issues although the request after each step in turn is answered with `fault` once.
async fn issues_in_spite_of(fault: &str, http_timeout: Duration) {
    let all = STEPS.map(|step| async move {
        let mut scene = Scene::start().await;
        scene.http_timeout = http_timeout;
        if step.is_empty() {
            scene.fault(fault);
        }
        let request = scene.request(&["*.ws.example"]);
        let watch = |event: &_| {
            if kind(event) == step {
                scene.fault(fault);
            }
        };
        if let Err(error) = scene.watched(&request, watch).await {
            panic!("{fault} after {step:?}: {error}");
        }
        assert!(scene.our_txt().is_empty(), "{step}");
        let certificates = scene.requests("/finalize");
        let most = if step == "authorized" { 2 } else { 1 };
        assert!((1..=most).contains(&certificates), "{step}: {certificates} CSRs");
    });
    futures_util::future::join_all(all).await;
}

#[tokio::test]
async fn proxy_that_answers_502_in_html_once_costs_a_try() {
    issues_in_spite_of("html-502=1", Duration::from_secs(10)).await;
}

#[tokio::test]
async fn overload_of_a_second_is_waited_for() {
    issues_in_spite_of("overloaded-seconds=1", Duration::from_secs(10)).await;
}

#[tokio::test]
async fn request_that_is_never_answered_is_sent_again() {
    issues_in_spite_of("hang=1", Duration::from_secs(1)).await;
}

#[tokio::test]
async fn answer_that_breaks_off_is_asked_for_again() {
    issues_in_spite_of("truncated-body=1", Duration::from_secs(10)).await;
}

#[tokio::test]
async fn answers_that_come_slowly_are_awaited() {
    issues_in_spite_of("slow-body=30", Duration::from_secs(10)).await;
}

#[tokio::test]
async fn ca_that_never_answers_is_unreachable_and_nothing_is_lost() {
    let mut scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    assert!(scene.dropped_at(&request, "txt_appended").await);
    scene.fault("hang=1000");
    scene.http_timeout = Duration::from_millis(100);
    let error = scene.run(&request).await.unwrap_err();
    assert!(matches!(error, IssueError::CaUnreachable { .. }), "{error}");
    assert!(error.is_retryable());
    assert!(scene.our_txt().is_empty());
    assert!(scene.state(&request).await.next_attempt.is_none(), "the CA named no time");

    scene.sandbox.clear_fault("hang").unwrap();
    scene.http_timeout = Duration::from_secs(10);
    scene.issued(&request).await;
    assert_eq!(scene.requests("/new-order"), 1);
}

#[tokio::test]
async fn failed_validation_is_told_within_one_poll_though_the_order_stays_pending() {
    let scene = Scene::start().await;
    scene.fault("invalid-authorization");
    let error = scene.run(&scene.request(&["*.ws.example"])).await.unwrap_err();
    let IssueError::AuthorizationFailed { identifier, problem, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(identifier.to_string(), "*.ws.example");
    assert_eq!(problem.detail, "ws.example was not validated, on purpose");
    assert!(!error.is_retryable());

    // The first look at authorization and order comes 20 ms after the answer; validation may take until the second.
    let paths: Vec<_> = scene.sandbox.acme_requests().into_iter().map(|one| one.path).collect();
    let answered = paths.iter().position(|path| path.starts_with("/challenge")).unwrap();
    let polls = &paths[answered + 1..];
    assert!(polls.len() <= 4, "{polls:?}");
    assert!(polls.last().unwrap().starts_with("/authorization"), "{polls:?}");
    assert!(scene.our_txt().is_empty());
}
