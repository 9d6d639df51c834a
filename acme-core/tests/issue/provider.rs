//! A DNSPod account that does not do what is asked: known before there is an order where that can be.

use std::sync::Mutex;

use acme_core::dns01::DnsProviderError;
use acme_core::issue::{Event, IssueError, IssueRequest};
use sandbox::{Sandbox, ZoneStatus};

use crate::scene::{Scene, kind};

/// The provider's refusal of a run that must end with it.
async fn refused(scene: &Scene, request: &IssueRequest) -> (DnsProviderError, Vec<Event>) {
    let (result, events) = scene.told(request).await;
    match result.unwrap_err() {
        IssueError::DnsProvider { source, .. } => (source, events),
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn wrong_secret_is_told_after_one_call_and_spends_no_order() {
    let mut scene = Scene::start().await;
    let right = std::mem::replace(&mut scene.secret_key, "x".repeat(32));
    let request = scene.request(&["ws.example", "*.ws.example", "*.a.ws.example"]);
    let (error, events) = refused(&scene, &request).await;
    assert!(matches!(error, DnsProviderError::CredentialRefused { .. }), "{error}");
    assert_eq!(scene.sandbox.dnspod_calls().len(), 1);
    assert!(!events.iter().any(|event| kind(event) == "warning"), "{events:?}");
    assert_eq!(scene.requests("/new-order"), 0);

    scene.secret_key = right;
    scene.issued(&request).await;
}

#[tokio::test]
async fn zone_of_another_account_is_told_and_spends_no_order() {
    let builder = Sandbox::builder().zone("ws.example").foreign_zone("other.example");
    let scene = Scene::with(builder).await;
    let (error, _) = refused(&scene, &scene.request(&["ws.example", "a.other.example"])).await;
    let DnsProviderError::NotPermitted { zone, .. } = &error else { panic!("{error}") };
    assert_eq!(zone, "other.example");
    assert_eq!(scene.requests("/new-order"), 0);
    assert!(!scene.sandbox.dnspod_calls().iter().any(|call| call == "CreateRecord"));
}

#[tokio::test]
async fn refused_record_is_not_looked_for_and_the_others_of_its_order_go_again() {
    let scene = Scene::start().await;
    let request = scene.request(&["ws.example", "mygitpod.example"]);
    let events = Mutex::new(Vec::new());
    let result = scene.watched(&request, |event| {
        if kind(event) == "order" {
            scene.sandbox.set_zone_status("mygitpod.example", ZoneStatus::Lock);
        }
        events.lock().unwrap().push(kind(event));
    });
    let error = result.await.unwrap_err();
    let IssueError::DnsProvider { record, source } = error else { panic!("{error}") };
    assert_eq!(record.as_str(), "_acme-challenge.mygitpod.example");
    assert!(matches!(source, DnsProviderError::ZoneUnusable { .. }), "{source}");
    assert!(scene.our_txt().is_empty());
    assert!(scene.state(&request).await.journal.is_empty());
    assert_eq!(events.into_inner().unwrap(), ["account", "order", "txt_deleted"]);
}

#[tokio::test]
async fn name_in_no_zone_of_the_account_is_told_with_the_zones_that_were_tried() {
    let scene = Scene::start().await;
    let alias = "_acme-challenge.mygitpod.example";
    scene.sandbox.add_record(alias, "CNAME", "challenge.nameserver.test").unwrap();
    let request = scene.request(&["*.mygitpod.example"]);
    let (error, events) = refused(&scene, &request).await;
    let DnsProviderError::ZoneNotFound { name, tried, .. } = &error else { panic!("{error}") };
    assert_eq!(name, "challenge.nameserver.test");
    assert!(tried.contains("nameserver.test"), "{tried}");
    assert!(!events.iter().any(|event| kind(event) == "warning"), "{events:?}");
    assert!(scene.state(&request).await.journal.is_empty());
}

#[tokio::test]
async fn zone_that_is_locked_is_told() {
    let scene = Scene::start().await;
    assert!(scene.sandbox.set_zone_status("ws.example", ZoneStatus::Lock));
    let request = scene.request(&["*.ws.example"]);
    let (error, _) = refused(&scene, &request).await;
    assert!(matches!(error, DnsProviderError::ZoneUnusable { .. }), "{error}");
    assert!(scene.our_txt().is_empty());
    assert!(scene.state(&request).await.journal.is_empty());
}

#[tokio::test]
async fn record_that_could_not_be_deleted_is_kept_in_the_journal_and_swept_later() {
    let scene = Scene::start().await;
    let request = scene.request(&["*.ws.example"]);
    let events = Mutex::new(Vec::new());
    let result = scene.watched(&request, |event| {
        if kind(event) == "challenge_answered" {
            scene.sandbox.set_zone_status("ws.example", ZoneStatus::Lock);
        }
        events.lock().unwrap().push(event.clone());
    });
    result.await.unwrap();
    let events = events.into_inner().unwrap();
    assert_eq!(scene.our_txt().len(), 1);
    assert_eq!(scene.state(&request).await.journal.len(), 1);
    let warned = events.iter().any(|event| {
        matches!(event, Event::Warning { message } if message.contains("may still be there"))
    });
    assert!(warned, "{events:?}");

    scene.sandbox.set_zone_status("ws.example", ZoneStatus::Enable);
    scene.run(&request).await.unwrap();
    assert!(scene.our_txt().is_empty());
    assert!(scene.state(&request).await.journal.is_empty());
}
