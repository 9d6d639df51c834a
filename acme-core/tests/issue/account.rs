//! The account at the CA, and external accounts.

use std::time::Duration;

use acme_core::issue::{ExternalAccountBinding, IssueError, IssueRequest};
use sandbox::Sandbox;
use zeroize::Zeroizing;

use crate::scene::Scene;

/// A request at a CA that wants external accounts, with this key identifier and HMAC key.
fn bound(scene: &Scene, kid: &str, hmac_key: &str) -> IssueRequest {
    let mut request = scene.request(&["*.ws.example"]);
    let hmac_key = Zeroizing::new(hmac_key.to_owned());
    request.ca.external_account = Some(ExternalAccountBinding { kid: kid.to_owned(), hmac_key });
    request
}

async fn ca_with_external_accounts() -> (Scene, String, String) {
    let scene = Scene::with(Sandbox::builder().require_external_account()).await;
    let (kid, hmac_key) = scene.sandbox.external_account();
    let (kid, hmac_key) = (kid.to_owned(), hmac_key.to_owned());
    (scene, kid, hmac_key)
}

#[tokio::test]
async fn external_account_that_is_missing_is_asked_for_without_a_request_to_the_account() {
    let (scene, ..) = ca_with_external_accounts().await;
    let error = scene.run(&scene.request(&["*.ws.example"])).await.unwrap_err();
    assert!(matches!(error, IssueError::ExternalAccountRequired { .. }), "{error}");
    assert_eq!(scene.requests("/new-account"), 0);
}

#[tokio::test]
async fn wrong_external_account_is_refused_in_the_ca_s_words_and_the_right_one_is_taken_after_it() {
    let (scene, kid, hmac_key) = ca_with_external_accounts().await;
    let other_key = "d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmc";
    for (kid, hmac_key) in [("unknown", hmac_key.as_str()), (kid.as_str(), other_key)] {
        let error = scene.run(&bound(&scene, kid, hmac_key)).await.unwrap_err();
        assert!(matches!(error, IssueError::CaRefused { .. }), "{error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains(hmac_key), "{text}");
        assert!(!error.is_retryable());
    }
    scene.issued(&bound(&scene, &kid, &hmac_key)).await;
}

#[tokio::test]
async fn hmac_key_that_is_none_is_the_caller_s_mistake() {
    let (scene, kid, _) = ca_with_external_accounts().await;
    let error = scene.run(&bound(&scene, &kid, "not base64url!")).await.unwrap_err();
    assert!(
        matches!(error, IssueError::InvalidRequest { field: "external_account", .. }),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("not base64url!"), "{error:?}");
    assert_eq!(scene.requests("/new-account"), 0);
}

#[tokio::test]
async fn terms_that_nobody_accepted_are_named_and_no_account_is_made() {
    let scene = Scene::start().await;
    let mut request = scene.request(&["*.ws.example"]);
    request.ca.accept_tos = false;
    let error = scene.run(&request).await.unwrap_err();
    let IssueError::TermsNotAccepted { terms: Some(terms), .. } = &error else { panic!("{error}") };
    assert!(terms.path().starts_with("/terms"), "{terms}");
    assert_eq!(scene.requests("/new-account"), 0);
}

#[tokio::test]
async fn account_whose_creation_was_not_heard_of_is_asked_for_again_with_its_key() {
    let scene = Scene::start().await;
    // The CA makes the account, and what it says of it takes longer than the run lives.
    scene.fault("slow-body=10000");
    let request = scene.request(&["*.ws.example"]);
    let mut look = tokio::time::interval(Duration::from_millis(5));
    let asked = async {
        while scene.requests("/new-account") == 0 {
            look.tick().await;
        }
    };
    tokio::select! {
        ended = scene.run(&request) => panic!("{ended:?}"),
        () = asked => {}
    }
    scene.sandbox.clear_fault("slow-body").unwrap();
    let before = scene.account().await.unwrap();
    assert!(before.url.is_none());

    scene.issued(&request).await;
    let after = scene.account().await.unwrap();
    assert!(after.url.is_some());
    assert!(after.key_pem == before.key_pem, "another key is another account");
}
