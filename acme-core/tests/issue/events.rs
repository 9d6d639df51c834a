//! What a run tells: every step, in JSON too, and no secret.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::Mutex;

use acme_core::issue::{Event, IssueError, Outcome, with_causes};
use acme_core::store::Entry;
use futures_util::future::join_all;

use crate::scene::{Scene, kind};

/// All kinds of events.
const KINDS: [&str; 13] = [
    "account",
    "already_good",
    "authorized",
    "challenge_answered",
    "finalized",
    "issued",
    "order",
    "propagated",
    "txt_appended",
    "txt_deleted",
    "waiting_for_ca",
    "waiting_for_dns",
    "warning",
];

/// Two runs that tell of everything there is, and the outcome of the second.
async fn everything_told(scene: &Scene) -> (Vec<Event>, Result<Outcome, IssueError>) {
    scene.provoke("waiting_for_dns");
    scene.provoke("waiting_for_ca");
    let mut request = scene.request(&["ws.example", "*.ws.example"]);
    request.preferred_chain = Some("Another Root".to_owned());
    let events = Mutex::new(Vec::new());
    let first = scene.watched(&request, |event| {
        if kind(event) == "waiting_for_dns" {
            scene.sandbox.release_name_server(1);
        }
        events.lock().unwrap().push(event.clone());
    });
    first.await.unwrap();
    let mut events = events.into_inner().unwrap();
    let (second, more) = scene.told(&request).await;
    assert!(matches!(second, Ok(Outcome::AlreadyGood { .. })), "{second:?}");
    events.extend(more);
    (events, second)
}

#[tokio::test]
async fn every_event_is_an_object_in_json_that_names_itself_and_holds_no_secret() {
    let scene = Scene::start().await;
    let (events, outcome) = everything_told(&scene).await;
    let told: BTreeSet<_> = events.iter().map(kind).collect();
    assert_eq!(told.iter().map(String::as_str).collect::<Vec<_>>(), KINDS);
    for event in &events {
        let line = serde_json::to_string(event).unwrap();
        assert!(line.starts_with("{\"event\":\"") && !line.contains('\n'), "{line}");
    }
    let issued = events.iter().find(|event| kind(event) == "issued").unwrap();
    let issued = serde_json::to_value(issued).unwrap();
    for field in ["not_after", "serial", "acme_requests", "provider_calls", "dns_queries"] {
        assert!(!issued[field].is_null(), "{field}: {issued}");
    }
    assert!(issued["paths"]["fullchain"].is_string() && issued["phases_ms"]["propagate"].is_u64());

    let secrets = secrets(&scene, "ws.example").await;
    assert_eq!(secrets.len(), 3 + 3 + 1, "two keys and a word");
    assert_keeps(&secrets, &given_away(&events, &outcome));
}

/// Everything that a run gives away: its events, its outcome or its error with all causes.
fn given_away(events: &[Event], result: &Result<Outcome, IssueError>) -> String {
    let mut text = String::new();
    for event in events {
        writeln!(text, "{event:?} {}", serde_json::to_string(event).unwrap()).unwrap();
    }
    match result {
        Ok(outcome) => writeln!(text, "{outcome:?}").unwrap(),
        Err(error) => {
            writeln!(text, "{error} {error:?} {}", with_causes(error)).unwrap();
            let mut cause = error.source();
            while let Some(error) = cause {
                writeln!(text, "{error} {error:?}").unwrap();
                cause = error.source();
            }
        }
    }
    text
}

/// What DNSPod is called with, and the lines of every private key in the store: the account's, that of a certificate,
/// that of an order in flight.
async fn secrets(scene: &Scene, name: &str) -> Vec<String> {
    let mut pem = scene.account().await.expect("there is an account").key_pem.to_string();
    let name = name.to_owned();
    for entry in [Entry::Certificate(name.clone()), Entry::PendingKey(name)] {
        if let Some(document) = scene.store.load(&entry).await.unwrap() {
            pem += std::str::from_utf8(document.get("privkey.pem").unwrap()).unwrap();
        }
    }
    let lines = pem.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned);
    lines.chain([scene.secret_key.clone()]).collect()
}

fn assert_keeps(secrets: &[String], text: &str) {
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "a secret is in: {text}");
    }
    assert!(!text.contains("PRIVATE KEY"), "{text}");
}

#[tokio::test]
async fn no_secret_is_in_what_a_failed_run_tells_or_remembers() {
    let all = [
        "invalid-authorization",
        "hostile-token",
        "overloaded-seconds=3600",
        "redirect",
        "bad-utf8",
        "giant-body",
        "rate-limited-seconds=3600",
        "order-not-ready=1000",
        "processing=2",
        "other-key-certificate",
        "wrong-name-certificate",
        "wrong secret",
    ]
    .map(|fault| async move {
        let mut scene = Scene::start().await;
        let mut request = scene.request(&["ws.example", "*.ws.example"]);
        request.ca_timeout = std::time::Duration::from_millis(400);
        if fault == "wrong secret" {
            scene.secret_key = "y".repeat(32);
        }
        let events = Mutex::new(Vec::new());
        let result = scene.watched(&request, |event| {
            if kind(event) == "account" && fault != "wrong secret" {
                scene.fault(fault);
            }
            events.lock().unwrap().push(event.clone());
        });
        let result = result.await;
        assert!(result.is_err(), "{fault}");
        let state = scene.state(&request).await;
        let text = given_away(&events.into_inner().unwrap(), &result);
        assert_keeps(&secrets(&scene, "ws.example").await, &format!("{text} {state:?}"));
    });
    join_all(all).await;
}
