//! Certificates from Pebble with its own malice, records published through the sandbox's DNSPod API, and what comes
//! out judged by rustls.

use acme_core::issue::{Event, ExternalAccountBinding, IssueError, Summary};
use acme_core::key::KeyType;
use acme_core::{Clock as _, SystemClock};
use e2e::harness::Test;
use e2e::oracle::{Issued, common_name};
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::RealPart::{Pebble as RealPebble, PebbleWithProfiles};
use e2e::scene::Scene;
use sandbox::Sandbox;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPebble] one_wildcard_is_issued_and_its_record_deleted;
        [RealPebble] apex_and_two_wildcards_share_an_order;
        [RealPebble] a_hundred_names_are_issued_in_one_order;
        [RealPebble] every_key_type_is_issued;
        [RealPebble] external_account_is_required_and_bound;
        [RealPebble] alternate_chain_is_chosen_by_its_issuers_name;
        [PebbleWithProfiles] profile_decides_the_lifetime_and_an_unknown_one_is_named;
        [PebbleWithProfiles] renewal_information_is_answered_for_what_was_issued;
        [RealPebble] names_the_ca_will_not_issue_are_reported;
    }
}

/// A Pebble that validates through the DNS of a scene's sandbox.
pub(crate) async fn pebble_and_scene(options: PebbleOptions) -> (Pebble, Scene) {
    let sandbox = Sandbox::start().await.unwrap();
    let options = PebbleOptions { dns: sandbox.name_servers()[0], ..options };
    let pebble = Pebble::start(options).await.unwrap();
    let scene = Scene::new(sandbox, &[pebble.tls_root()]).unwrap();
    (pebble, scene)
}

/// Issues, and checks what must hold of everything that Pebble issues.
async fn issue_and_verify(pebble: &Pebble, scene: &Scene, names: &[&str]) -> (Issued, Summary) {
    let (issued, summary) = scene.issue(&pebble.request(names)).await.unwrap();
    let root = pebble.issuing_root(0).await.unwrap();
    issued.verify(&root, names, SystemClock.now()).unwrap();
    assert_eq!(scene.challenge_values(names), [""; 0], "all records are deleted");
    (issued, summary)
}

async fn one_wildcard_is_issued_and_its_record_deleted() {
    let (pebble, scene) = pebble_and_scene(PebbleOptions::default()).await;
    issue_and_verify(&pebble, &scene, &["*.ws.example"]).await;
}

async fn apex_and_two_wildcards_share_an_order() {
    let (pebble, scene) = pebble_and_scene(PebbleOptions::default()).await;
    issue_and_verify(&pebble, &scene, &["ws.example", "*.ws.example", "*.ws.ws.example"]).await;
    let events = scene.events();
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Order { .. })).count(), 1);
}

