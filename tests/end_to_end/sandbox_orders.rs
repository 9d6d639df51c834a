//! Nonces, orders and authorizations in every state, at the sandbox's CA.

use acme_core::issue::{Event, ExternalAccountBinding, IssueError, Outcome};
use acme_core::store::{Entry, Store as _};
use acme_core::{Clock as _, SystemClock};
use e2e::harness::Test;
use e2e::scene::Scene;
use sandbox::{LoggedRequest, Policy, Sandbox};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [] nonces_rejected_half_of_the_time_still_issue;
        [] nonces_rejected_nine_times_in_ten_still_issue;
        [] nonce_rejected_without_a_new_one_still_issues;
        [] valid_authorizations_are_used_without_a_record;
        [] order_that_the_ca_hands_out_again_is_finished;
        [] order_that_is_being_processed_is_waited_for_by_the_next_run;
        [] apex_and_wildcard_are_visible_at_once_and_other_values_stay;
        [] external_account_is_required_and_bound;
        [] alternate_chain_is_chosen_by_its_issuers_name;
        [] other_profile_is_reason_to_issue_again;
        [] other_names_are_reason_to_issue_again;
        [] nothing_but_progress_is_asked_twice;
    }
}

pub(crate) const NAMES: [&str; 2] = ["ws.example", "*.ws.example"];

/// A scene with a sandbox that does everything right.
pub(crate) async fn scene() -> Scene {
    scene_with(Policy::default()).await
}

async fn scene_with(policy: Policy) -> Scene {
    Scene::new(Sandbox::builder().policy(policy).start().await.unwrap(), &[]).unwrap()
}

/// A scene with a sandbox that has this fault.
pub(crate) async fn scene_with_fault(fault: &str) -> Scene {
    let scene = scene().await;
    scene.sandbox.set_fault(fault).unwrap();
    scene
}

/// Issues, and checks what must hold of every certificate.
pub(crate) async fn issue_and_verify(scene: &Scene) {
    let (issued, _) = scene.issue(&scene.request(&NAMES)).await.unwrap();
    let root = scene.sandbox.issuer_root_pem();
    issued.verify(&root, &NAMES, SystemClock.now()).unwrap();
    assert_eq!(scene.challenge_values(&["ws.example"]), [""; 0], "all records are deleted");
}

fn waits_for_dns(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::WaitingForDns { .. }))
}

/// The URL of the last order told, and whether an earlier run made it.
fn last_order(scene: &Scene) -> (String, bool) {
    let order = |event: &Event| match event {
        Event::Order { url, resumed, .. } => Some((url.to_string(), *resumed)),
        _ => None,
    };
    scene.events().iter().rev().find_map(order).unwrap()
}

async fn nonces_rejected_half_of_the_time_still_issue() {
    issue_and_verify(&scene_with_fault("bad-nonce=50").await).await;
}

async fn nonces_rejected_nine_times_in_ten_still_issue() {
    issue_and_verify(&scene_with_fault("bad-nonce=90").await).await;
}

async fn nonce_rejected_without_a_new_one_still_issues() {
    issue_and_verify(&scene_with_fault("bad-nonce-bare=3").await).await;
}

async fn valid_authorizations_are_used_without_a_record() {
    let mut policy = Policy::default();
    policy.authorization_reuse_percent = 100;
    let scene = scene_with(policy).await;
    issue_and_verify(&scene).await;
    scene.sandbox.reset_counts();
    let mut request = scene.request(&NAMES);
    request.force = true;
    scene.issue(&request).await.unwrap();
    assert!(scene.sandbox.dnspod_calls().is_empty(), "{:?}", scene.sandbox.dnspod_calls());
}

async fn order_that_the_ca_hands_out_again_is_finished() {
    let scene = scene().await;
    scene.sandbox.freeze_name_server(1);
    let request = scene.request(&NAMES);
    let cut = scene.run_until(&request, waits_for_dns).await.unwrap_err();
    assert!(matches!(cut, IssueError::Cancelled { .. }), "{cut:?}");
    let (first, _) = last_order(&scene);
    // As if the state had been lost: the run asks for a new order.
    scene.store.delete(&Entry::State(request.name.clone())).await.unwrap();
    scene.sandbox.release_name_server(1);

    issue_and_verify(&scene).await;

    assert_eq!(last_order(&scene), (first, false), "the CA gave the same order");
}

