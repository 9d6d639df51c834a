//! What the DNS shows, and what is made of it before and after there is an order.

use std::collections::HashSet;
use std::time::Duration;

use acme_core::dns01::Answer;
use acme_core::issue::{Event, IssueError};
use sandbox::Sandbox;

use crate::scene::{CHALLENGE, FOREIGN, Scene, kind};

/// Long enough for a few looks.
const BRIEF: Duration = Duration::from_millis(300);

#[tokio::test]
async fn apex_and_wildcard_share_a_name_where_both_values_live_at_once_beside_a_foreign_one() {
    let scene = Scene::start().await;
    let request = scene.request(&["ws.example", "*.ws.example"]);
    let at_answer = std::sync::Mutex::new(Vec::new());
    let outcome = scene.watched(&request, |event| {
        if kind(event) == "challenge_answered" {
            at_answer.lock().unwrap().push(HashSet::<String>::from_iter(scene.our_txt()));
        }
    });
    outcome.await.unwrap();
    let at_answer: Vec<_> = at_answer.into_inner().unwrap();
    assert_eq!(at_answer.iter().map(HashSet::len).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(scene.sandbox.txt_values(CHALLENGE), [FOREIGN]);
}

#[tokio::test]
async fn server_that_lags_behind_is_waited_for() {
    let scene = Scene::start().await;
    scene.fault("lagging-name-server=1");
    let (outcome, events) = scene.told(&scene.request(&["*.ws.example"])).await;
    outcome.unwrap();
    let behind = scene.sandbox.name_servers()[1];
    let waited_for = events.iter().find_map(|event| match event {
        Event::WaitingForDns { missing, .. } => Some(missing),
        _ => None,
    });
    let addresses: Vec<_> = waited_for.unwrap().iter().map(|server| server.address).collect();
    assert_eq!(addresses, [behind]);
    let kinds: Vec<_> = events.iter().map(kind).collect();
    let position = |kind: &str| kinds.iter().position(|one| one == kind).unwrap();
    assert!(position("waiting_for_dns") < position("propagated"));
    assert!(position("propagated") < position("challenge_answered"));
}

#[tokio::test]
async fn server_that_never_shows_the_record_is_named_with_what_it_answered() {
    let scene = Scene::start().await;
    scene.sandbox.freeze_name_server(1);
    let mut request = scene.request(&["*.mygitpod.example"]);
    request.propagation_timeout = BRIEF;
    let error = scene.run(&request).await.unwrap_err();
    assert!(error.is_retryable());
    let IssueError::NotPropagated { name, value, waited, servers } = error else {
        panic!("{error}")
    };
    assert_eq!(name.as_str(), "_acme-challenge.mygitpod.example");
    assert_eq!(waited, BRIEF);
    let answers: Vec<_> = servers.into_iter().map(|one| (one.address, one.answer)).collect();
    let [shows, frozen] = [0, 1].map(|server| scene.sandbox.name_servers()[server]);
    let expected = [(shows, Answer::Values(vec![value])), (frozen, Answer::NoSuchName)];
    assert_eq!(answers, expected);
    assert_eq!(scene.requests("/challenge"), 0, "nothing was answered before it could be seen");
    assert!(scene.sandbox.txt_values("_acme-challenge.mygitpod.example").is_empty());

    scene.sandbox.release_name_server(1);
    request.propagation_timeout = crate::scene::PATIENCE;
    scene.issued(&request).await;
    assert_eq!(scene.requests("/new-order"), 1);
}

#[tokio::test]
async fn lame_server_is_named_as_one() {
    let scene = Scene::start().await;
    scene.fault("lame-name-server");
    let mut request = scene.request(&["*.ws.example"]);
    request.propagation_timeout = BRIEF;
    let error = scene.run(&request).await.unwrap_err();
    let IssueError::NotPropagated { servers, .. } = error else { panic!("{error}") };
    let lame: Vec<_> = servers
        .iter()
        .filter(|one| matches!(&one.answer, Answer::NotAuthoritative(code) if code == "REFUSED"))
        .map(|one| one.address)
        .collect();
    assert_eq!(lame, [scene.sandbox.name_servers()[1]], "{servers:?}");
}

#[tokio::test]
async fn delegation_by_cname_puts_the_record_into_the_zone_it_leads_to() {
    let scene = Scene::start().await;
    let (from, to) = ("_acme-challenge.mygitpod.example", "mygitpod.example.test");
    scene.sandbox.add_record(from, "CNAME", to).unwrap();
    scene.sandbox.add_record(to, "TXT", FOREIGN).unwrap();
    let request = scene.request(&["mygitpod.example", "*.mygitpod.example"]);
    let outcome = scene.watched(&request, |event| {
        if let Event::TxtAppended { record, .. } = event {
            assert_eq!(record.name.as_str(), to);
            assert_eq!(scene.sandbox.txt_values(to).len(), 3);
        }
    });
    outcome.await.unwrap();
    assert_eq!(scene.sandbox.txt_values(to), [FOREIGN]);
    assert!(scene.sandbox.txt_values(from).is_empty());
}

#[tokio::test]
async fn caa_that_forbids_this_ca_is_found_before_there_is_an_order() {
    let scene = Scene::start().await;
    scene.sandbox.add_record("ws.example", "CAA", "0 issue \"another-ca.example\"").unwrap();
    let error = scene.run(&scene.request(&["a.ws.example"])).await.unwrap_err();
    let IssueError::CaaForbids { name, identifier, reason, .. } = &error else { panic!("{error}") };
    assert_eq!((name.as_str(), identifier.to_string().as_str()), ("ws.example", "a.ws.example"));
    assert!(reason.contains("another-ca.example"), "{reason}");
    let paths: Vec<_> = scene.sandbox.acme_requests().into_iter().map(|one| one.path).collect();
    assert_eq!(paths, ["/directory", "/new-nonce", "/new-account"]);
    assert!(!scene.sandbox.dnspod_calls().iter().any(|call| call == "CreateRecord"));
}

#[tokio::test]
async fn caa_for_wildcards_alone_forbids_the_wildcard_alone() {
    let scene = Scene::start().await;
    scene.sandbox.add_record("ws.example", "CAA", "0 issuewild \";\"").unwrap();
    let error = scene.run(&scene.request(&["ws.example", "*.ws.example"])).await.unwrap_err();
    let IssueError::CaaForbids { identifier, .. } = &error else { panic!("{error}") };
    assert_eq!(identifier.to_string(), "*.ws.example");
    scene.issued(&scene.request(&["ws.example"])).await;
}

#[tokio::test]
async fn zone_of_an_idn_is_served_under_its_a_label() {
    let scene = Scene::with(Sandbox::builder().zone("bücher.example").zone("ws.example")).await;
    let summary = scene.issued(&scene.request(&["*.BÜCHER.example"])).await;
    assert_eq!(summary.name, "_.xn--bcher-kva.example");
    assert!(scene.sandbox.txt_values("_acme-challenge.bücher.example").is_empty());
}
