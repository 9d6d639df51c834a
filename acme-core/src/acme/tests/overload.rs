//! Behaviour 9: a CA that asks to come back later, or that cannot answer for a moment.

use std::time::Duration;

use tokio::time::Instant;

use super::flow::{Ca, client};
use crate::http::HttpOptions;

const HOUR: Duration = Duration::from_secs(3600);

/// Whether this is an hour, with the seconds that a test and a rounded date may take.
fn is_about_an_hour(wait: Option<Duration>) -> bool {
    wait.is_some_and(|wait| wait.abs_diff(HOUR) < Duration::from_secs(30))
}

#[tokio::test]
async fn a_rate_limit_is_reported_at_once_with_its_time_in_both_forms() {
    for fault in ["rate-limited-seconds=3600", "rate-limited-date=3600"] {
        let ca = Ca::start().await;
        ca.fault(fault);
        let start = Instant::now();
        let error = ca.new_order().await.unwrap_err();
        assert!(error.is_try_later(), "{error}");
        assert_eq!((error.kind(), error.status()), (Some("rateLimited"), Some(429)));
        assert!(is_about_an_hour(error.retry_after()), "{:?}", error.retry_after());
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(ca.requests("POST", "/new-order"), 1, "{fault}");
    }
}

#[tokio::test]
async fn a_long_overload_is_reported_at_once_with_its_time_and_text() {
    for fault in ["overloaded-seconds=3600", "overloaded-date=3600"] {
        let ca = Ca::start().await;
        ca.fault(fault);
        let error = ca.new_order().await.unwrap_err();
        assert!(error.is_try_later(), "{error}");
        assert!(is_about_an_hour(error.retry_after()), "{:?}", error.retry_after());
        assert_eq!(error.to_string(), "503 Service Unavailable 503 Service Unavailable (HTTP 503)");
        assert_eq!(ca.requests("POST", "/new-order"), 1, "{fault}");
    }
}

#[tokio::test]
async fn a_short_overload_is_waited_for() {
    for fault in ["overloaded-seconds=1", "overloaded-date=1"] {
        let ca = Ca::start().await;
        ca.fault(fault);
        ca.new_order().await.unwrap();
    }
}

#[tokio::test]
async fn a_proxy_that_fails_once_is_tried_again() {
    let ca = Ca::start().await;
    ca.fault("html-502=1");
    ca.new_order().await.unwrap();
}

#[tokio::test]
async fn a_proxy_that_keeps_failing_is_reported_with_its_status_and_text() {
    let ca = Ca::start().await;
    ca.fault("html-502=100");
    let error = ca.new_order().await.unwrap_err();
    assert!(error.is_server_failure());
    assert_eq!(error.to_string(), "502 Bad Gateway 502 Bad Gateway (HTTP 502)");
}

#[tokio::test]
async fn a_ca_that_does_not_answer_is_tried_again() {
    let ca = Ca::start().await;
    let options = HttpOptions { timeout: Duration::from_millis(500), ..HttpOptions::default() };
    let impatient = client(&ca.sandbox, options);
    impatient.directory().await.unwrap();
    ca.fault("hang=1");
    let key = super::super::AccountKey::generate().unwrap();
    impatient.create_account(&key, None).await.unwrap();
}
