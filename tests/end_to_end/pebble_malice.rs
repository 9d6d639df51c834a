//! What Pebble does to find careless clients: it refuses good nonces and takes up old authorizations at random.

use acme_core::issue::Event;
use acme_core::{Clock as _, SystemClock};
use e2e::harness::Test;
use e2e::pebble::PebbleOptions;
use e2e::real_part::RealPart::Pebble as RealPebble;

use crate::pebble_issuance::pebble_and_scene;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPebble] nonces_rejected_a_fifth_of_the_time_still_issue;
        [RealPebble] nonces_rejected_half_of_the_time_still_issue;
        [RealPebble] nonces_rejected_nine_times_in_ten_still_issue;
        [RealPebble] authorizations_that_are_never_reused_are_made_again;
        [RealPebble] authorizations_reused_by_chance_are_told_apart;
        [RealPebble] authorizations_that_are_always_reused_need_no_record;
    }
}

const NAMES: [&str; 3] = ["ws.example", "*.ws.example", "a.ws.example"];

async fn issue_with_nonces_rejected(percent: u8) {
    let options = PebbleOptions { nonce_reject: Some(percent), ..PebbleOptions::default() };
    let (pebble, scene) = pebble_and_scene(options).await;
    let (issued, _) = scene.issue(&pebble.request(&NAMES)).await.unwrap();
    let root = pebble.issuing_root(0).await.unwrap();
    issued.verify(&root, &NAMES, SystemClock.now()).unwrap();
}

async fn nonces_rejected_a_fifth_of_the_time_still_issue() {
    issue_with_nonces_rejected(20).await;
}

async fn nonces_rejected_half_of_the_time_still_issue() {
    issue_with_nonces_rejected(50).await;
}

async fn nonces_rejected_nine_times_in_ten_still_issue() {
    issue_with_nonces_rejected(90).await;
}

/// Issues twice; how many authorizations of the second order were valid before.
async fn reused_when_issued_again(percent: u8) -> (usize, usize) {
    let options = PebbleOptions { authz_reuse: Some(percent), ..PebbleOptions::default() };
    let (pebble, scene) = pebble_and_scene(options).await;
    let mut request = pebble.request(&NAMES);
    scene.issue(&request).await.unwrap();
    scene.events().clear();
    scene.sandbox.reset_counts();

    request.force = true;
    let (issued, _) = scene.issue(&request).await.unwrap();

    let root = pebble.issuing_root(0).await.unwrap();
    issued.verify(&root, &NAMES, SystemClock.now()).unwrap();
    let calls = scene.sandbox.dnspod_calls();
    let created = calls.iter().filter(|call| *call == "CreateRecord").count();
    let answered = |event: &&Event| matches!(event, Event::ChallengeAnswered { .. });
    let answered = scene.events().iter().filter(answered).count();
    (created, answered)
}

async fn authorizations_that_are_never_reused_are_made_again() {
    // Pebble reuses one in a hundred even so.
    let (created, answered) = reused_when_issued_again(0).await;
    assert!(created >= 2 && created == answered, "{created} {answered}");
}

async fn authorizations_reused_by_chance_are_told_apart() {
    let (created, answered) = reused_when_issued_again(50).await;
    assert_eq!(created, answered, "a record for each challenge that was answered, and no other");
}

async fn authorizations_that_are_always_reused_need_no_record() {
    assert_eq!(reused_when_issued_again(100).await, (0, 0));
}
