//! A CA that fails, delays or asks to come back later.

use std::time::Duration;

use acme_core::issue::{Event, IssueError};
use acme_core::{Clock as _, SystemClock};
use e2e::certctl::Certctl;
use e2e::harness::Test;
use e2e::scene::Scene;
use sandbox::Sandbox;
use time::OffsetDateTime;

use crate::sandbox_orders::{NAMES, issue_and_verify, scene, scene_with_fault};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [] failed_validation_is_told_with_its_cause_though_the_order_stays_pending;
        [] finalize_that_comes_too_early_is_repeated_for_the_same_order;
        [] finalize_that_is_never_accepted_ends_at_the_deadline;
        [] rate_limit_in_seconds_is_kept_and_not_slept;
        [] rate_limit_as_a_date_is_kept_and_not_slept;
        [] long_overload_is_kept_and_not_slept;
        [] short_overload_is_waited_for;
        [] rate_limit_ends_certctl_with_75_and_its_time;
        [] one_failed_answer_of_a_proxy_is_tried_again;
        [] answer_that_never_comes_is_asked_for_again;
        [] answer_that_breaks_off_is_asked_for_again;
        [] slow_answers_are_read_to_their_end;
        [] order_that_takes_its_time_is_waited_for;
    }
}

async fn failed_validation_is_told_with_its_cause_though_the_order_stays_pending() {
    let scene = scene_with_fault("invalid-authorization").await;
    let failed = scene.fail(&scene.request(&NAMES)).await;
    let IssueError::AuthorizationFailed { problem, .. } = &failed else { panic!("{failed:?}") };
    assert!(!problem.detail.is_empty(), "{failed}");
    let waited = scene.events().iter().filter(|e| matches!(e, Event::WaitingForCa { .. })).count();
    assert!(waited <= 2 * NAMES.len(), "the CA was asked {waited} times");
    assert_eq!(scene.challenge_values(&["ws.example"]), [""; 0]);
}

async fn finalize_that_comes_too_early_is_repeated_for_the_same_order() {
    let scene = scene_with_fault("order-not-ready=2").await;
    issue_and_verify(&scene).await;
    let orders = scene.events().iter().filter(|event| matches!(event, Event::Order { .. })).count();
    assert_eq!(orders, 1);
}

async fn finalize_that_is_never_accepted_ends_at_the_deadline() {
    let scene = scene_with_fault("order-not-ready=1000").await;
    let mut request = scene.request(&NAMES);
    request.ca_timeout = Duration::from_secs(2);
    let failed = scene.fail(&request).await;
    assert!(matches!(failed, IssueError::TimedOut { .. }), "{failed:?}");
    assert_eq!(scene.challenge_values(&["ws.example"]), [""; 0]);
}

/// Issues, is told to come back in an hour, and asks nobody when it is started again before.
async fn told_to_come_back_in_an_hour(scene: &Scene) {
    let begun = SystemClock.now();
    let request = scene.request(&NAMES);
    let first = scene.fail(&request).await;
    let IssueError::TryLater { retry_at, .. } = &first else { panic!("{first:?}") };
    let wait = *retry_at - begun;
    assert!((3590..=3660).contains(&wait.whole_seconds()), "{wait}");
    assert!(SystemClock.now() - begun < time::Duration::seconds(30), "it was not slept");

    scene.sandbox.reset_counts();
    let again = scene.fail(&request).await;
    assert_eq!(again.to_string(), first.to_string(), "the same cause reads the same");
    assert_eq!(again.retry_at(), Some(*retry_at));
    assert!(scene.sandbox.acme_requests().is_empty());
}

async fn rate_limit_in_seconds_is_kept_and_not_slept() {
    told_to_come_back_in_an_hour(&scene_with_fault("rate-limited-seconds=3600").await).await;
}

async fn rate_limit_as_a_date_is_kept_and_not_slept() {
    told_to_come_back_in_an_hour(&scene_with_fault("rate-limited-date=3600").await).await;
}

async fn long_overload_is_kept_and_not_slept() {
    told_to_come_back_in_an_hour(&scene_with_fault("overloaded-date=3600").await).await;
}

async fn short_overload_is_waited_for() {
    issue_and_verify(&scene_with_fault("overloaded-seconds=1").await).await;
}

async fn rate_limit_ends_certctl_with_75_and_its_time() {
    let sandbox = Sandbox::builder().fault("rate-limited-seconds=86400").start().await.unwrap();
    let certctl = Certctl::at_sandbox(&sandbox).unwrap();
    let begun = SystemClock.now();

    let ended = certctl.issue(&NAMES).await.unwrap();

    assert_eq!(ended.code(), 75, "{ended:#?}");
    let failed = ended.event("failed");
    let retry_at = failed["retry_at"].as_str().unwrap();
    let format = &time::format_description::well_known::Rfc3339;
    let wait = OffsetDateTime::parse(retry_at, format).unwrap() - begun;
    assert!((86_390..=86_460).contains(&wait.whole_seconds()), "{retry_at}");
    sandbox.reset_counts();
    assert_eq!(certctl.issue(&NAMES).await.unwrap().code(), 75);
    assert!(sandbox.acme_requests().is_empty());
}

async fn one_failed_answer_of_a_proxy_is_tried_again() {
    issue_and_verify(&scene_with_fault("html-502=1").await).await;
}

async fn answer_that_never_comes_is_asked_for_again() {
    let scene = scene().await;
    issue_and_verify(&scene).await;
    scene.sandbox.set_fault("hang=1").unwrap();
    scene.issue(&scene.request(&["*.mygitpod.example"])).await.unwrap();
}

async fn answer_that_breaks_off_is_asked_for_again() {
    issue_and_verify(&scene_with_fault("truncated-body=1").await).await;
}

async fn slow_answers_are_read_to_their_end() {
    issue_and_verify(&scene_with_fault("slow-body=300").await).await;
}

async fn order_that_takes_its_time_is_waited_for() {
    issue_and_verify(&scene_with_fault("processing=2").await).await;
}
