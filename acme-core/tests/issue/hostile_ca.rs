//! A CA that sends what it must not: nothing of it is stored, written or followed.

use acme_core::issue::{IssueError, IssueRequest};
use futures_util::future::join_all;

use crate::scene::{Scene, kind};

/// A renewal from a CA that does `fault` fails, and the certificate in use and the records are as they were.
async fn refused(fault: &str) -> (Scene, IssueRequest, IssueError) {
    let scene = Scene::start().await;
    let mut request = scene.request(&["ws.example", "*.ws.example"]);
    scene.issued(&request).await;
    let before = scene.stored(&request).await.unwrap();

    scene.fault(fault);
    request.force = true;
    let error = scene.run(&request).await.unwrap_err();
    assert!(scene.stored(&request).await.unwrap() == before, "{fault}: it was touched");
    assert!(scene.our_txt().is_empty(), "{fault}");
    (scene, request, error)
}

#[tokio::test]
async fn certificate_that_is_not_the_one_asked_for_is_never_stored() {
    let all = [
        ("wrong-name-certificate", "wrong.invalid"),
        ("other-key-certificate", "the certificate is for another key"),
        ("unordered-chain", "*.ws.example"),
        ("expired-certificate", "has ended at"),
    ]
    .map(|(fault, reason)| async move {
        let (scene, request, error) = refused(fault).await;
        let IssueError::BadCertificate { reason: said, .. } = &error else { panic!("{error}") };
        assert!(said.contains(reason), "{fault}: {said}");

        // An honest CA's next certificate is of a new order.
        scene.sandbox.clear_fault(fault).unwrap();
        scene.issued(&request).await;
        assert_eq!(scene.requests("/new-order"), 3, "{fault}");
    });
    join_all(all).await;
}

#[tokio::test]
async fn token_that_is_a_path_is_refused_before_a_record_is_made_of_it() {
    let (scene, _, error) = refused("hostile-token").await;
    let IssueError::UnusableAnswer { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("token"), "{reason}");
    let creations = scene.sandbox.dnspod_calls().iter().filter(|c| *c == "CreateRecord").count();
    assert_eq!(creations, 2, "those of the first certificate");
}

/// Every point at which the next request goes to the CA, by the event before it.
const STEPS: [&str; 6] =
    ["account", "order", "propagated", "challenge_answered", "authorized", "finalized"];

/// A run whose request after `step` is answered with `fault`, and its error.
async fn spoiled(step: &str, fault: &str) -> (Scene, IssueRequest, Option<IssueError>) {
    let scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    let result = scene
        .watched(&request, |event| {
            if kind(event) == step {
                scene.fault(fault);
            }
        })
        .await;
    assert!(scene.our_txt().is_empty(), "{step}: {fault}");
    assert_eq!(scene.requests("/redirected"), 0, "{step}: {fault}");
    (scene, request, result.err())
}

/// What was spoiled at each step is told, and the next run continues the same order.
async fn next_run_continues(fault: &str, told: impl Fn(&str, Option<&IssueError>)) {
    let all = STEPS.map(|step| async move {
        let (scene, request, error) = spoiled(step, fault).await;
        if error.is_some() {
            assert!(scene.stored(&request).await.is_none(), "{step}: {fault}");
            scene.issued(&request).await;
        }
        (step, error, scene.requests("/new-order"))
    });
    for (step, error, orders) in join_all(all).await {
        told(step, error.as_ref());
        // The answer that gave the order's address was spoiled, so it was asked for again.
        let expected = if step == "account" && error.is_some() { 2 } else { 1 };
        assert_eq!(orders, expected, "{step}: {fault}: {error:?}");
    }
}

fn is_unusable(error: Option<&IssueError>, reason: &str) -> bool {
    matches!(error, Some(IssueError::UnusableAnswer { reason: said, .. }) if said.contains(reason))
}

#[tokio::test]
async fn giant_answer_is_given_up_at_every_step() {
    next_run_continues("giant-body=1", |step, error| {
        assert!(is_unusable(error, "bytes"), "{step}: {error:?}");
    })
    .await;
}

#[tokio::test]
async fn redirect_is_refused_at_every_step() {
    next_run_continues("redirect=1", |step, error| {
        assert!(is_unusable(error, "redirects are not followed"), "{step}: {error:?}");
    })
    .await;
}

#[tokio::test]
async fn answer_that_is_no_text_is_refused_where_it_matters() {
    let all = STEPS.map(|step| async move {
        let (scene, request, error) = spoiled(step, "bad-utf8=1").await;
        match step {
            // What a CA says to the answer of a challenge is not needed.
            "propagated" => assert!(error.is_none(), "{error:?}"),
            "finalized" => {
                assert!(matches!(error, Some(IssueError::BadCertificate { .. })), "{error:?}");
            }
            _ => assert!(is_unusable(error.as_ref(), ""), "{step}: {error:?}"),
        }
        scene.run(&request).await.unwrap();
    });
    join_all(all).await;
}
