//! Runs that were cut short, at Pebble: the next one goes on with the same order, or sees that it cannot.

use std::time::Duration;

use acme_core::issue::{Event, IssueError};
use acme_core::{Clock as _, SystemClock};
use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::RealPart::Pebble as RealPebble;
use e2e::scene::Scene;
use e2e::second_client;
use instant_acme::OrderStatus;

use crate::pebble_issuance;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPebble] pending_order_is_taken_up_by_the_next_run;
        [RealPebble] ready_order_is_finalized_without_touching_the_dns;
        [RealPebble] order_cut_off_after_finalize_is_downloaded_with_its_stored_key;
        [RealPebble] order_with_a_deactivated_authorization_is_given_up_for_a_new_one;
        [RealPebble] cancelled_run_leaves_no_record;
    }
}

const NAMES: [&str; 2] = ["ws.example", "*.ws.example"];

/// A Pebble that refuses no nonce: the second client gives up after three.
async fn pebble_and_scene() -> (Pebble, Scene) {
    let options = PebbleOptions { nonce_reject: Some(0), ..PebbleOptions::default() };
    pebble_issuance::pebble_and_scene(options).await
}

fn waits_for_dns(event: &Event) -> bool {
    matches!(event, Event::WaitingForDns { .. })
}

/// The URLs of the orders told since `events` were cleared, and whether each was an earlier run's.
fn orders(scene: &Scene) -> Vec<(String, bool)> {
    let order = |event: &Event| match event {
        Event::Order { url, resumed, .. } => Some((url.to_string(), *resumed)),
        _ => None,
    };
    scene.events().iter().filter_map(order).collect()
}

/// The order of a run that is cancelled as soon as `count` events of a kind were told.
async fn order_cut_off(
    pebble: &Pebble,
    scene: &Scene,
    count: usize,
    kind: impl Fn(&Event) -> bool + Sync,
) -> String {
    let told = |events: &[Event]| events.iter().filter(|event| kind(event)).count() >= count;
    let cut = scene.run_until(&pebble.request(&NAMES), told).await.err().unwrap();
    assert!(matches!(cut, IssueError::Cancelled { .. }), "{cut:?}");
    let orders = orders(scene);
    scene.events().clear();
    assert_eq!(orders.len(), 1);
    orders[0].0.clone()
}

/// Issues and returns whether each order of the run was `order`, resumed.
async fn issue_again(pebble: &Pebble, scene: &Scene, order: &str) -> Vec<bool> {
    let (issued, _) = scene.issue(&pebble.request(&NAMES)).await.unwrap();
    let root = pebble.issuing_root(0).await.unwrap();
    issued.verify(&root, &NAMES, SystemClock.now()).unwrap();
    orders(scene).into_iter().map(|(url, resumed)| resumed && url == order).collect()
}

/// Waits until Pebble shows the order in this state, as another program sees it.
async fn until_order_is(pebble: &Pebble, scene: &Scene, order: &str, status: OrderStatus) {
    let stored = scene.account(&pebble.directory_url()).await.unwrap();
    let account = second_client::account(&stored, pebble.tls_root()).await.unwrap();
    let mut order = account.order(order.to_owned()).await.unwrap();
    let mut polls = tokio::time::interval(Duration::from_millis(20));
    while order.refresh().await.unwrap().status != status {
        polls.tick().await;
    }
}

async fn pending_order_is_taken_up_by_the_next_run() {
    let (pebble, scene) = pebble_and_scene().await;
    scene.sandbox.freeze_name_server(1);
    let order = order_cut_off(&pebble, &scene, 1, waits_for_dns).await;
    scene.sandbox.release_name_server(1);
    assert_eq!(issue_again(&pebble, &scene, &order).await, [true]);
}

async fn ready_order_is_finalized_without_touching_the_dns() {
    let (pebble, scene) = pebble_and_scene().await;
    let order = order_cut_off(&pebble, &scene, NAMES.len(), |event| {
        let is_answered = matches!(event, Event::ChallengeAnswered { .. });
        if is_answered {
            // A slow Pebble would look for the records after the run that is cut off has deleted them.
            scene.sandbox.freeze_name_server(0);
            scene.sandbox.freeze_name_server(1);
        }
        is_answered
    })
    .await;
    until_order_is(&pebble, &scene, &order, OrderStatus::Ready).await;
    scene.sandbox.reset_counts();

    assert_eq!(issue_again(&pebble, &scene, &order).await, [true]);

    assert!(scene.sandbox.dnspod_calls().is_empty(), "{:?}", scene.sandbox.dnspod_calls());
}

async fn order_cut_off_after_finalize_is_downloaded_with_its_stored_key() {
    let (pebble, scene) = pebble_and_scene().await;
    let order =
        order_cut_off(&pebble, &scene, 1, |event| matches!(event, Event::Finalized { .. })).await;
    until_order_is(&pebble, &scene, &order, OrderStatus::Valid).await;
    assert_eq!(issue_again(&pebble, &scene, &order).await, [true]);
}

async fn order_with_a_deactivated_authorization_is_given_up_for_a_new_one() {
    let (pebble, scene) = pebble_and_scene().await;
    scene.sandbox.freeze_name_server(1);
    let order = order_cut_off(&pebble, &scene, 1, waits_for_dns).await;
    scene.sandbox.release_name_server(1);
    let stored = scene.account(&pebble.directory_url()).await.unwrap();
    let account = second_client::account(&stored, pebble.tls_root()).await.unwrap();
    let mut theirs = account.order(order.clone()).await.unwrap();
    theirs.authorizations().next().await.unwrap().unwrap().deactivate().await.unwrap();

    let resumed = issue_again(&pebble, &scene, &order).await;

    assert_eq!(resumed.last(), Some(&false), "the certificate came from a new order");
}

async fn cancelled_run_leaves_no_record() {
    let (pebble, scene) = pebble_and_scene().await;
    scene.sandbox.freeze_name_server(1);
    scene.sandbox.add_record("_acme-challenge.ws.example", "TXT", "of another").unwrap();
    order_cut_off(&pebble, &scene, 1, waits_for_dns).await;
    assert_eq!(scene.challenge_values(&["ws.example"]), ["of another"]);
}
