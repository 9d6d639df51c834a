//! CNAME records of real answers.

use acme_core::dns01::TxtLookup;
use acme_core::dns01::cname::{DelegationError, challenge_target};
use sandbox::Sandbox;

use crate::{by_delegation, name, sandbox};

async fn target(sandbox: &Sandbox) -> Result<String, DelegationError> {
    challenge_target(&by_delegation(sandbox), &name("ws.example")).await.map(String::from)
}

#[tokio::test]
async fn a_chain_within_one_zone_and_across_zones_is_followed_to_its_end() {
    let sandbox = sandbox().await;
    for (from, to) in [
        ("_acme-challenge.ws.example", "ws.validation.ws.example"),
        ("ws.validation.ws.example", "a1b2.example.test"),
        ("a1b2.example.test", "c3d4.mygitpod.example"),
    ] {
        sandbox.add_record(from, "CNAME", to).unwrap();
    }
    assert_eq!(target(&sandbox).await.unwrap(), "c3d4.mygitpod.example");
    let lookup = by_delegation(&sandbox);
    let first = lookup.cname(&name("_acme-challenge.ws.example")).await;
    assert_eq!(first, Ok(Some(name("ws.validation.ws.example"))), "one step at a time");
}

#[tokio::test]
async fn a_circle_is_an_error() {
    let sandbox = sandbox().await;
    sandbox.add_record("_acme-challenge.ws.example", "CNAME", "a.example.test").unwrap();
    sandbox.add_record("a.example.test", "CNAME", "_acme-challenge.ws.example").unwrap();
    let error = target(&sandbox).await.unwrap_err();
    assert!(matches!(error, DelegationError::Loop { .. }), "{error:?}");
}

#[tokio::test]
async fn a_cname_made_by_a_wildcard_is_not_followed_and_one_beside_it_is() {
    let sandbox = sandbox().await;
    sandbox.add_record("*.ws.example", "CNAME", "cdn.example.test").unwrap();
    assert_eq!(target(&sandbox).await.unwrap(), "_acme-challenge.ws.example");
    sandbox.add_record("_acme-challenge.ws.example", "CNAME", "a1b2.example.test").unwrap();
    assert_eq!(target(&sandbox).await.unwrap(), "a1b2.example.test");
}
