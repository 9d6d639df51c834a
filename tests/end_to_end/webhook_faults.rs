//! What goes wrong between cert-manager, our webhook and DNSPod is said where people look, ends by itself once it is
//! mended, and is not asked for without a pause.

use std::sync::Arc;

use e2e::cert_manager::{NAMESPACE, SharedCertManager, shared};
use e2e::control_plane::NAMESPACES;
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, KubeControllerManager, Pebble};
use sandbox::Builder;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::webhook_scene::{LIMIT, Scene};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Pebble] a_secret_that_is_missing_then_wrong_is_named_and_used_when_it_is_mended;
        [CertManager, Pebble, KubeControllerManager] a_namespace_is_deleted_though_the_zone_of_its_challenge_is_gone;
        [CertManager, Pebble] a_crash_between_dnspods_commit_and_its_answer_costs_only_time;
        [CertManager, Pebble] a_dnspod_that_takes_no_more_calls_for_a_while_costs_only_time;
        [CertManager, Pebble] what_cannot_succeed_is_not_tried_without_a_pause;
    }
}

/// On what tests share.
async fn scene(
    prefix: &str,
    wait: &str,
    zones: fn(Builder, &str) -> Builder,
) -> (Arc<SharedCertManager>, Scene) {
    let shared = shared().await.unwrap();
    let scene = Scene::new(&shared.plane, &shared.dns, prefix, wait, zones).await;
    (shared, scene)
}

async fn a_secret_that_is_missing_then_wrong_is_named_and_used_when_it_is_mended() {
    let (shared, scene) = scene("late-secret", "0s", |all, zone| all.zone(zone)).await;
    let name = format!("Secret {NAMESPACE}/{}", scene.namespace);
    scene.ask("wanted").await;
    let challenge = scene.challenge().await;
    scene.until_reason(&challenge, &format!("{name} does not exist")).await;
    scene.write_secret("0123456789abcdef0123456789abcdef").await;
    scene.until_reason(&challenge, "refused the credential").await;
    scene.until_reason(&challenge, &name).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    scene.until_issued("wanted").await;
    scene.end(&shared.plane).await;
}

async fn a_namespace_is_deleted_though_the_zone_of_its_challenge_is_gone() {
    let (shared, scene) = scene("gone-zone", "1h", |all, zone| all.zone(zone)).await;
    let admin = shared.plane.admin();
    scene.write_secret(scene.sandbox.secret_key()).await;
    scene.ask("wanted").await;
    let challenge = scene.challenge().await;
    let is_presented = |challenge: Option<&Value>| {
        challenge.is_some_and(|challenge| challenge["status"]["presented"] == true)
    };
    admin.until(&challenge, "presented", LIMIT, is_presented).await.unwrap();
    assert_eq!(scene.values().len(), 1);

    assert!(scene.sandbox.remove_zone(&scene.zone));
    scene.sandbox.reset_counts();
    let path = NAMESPACES.named(&scene.namespace);
    admin.delete(&path).await.unwrap();
    let gone = admin.until_gone(&path, LIMIT).await;
    gone.unwrap_or_else(|error| panic!("{error}\n{:#?}", scene.webhook.log()));
    assert!(!scene.sandbox.dnspod_calls().is_empty(), "it was asked to clean up");
    // cert-manager 1.19 lets the Challenge go after a failure too.
    let cleaned_up =
        |line: &Value| line["action"] == "CleanUp" && line["message"] == "a challenge was solved";
    assert!(scene.webhook.log().iter().any(cleaned_up), "{:#?}", scene.webhook.log());
    assert_eq!(scene.failures(), [Value::Null; 0]);
    scene.end(&shared.plane).await;
}

async fn a_crash_between_dnspods_commit_and_its_answer_costs_only_time() {
    let (shared, mut scene) = scene("crash", "0s", |all, zone| all.zone(zone)).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    scene.sandbox.set_fault("dnspod-timeout-after-commit").unwrap();
    scene.ask("wanted").await;
    scene.until_committed().await;
    scene.webhook.kill();
    scene.webhook.start_again().await.unwrap();
    scene.until_issued("wanted").await;
    scene.end(&shared.plane).await;
}

async fn a_dnspod_that_takes_no_more_calls_for_a_while_costs_only_time() {
    let (shared, scene) = scene("throttled", "0s", |all, zone| all.zone(zone)).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    scene.sandbox.set_fault("dnspod-throttled=1000000").unwrap();
    scene.ask("wanted").await;
    let failures = scene.until_failures("not tried twice", |all| all.len() >= 2).await;
    let text = only_text(&failures);
    assert!(text.contains("DNSPod is limiting the rate of calls"), "{text}");
    scene.until_reason(&scene.challenge().await, &text).await;
    let (tries, refused) = (failures.len() as u64, scene.sandbox.dnspod_throttled());
    // Seconds pass between two calls of one try, and more with each.
    assert!((tries..tries * 20).contains(&refused), "{refused} calls in {tries} tries");

    scene.sandbox.clear_fault("dnspod-throttled").unwrap();
    scene.until_issued("wanted").await;
    scene.end(&shared.plane).await;
}

async fn what_cannot_succeed_is_not_tried_without_a_pause() {
    // Somebody else's zone.
    let (shared, scene) = scene("others-zone", "0s", |all, zone| all.foreign_zone(zone)).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    scene.ask("wanted").await;
    let a_minute_later = |failures: &[Value]| match failures {
        [first, .., last] => at(last) - at(first) >= time::Duration::MINUTE,
        _ => false,
    };
    let failures = scene.until_failures("nothing after a minute", a_minute_later).await;

    let first = at(&failures[0]);
    let minute = failures.iter().filter(|line| at(line) - first < time::Duration::MINUTE);
    let times: Vec<_> = minute.map(|line| at(line) - first).collect();
    assert!(times.len() <= MOST_IN_A_MINUTE, "{} times: {times:?}", times.len());
    let text = only_text(&failures);
    scene.until_reason(&scene.challenge().await, &text).await;
    assert!(text.contains(&scene.zone), "{text}");
    scene.end(&shared.plane).await;
}

/// How often cert-manager may ask for what fails with the same text, in the minute after the first time. It waits 5 s, 20 s
/// and 40 s; and once it does not wait, as writing the first reason into the Challenge is a change, and for each change it
/// looks at the Challenge at once. That makes four, and leaves two for another change of the Challenge. A text that differs
/// each time would be a change each time: thousands in a minute.
const MOST_IN_A_MINUTE: usize = 6;

/// The text that all of these failures have.
fn only_text(failures: &[Value]) -> String {
    let texts: Vec<&str> = failures.iter().map(|line| line["error"].as_str().unwrap()).collect();
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:#?}");
    texts[0].to_owned()
}

/// When the webhook wrote this line.
fn at(line: &Value) -> OffsetDateTime {
    let text = line["timestamp"].as_str().unwrap_or_else(|| panic!("{line}"));
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}