async fn order_that_is_being_processed_is_waited_for_by_the_next_run() {
    let scene = scene_with_fault("processing=1").await;
    let finalized =
        |events: &[Event]| events.iter().any(|event| matches!(event, Event::Finalized { .. }));
    let cut = scene.run_until(&scene.request(&NAMES), finalized).await.unwrap_err();
    assert!(matches!(cut, IssueError::Cancelled { .. }), "{cut:?}");
    let (first, _) = last_order(&scene);

    issue_and_verify(&scene).await;

    assert_eq!(last_order(&scene), (first, true));
}

async fn apex_and_wildcard_are_visible_at_once_and_other_values_stay() {
    let scene = scene().await;
    let name = "_acme-challenge.ws.example";
    scene.sandbox.add_record(name, "TXT", "of another").unwrap();
    scene.sandbox.freeze_name_server(1);
    let request = scene.request(&NAMES);
    let cancel = CancellationToken::new();
    let watch = async {
        scene.until(waits_for_dns).await;
        let values = scene.sandbox.txt_values(name);
        scene.sandbox.release_name_server(1);
        values
    };
    let (outcome, values) = tokio::join!(scene.run(&request, &cancel), watch);
    assert!(matches!(outcome, Ok(Outcome::Issued(_))), "{outcome:?}");
    assert_eq!(values.len(), 3, "{values:?}");
    assert_eq!(scene.sandbox.txt_values(name), ["of another"]);
}

async fn external_account_is_required_and_bound() {
    let mut policy = Policy::default();
    policy.external_account_required = true;
    let scene = scene_with(policy).await;
    let mut request = scene.request(&NAMES);
    let missing = scene.fail(&request).await;
    assert!(matches!(missing, IssueError::ExternalAccountRequired { .. }), "{missing:?}");

    let (kid, key) = scene.sandbox.external_account();
    let bind = |key: &str| {
        Some(ExternalAccountBinding {
            kid: kid.to_owned(),
            hmac_key: Zeroizing::new(key.to_owned()),
        })
    };
    request.ca.external_account = bind("d3Jvbmc");
    let wrong = scene.fail(&request).await;
    assert!(matches!(wrong, IssueError::CaRefused { .. }), "{wrong:?}");

    request.ca.external_account = bind(key);
    scene.issue(&request).await.unwrap();
}

async fn alternate_chain_is_chosen_by_its_issuers_name() {
    let scene = scene().await;
    let root = scene.sandbox.alternate_issuer_root_pem();
    let mut request = scene.request(&NAMES);
    request.preferred_chain = Some(e2e::oracle::common_name(&root).unwrap());
    let (issued, _) = scene.issue(&request).await.unwrap();
    issued.verify(&root, &NAMES, SystemClock.now()).unwrap();
    let default = scene.sandbox.issuer_root_pem();
    assert!(issued.verify(&default, &NAMES, SystemClock.now()).is_err());
}

async fn other_profile_is_reason_to_issue_again() {
    let scene = scene().await;
    let mut request = scene.request(&NAMES);
    let (_, long) = scene.issue(&request).await.unwrap();
    request.profile = Some("shortlived".to_owned());
    let (_, short) = scene.issue(&request).await.unwrap();
    assert!(short.not_after < long.not_after);
    let again = scene.run(&request, &CancellationToken::new()).await.unwrap();
    assert!(matches!(again, Outcome::AlreadyGood { .. }), "{again:?}");
}

async fn other_names_are_reason_to_issue_again() {
    let scene = scene().await;
    scene.issue(&scene.request(&NAMES)).await.unwrap();
    let more = ["ws.example", "*.ws.example", "*.a.ws.example"];
    let (issued, _) = scene.issue(&scene.request(&more)).await.unwrap();
    issued.verify(&scene.sandbox.issuer_root_pem(), &more, SystemClock.now()).unwrap();
}

async fn nothing_but_progress_is_asked_twice() {
    let sandbox = Sandbox::builder().nonce_rejection(0).start().await.unwrap();
    let scene = Scene::new(sandbox, &[]).unwrap();
    issue_and_verify(&scene).await;
    let request = scene.request(&["*.mygitpod.example"]);
    scene.sandbox.reset_counts();

    let (_, summary) = scene.issue(&request).await.unwrap();

    let asked = scene.sandbox.acme_requests();
    assert_eq!(summary.acme_requests, u64::try_from(asked.len()).unwrap());
    let kind = |request: &LoggedRequest| request.path.split('/').nth(1).unwrap().to_owned();
    let mut kinds: Vec<_> = asked.iter().map(kind).collect();
    // How often it is asked for progress is up to the machine.
    kinds.retain(|kind| kind != "order" && kind != "authorization");
    assert_eq!(kinds, ["new-order", "challenge", "finalize", "certificate"]);
}
