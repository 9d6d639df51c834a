//! Many certificates at once.

use std::collections::HashSet;
use std::time::Duration;

use acme_core::issue::{IssueError, IssueRequest, Outcome};
use futures_util::future::join_all;
use sandbox::Sandbox;
use tokio_util::sync::CancellationToken;

use crate::scene::{PATIENCE, Scene, kind};

/// All requests at once by one issuer.
async fn at_once(scene: &Scene, requests: &[IssueRequest]) -> Vec<Result<Outcome, IssueError>> {
    let (issuer, cancel) = (scene.issuer(), CancellationToken::new());
    join_all(requests.iter().map(|request| issuer.issue(request, &|_| (), &cancel))).await
}

#[tokio::test]
async fn sixty_four_certificates_at_once_share_an_account_and_a_directory() {
    let scene = Scene::start().await;
    let names: Vec<_> = (0..64).map(|n| format!("*.n{n}.ws.example")).collect();
    let requests: Vec<_> = names.iter().map(|name| scene.request(&[name])).collect();
    for (request, result) in requests.iter().zip(at_once(&scene, &requests).await) {
        assert!(matches!(result, Ok(Outcome::Issued(_))), "{}: {result:?}", request.name);
        assert!(scene.stored(request).await.is_some());
    }
    for (path, expected) in [
        ("/directory", 1),
        ("/new-account", 1),
        ("/new-order", 64),
        ("/challenge", 64),
        ("/finalize", 64),
        ("/certificate", 64),
    ] {
        assert_eq!(scene.requests(path), expected, "{path}");
    }
    for n in 0..64 {
        let left = scene.sandbox.txt_values(&format!("_acme-challenge.n{n}.ws.example"));
        assert!(left.is_empty(), "{n}: {left:?}");
    }
}

#[tokio::test]
async fn certificates_that_share_a_txt_name_delete_their_own_values_alone() {
    let scene = Scene::start().await;
    let requests = [scene.request(&["ws.example"]), scene.request(&["*.ws.example"])];
    for result in at_once(&scene, &requests).await {
        result.unwrap();
    }
    assert!(scene.our_txt().is_empty());
}

#[tokio::test]
async fn broken_certificate_does_not_stop_the_others() {
    let builder = Sandbox::builder().zone("ws.example").foreign_zone("other.example");
    let scene = Scene::with(builder).await;
    scene.sandbox.add_record("caa.ws.example", "CAA", "0 issue \";\"").unwrap();
    let requests =
        ["a.ws.example", "b.other.example", "c.ws.example", "caa.ws.example", "*.ws.example"]
            .map(|name| scene.request(&[name]));
    let issued: Vec<_> = at_once(&scene, &requests).await.iter().map(Result::is_ok).collect();
    assert_eq!(issued, [true, false, true, false, true]);
}

#[tokio::test]
async fn one_certificate_asked_for_by_two_processes_is_issued_once() {
    let scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    let (one, other) = tokio::join!(scene.run(&request), scene.run(&request));
    let kinds: HashSet<_> = [one.unwrap(), other.unwrap()]
        .map(|outcome| matches!(outcome, Outcome::Issued(_)))
        .into_iter()
        .collect();
    assert_eq!(kinds.len(), 2, "one issued, the other found it good");
    assert_eq!(scene.requests("/new-order"), 1);
}

#[tokio::test]
async fn names_of_one_order_are_published_together_and_answered_together() {
    let scene = Scene::start().await;
    let names: Vec<_> = (0..20).map(|n| format!("n{n}.ws.example")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (outcome, events) = scene.told(&scene.request(&names)).await;
    outcome.unwrap();
    let kinds: Vec<_> = events.iter().map(kind).collect();
    let first = |one: &str| kinds.iter().position(|kind| kind == one).unwrap();
    let last = |one: &str| kinds.iter().rposition(|kind| kind == one).unwrap();
    assert!(last("txt_appended") < first("propagated"));
    assert!(last("propagated") < first("challenge_answered"));
}

#[tokio::test]
async fn nonces_come_while_the_zones_are_looked_for() {
    let scene = Scene::start().await;
    scene.issued(&scene.request(&["ws.example"])).await;
    scene.sandbox.reset_counts();
    scene.fault("round-trip=50");
    let names: Vec<_> = (0..20).map(|n| format!("n{n}.nobodys.example")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    scene.run(&scene.request(&names)).await.unwrap_err();
    assert_eq!(scene.requests("/new-order"), 0, "there is no zone");
    assert_eq!(scene.requests("/new-nonce"), 8, "as many as may be asked for at once");
}

#[tokio::test]
async fn zones_are_looked_for_while_the_ca_makes_the_account() {
    let scene = Scene::start().await;
    let request = scene.request(&["ws.example"]);
    scene.fault("hang=1");
    let looked_for = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while scene.requests("/new-account") == 0 || scene.sandbox.dnspod_calls().is_empty() {
            look.tick().await;
        }
    };
    tokio::select! {
        result = scene.run(&request) => panic!("the CA does not answer: {result:?}"),
        seen = tokio::time::timeout(PATIENCE / 2, looked_for) => seen.expect("a call within the limit"),
    }
}