async fn a_hundred_names_are_issued_in_one_order() {
    let (pebble, scene) = pebble_and_scene(PebbleOptions::default()).await;
    let names: Vec<_> = (0..100).map(|n| format!("n{n}.ws.example")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    issue_and_verify(&pebble, &scene, &names).await;
}

async fn every_key_type_is_issued() {
    let (pebble, scene) = pebble_and_scene(PebbleOptions::default()).await;
    let root = pebble.issuing_root(0).await.unwrap();
    for key_type in KeyType::ALL {
        let mut request = pebble.request(&["*.ws.example"]);
        request.key_type = key_type;
        let (issued, _) = scene.issue(&request).await.unwrap();
        issued.verify(&root, &["*.ws.example"], SystemClock.now()).unwrap();
    }
}

async fn external_account_is_required_and_bound() {
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W".to_owned();
    let other = "b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQJQH".to_owned();
    let external_accounts = [("kid-1".to_owned(), key.clone())].into();
    let options = PebbleOptions { external_accounts, ..PebbleOptions::default() };
    let (pebble, scene) = pebble_and_scene(options).await;
    let mut request = pebble.request(&["*.ws.example"]);
    let bind = |key: &str| {
        Some(ExternalAccountBinding {
            kid: "kid-1".to_owned(),
            hmac_key: Zeroizing::new(key.to_owned()),
        })
    };

    let missing = scene.issue(&request).await.err().unwrap();
    assert!(matches!(missing, IssueError::ExternalAccountRequired { .. }), "{missing:?}");

    request.ca.external_account = bind(&other);
    let wrong = scene.issue(&request).await.err().unwrap();
    assert!(matches!(wrong, IssueError::CaRefused { .. }), "{wrong:?}");
    assert!(!format!("{wrong} {wrong:?}").contains(&other), "the key is secret");

    request.ca.external_account = bind(&key);
    scene.issue(&request).await.unwrap();
}

async fn alternate_chain_is_chosen_by_its_issuers_name() {
    let options = PebbleOptions { alternate_roots: 2, ..PebbleOptions::default() };
    let (pebble, scene) = pebble_and_scene(options).await;
    let names = ["*.ws.example"];
    let root = pebble.issuing_root(2).await.unwrap();
    let name = common_name(&root).unwrap();

    let mut request = pebble.request(&names);
    request.preferred_chain = Some(name);
    let (issued, _) = scene.issue(&request).await.unwrap();
    issued.verify(&root, &names, SystemClock.now()).unwrap();
    let default = pebble.issuing_root(0).await.unwrap();
    assert!(issued.verify(&default, &names, SystemClock.now()).is_err());

    scene.events().clear();
    request.preferred_chain = Some("No Such Root".to_owned());
    request.force = true;
    let (issued, _) = scene.issue(&request).await.unwrap();
    issued.verify(&default, &names, SystemClock.now()).unwrap();
    let warned = scene.events().iter().any(
        |event| matches!(event, Event::Warning { message } if message.contains("No Such Root")),
    );
    assert!(warned);
}

async fn profile_decides_the_lifetime_and_an_unknown_one_is_named() {
    let (pebble, scene) = pebble_and_scene(PebbleOptions::default()).await;
    let mut request = pebble.request(&["*.ws.example"]);
    request.profile = Some("shortlived".to_owned());
    let (_, summary) = scene.issue(&request).await.unwrap();
    assert!(summary.not_after - SystemClock.now() < Duration::days(7), "{summary:?}");

    request.name = String::from("other");
    request.profile = Some("no-such-profile".to_owned());
    let refused = scene.issue(&request).await.err().unwrap();
    assert!(matches!(refused, IssueError::InvalidRequest { field: "profile", .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(text.contains("no-such-profile") && text.contains("shortlived"), "{text}");
}

async fn renewal_information_is_answered_for_what_was_issued() {
    let (pebble, scene) = pebble_and_scene(PebbleOptions::default()).await;
    let (issued, summary) = scene.issue(&pebble.request(&["*.ws.example"])).await.unwrap();
    let info = acme_core::certificate::CertificateInfo::from_pem(issued.fullchain.as_bytes());
    let id = info.unwrap().ari_id.unwrap();
    let directory = pebble.directory().await.unwrap();
    let url = format!("{}/{id}", directory["renewalInfo"].as_str().unwrap());

    let answer = pebble.get(url.parse().unwrap()).await.unwrap();

    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let time = |field: &str| {
        let text = answer["suggestedWindow"][field].as_str().unwrap();
        OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    assert!(time("start") < time("end"));
    assert!(SystemClock.now() < time("start") && time("end") < summary.not_after, "{answer}");
}

async fn names_the_ca_will_not_issue_are_reported() {
    let blocked = vec!["blocked.ws.example".to_owned()];
    let options = PebbleOptions { blocked, ..PebbleOptions::default() };
    let (pebble, scene) = pebble_and_scene(options).await;
    let request = pebble.request(&["ws.example", "blocked.ws.example"]);
    let refused = scene.issue(&request).await.err().unwrap();
    let IssueError::CaRefused { problem, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(problem.acme_kind(), Some("rejectedIdentifier"));
    let created = scene.sandbox.dnspod_calls().iter().any(|call| call == "CreateRecord");
    assert!(!created, "no record was made for a refused order");
}
