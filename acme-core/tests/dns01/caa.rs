//! CAA records of real answers.

use acme_core::Identifier;
use acme_core::dns01::caa::{CaaRefusal, check};
use acme_core::dns01::{AuthoritativeLookup, TxtLookup};

use crate::{by_delegation, name, sandbox};

async fn check_for(lookup: &dyn TxtLookup, identifier: &str) -> Result<Vec<String>, CaaRefusal> {
    let identifiers = [Identifier::parse(identifier).unwrap()];
    check(lookup, &identifiers, &["ca.example".to_owned()], None).await
}

#[tokio::test]
async fn zones_without_caa_records_permit_without_a_warning() {
    let sandbox = sandbox().await;
    let by_delegation = by_delegation(&sandbox);
    let given = AuthoritativeLookup::builder().servers(sandbox.name_servers().iter().copied());
    let given = given.build().unwrap();
    let lookups: [&dyn TxtLookup; 2] = [&by_delegation, &given];
    for lookup in lookups {
        for identifier in ["ws.example", "*.ws.example", "a.b.ws.example", "*.example.test"] {
            assert_eq!(check_for(lookup, identifier).await, Ok(Vec::new()), "{identifier}");
        }
    }
}

#[tokio::test]
async fn records_come_back_with_flag_tag_and_value() {
    let sandbox = sandbox().await;
    sandbox.add_record("ws.example", "CAA", "128 issue \"ca.example; a=b\"").unwrap();
    let records = by_delegation(&sandbox).caa(&name("ws.example")).await.unwrap();
    let seen: Vec<_> =
        records.iter().map(|record| (record.critical, &*record.tag, &*record.value)).collect();
    assert_eq!(seen, [(true, "issue", "ca.example; a=b")]);
}

#[tokio::test]
async fn a_record_above_the_name_refuses_and_is_named() {
    let sandbox = sandbox().await;
    sandbox.add_record("ws.example", "CAA", "0 issue \"other.example\"").unwrap();
    sandbox.add_record("free.ws.example", "CAA", "0 issue \"ca.example\"").unwrap();
    let lookup = by_delegation(&sandbox);
    let refusal = check_for(&lookup, "*.a.ws.example").await.unwrap_err();
    assert_eq!(refusal.name, name("ws.example"));
    assert!(refusal.reason.contains("other.example"), "{}", refusal.reason);
    assert_eq!(check_for(&lookup, "a.free.ws.example").await, Ok(Vec::new()));
}

#[tokio::test]
async fn the_records_of_an_alias_are_those_of_its_target_in_whatever_zone() {
    let sandbox = sandbox().await;
    sandbox.add_record("www.ws.example", "CNAME", "host.ws.example").unwrap();
    sandbox.add_record("host.ws.example", "CNAME", "host.example.test").unwrap();
    sandbox.add_record("host.example.test", "CAA", "0 issue \";\"").unwrap();
    let refusal = check_for(&by_delegation(&sandbox), "www.ws.example").await.unwrap_err();
    assert_eq!(refusal.name, name("www.ws.example"));
}

#[tokio::test]
async fn a_zone_whose_servers_refuse_warns() {
    let sandbox = sandbox().await;
    assert!(sandbox.set_zone_status("ws.example", sandbox::ZoneStatus::Pause));
    let warnings = check_for(&by_delegation(&sandbox), "ws.example").await.unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("ws.example"), "{warnings:?}");
}
