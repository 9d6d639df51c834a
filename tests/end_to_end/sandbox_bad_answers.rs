//! A CA that sends what must not be used: nothing of it is stored, and what is stored already stays.

use acme_core::issue::IssueError;
use acme_core::{Clock as _, SystemClock};
use e2e::harness::Test;

use crate::sandbox_orders::{NAMES, issue_and_verify, scene, scene_with_fault};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [] certificate_for_other_names_is_not_stored;
        [] certificate_for_another_key_is_not_stored;
        [] expired_certificate_is_not_stored;
        [] chain_out_of_order_is_not_stored;
        [] certificate_in_use_outlives_a_bad_one;
        [] giant_answer_is_refused;
        [] answer_that_is_not_utf8_is_refused;
        [] redirect_is_not_followed;
        [] token_that_is_a_path_is_refused;
    }
}

async fn refused_and_not_stored(fault: &str) -> IssueError {
    let scene = scene_with_fault(fault).await;
    let request = scene.request(&NAMES);
    let failed = scene.fail(&request).await;
    assert!(scene.stored(&request).await.is_none());
    assert_eq!(scene.challenge_values(&["ws.example"]), [""; 0]);
    failed
}

async fn bad_certificate(fault: &str) {
    let failed = refused_and_not_stored(fault).await;
    assert!(matches!(failed, IssueError::BadCertificate { .. }), "{failed:?}");
}

async fn certificate_for_other_names_is_not_stored() {
    bad_certificate("wrong-name-certificate").await;
}

async fn certificate_for_another_key_is_not_stored() {
    bad_certificate("other-key-certificate").await;
}

async fn expired_certificate_is_not_stored() {
    bad_certificate("expired-certificate").await;
}

async fn chain_out_of_order_is_not_stored() {
    bad_certificate("unordered-chain").await;
}

async fn certificate_in_use_outlives_a_bad_one() {
    let scene = scene().await;
    issue_and_verify(&scene).await;
    let mut request = scene.request(&NAMES);
    let before = scene.stored(&request).await.unwrap();
    request.force = true;
    scene.sandbox.set_fault("other-key-certificate").unwrap();

    let failed = scene.fail(&request).await;

    assert!(matches!(failed, IssueError::BadCertificate { .. }), "{failed:?}");
    let after = scene.stored(&request).await.unwrap();
    assert!(after.fullchain == before.fullchain && after.privkey == before.privkey);
    after.verify(&scene.sandbox.issuer_root_pem(), &NAMES, SystemClock.now()).unwrap();
}

async fn giant_answer_is_refused() {
    let failed = refused_and_not_stored("giant-body=1000").await;
    assert!(matches!(failed, IssueError::UnusableAnswer { .. }), "{failed:?}");
}

async fn answer_that_is_not_utf8_is_refused() {
    refused_and_not_stored("bad-utf8=1000").await;
}

async fn redirect_is_not_followed() {
    let failed = refused_and_not_stored("redirect=1000").await;
    assert!(failed.to_string().contains("/redirected"), "{failed}");
}

async fn token_that_is_a_path_is_refused() {
    let failed = refused_and_not_stored("hostile-token").await;
    assert!(failed.to_string().contains("token"), "{failed}");
}
