//! Behaviour 29: answers that no honest CA gives.

use super::super::AcmeError;
use super::flow::Ca;

fn is_malformed(error: &AcmeError, part: &str) {
    assert!(matches!(error, AcmeError::Malformed { .. }), "{error:?}");
    assert!(error.to_string().contains(part), "{error}");
}

#[tokio::test]
async fn a_giant_body_is_not_read_to_its_end() {
    let ca = Ca::start().await;
    ca.fault("giant-body=1");
    is_malformed(&ca.new_order().await.unwrap_err(), "larger than");
    ca.new_order().await.expect("the client must be usable afterwards");
}

#[tokio::test]
async fn a_token_that_is_none_stops_the_authorization() {
    let ca = Ca::start().await;
    ca.fault("hostile-token");
    let (_, order) = ca.new_order().await.unwrap();
    let error = ca.account.authorization(&order.authorizations[0]).await.unwrap_err();
    is_malformed(&error, "../../x");
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_an_error() {
    let ca = Ca::start().await;
    ca.fault("bad-utf8=1");
    is_malformed(&ca.new_order().await.unwrap_err(), "cannot be read");
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let ca = Ca::start().await;
    ca.fault("redirect=1");
    is_malformed(&ca.new_order().await.unwrap_err(), "/redirected");
    assert_eq!(ca.requests("POST", "/redirected") + ca.requests("GET", "/redirected"), 0);
}
