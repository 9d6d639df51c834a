//! What happens to a certificate that is there, and to what is kept beside it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acme_core::issue::{KeyPolicy, Outcome};
use acme_core::key::KeyType;
use acme_core::store::FileStore;

use crate::scene::Scene;

#[tokio::test]
async fn certificate_that_is_good_costs_no_request_of_any_kind() {
    let scene = Scene::start().await;
    let request = scene.request(&["ws.example", "*.ws.example"]);
    let issued = scene.issued(&request).await;
    scene.sandbox.reset_counts();

    let (outcome, events) = scene.told(&request).await;
    let Outcome::AlreadyGood { location, not_after, renew_at } = outcome.unwrap() else {
        panic!("it was issued again")
    };
    assert_eq!((location, not_after), (issued.location, issued.not_after));
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(scene.sandbox.acme_requests().is_empty());
    assert!(scene.sandbox.dnspod_calls().is_empty());
    assert_eq!(scene.sandbox.dns_queries(), 0);

    scene.clock.set(renew_at);
    assert_ne!(scene.issued(&request).await.serial, issued.serial);
}

#[tokio::test]
async fn key_is_made_anew_or_kept_as_the_policy_says() {
    let scene = Scene::start().await;
    let mut request = scene.request(&["*.ws.example"]);
    request.force = true;
    let mut keys = Vec::new();
    for (policy, key_type) in [
        (KeyPolicy::Rotate, KeyType::P256),
        (KeyPolicy::Rotate, KeyType::P256),
        (KeyPolicy::Reuse, KeyType::P256),
        (KeyPolicy::Reuse, KeyType::P384),
    ] {
        request.key_policy = policy;
        request.key_type = key_type;
        scene.issued(&request).await;
        let stored = scene.stored(&request).await.unwrap();
        keys.push(stored.private_key().unwrap().public_key_der());
    }
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[1], keys[2]);
    assert_ne!(keys[2], keys[3], "a key of another type is asked for");
}

/// The files below a directory with their contents, without those that are only there to be locked.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() || path.is_file() {
                let contents = std::fs::read(&path).unwrap_or_default();
                if !contents.is_empty() {
                    found.insert(path.display().to_string(), contents);
                }
            } else {
                directories.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn dry_run_goes_through_everything_and_stores_nothing_but_the_account() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(FileStore::open(directory.path()).unwrap());
    let scene = Scene { store, ..Scene::start().await };
    let mut request = scene.request(&["ws.example", "*.ws.example"]);
    request.dry_run = true;
    let summary = scene.issued(&request).await;
    assert!(summary.paths.is_empty());
    assert_eq!(scene.requests("/certificate"), 1);
    let stored: Vec<_> = files(directory.path()).into_keys().collect();
    assert!(stored.len() == 1 && stored[0].ends_with("/account.json"), "{stored:?}");
    assert!(scene.our_txt().is_empty());
}

#[tokio::test]
async fn dry_run_leaves_a_certificate_in_use_and_an_order_in_flight_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(FileStore::open(directory.path()).unwrap());
    let scene = Scene { store, ..Scene::without_order_reuse().await };
    let mut request = scene.request(&["ws.example", "*.ws.example"]);
    scene.issued(&request).await;
    scene.fault("order-not-ready=1000");
    request.force = true;
    request.ca_timeout = Duration::from_millis(200);
    scene.run(&request).await.unwrap_err();
    let before = files(directory.path());
    assert!(scene.state(&request).await.pending.is_some());

    let mut dry = scene.request(&["ws.example", "*.ws.example"]);
    dry.dry_run = true;
    scene.sandbox.clear_fault("order-not-ready").unwrap();
    scene.issued(&dry).await;
    assert!(files(directory.path()) == before, "something was changed");

    request.ca_timeout = crate::scene::PATIENCE;
    scene.issued(&request).await;
    assert_eq!(scene.requests("/new-order"), 3, "the order in flight was finished");
}

#[tokio::test]
async fn dry_run_of_the_longest_name_there_is() {
    let scene = Scene::start().await;
    let label = "a".repeat(63);
    let name = format!("{label}.{label}.{label}.{}.ws.example", "b".repeat(34));
    assert_eq!(format!("_acme-challenge.{name}").len(), 253);
    let mut request = scene.request(&[&name]);
    request.dry_run = true;
    scene.issued(&request).await;
}

#[tokio::test]
async fn preferred_chain_is_taken_where_the_ca_has_it_and_missed_aloud_where_not() {
    let scene = Scene::start().await;
    let mut request = scene.request(&["*.ws.example"]);
    request.force = true;
    for (preferred, root, warnings) in
        [("Sandbox Root 2", "Sandbox Root 2", 0), ("Another Root", "Sandbox Root 1", 1)]
    {
        request.preferred_chain = Some(preferred.to_owned());
        let (outcome, events) = scene.told(&request).await;
        outcome.unwrap();
        let told = events.iter().filter(|event| crate::scene::kind(event) == "warning").count();
        assert_eq!(told, warnings, "{preferred}: {events:?}");
        let stored = scene.stored(&request).await.unwrap();
        let chain =
            acme_core::certificate::Chain::from_pem(stored.fullchain_pem.as_bytes()).unwrap();
        let checked = chain.check(&acme_core::certificate::Expected {
            identifiers: &request.identifiers,
            public_key: &stored.private_key().unwrap().public_key_der(),
            now: acme_core::Clock::now(&*scene.clock),
        });
        assert!(checked.unwrap().is_issued_by(root), "{preferred}");
    }
}

#[tokio::test]
async fn profile_that_the_ca_does_not_offer_is_refused_with_those_it_offers() {
    let scene = Scene::start().await;
    let mut request = scene.request(&["*.ws.example"]);
    request.profile = Some("eternal".to_owned());
    let error = scene.run(&request).await.unwrap_err().to_string();
    for part in ["profile", "\"eternal\"", "classic", "shortlived"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(scene.requests("/new-order"), 0);
}

#[tokio::test]
async fn another_profile_is_a_reason_to_issue() {
    let scene = Scene::start().await;
    let mut request = scene.request(&["*.ws.example"]);
    let classic = scene.issued(&request).await;
    request.profile = Some("shortlived".to_owned());
    assert!(scene.issued(&request).await.not_after < classic.not_after);
}
