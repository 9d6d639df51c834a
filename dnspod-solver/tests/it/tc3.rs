//! The signature against requests that Tencent's own SDK signed, and its canonicalisation by properties.

use dnspod_solver::{Credential, tc3};
use proptest::prelude::*;
use serde::Deserialize;
use time::{OffsetDateTime, UtcOffset};

/// One request signed by the official Python SDK or published in Tencent's documentation.
#[derive(Deserialize)]
struct Vector {
    name: String,
    secret_id: String,
    secret_key: String,
    service: String,
    host: String,
    method: String,
    query: String,
    action: String,
    timestamp: i64,
    payload: String,
    content_type: String,
    signed_headers: String,
    canonical_request: String,
    string_to_sign: String,
    signing_key_hex: String,
    signature: String,
    authorization: String,
}

#[test]
fn every_vector_is_reproduced_with_its_intermediate_values() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../fixtures/tc3.json")).expect("the fixture is JSON");
    assert!(vectors.len() >= 16, "the fixture lost vectors: {} left", vectors.len());

    for vector in vectors {
        let headers: Vec<(&str, &str)> = vector
            .signed_headers
            .split(';')
            .map(|name| match name {
                "content-type" => (name, vector.content_type.as_str()),
                "host" => (name, vector.host.as_str()),
                "x-tc-action" => (name, vector.action.as_str()),
                other => panic!("{}: no value known for header {other}", vector.name),
            })
            .collect();
        let request = tc3::Request {
            service: &vector.service,
            method: &vector.method,
            query: &vector.query,
            headers: &headers,
            body: vector.payload.as_bytes(),
        };
        let time = OffsetDateTime::from_unix_timestamp(vector.timestamp).expect("a time");
        let signed = tc3::sign(&request, &credential(&vector.secret_id, &vector.secret_key), time);

        let name = &vector.name;
        assert_eq!(signed.canonical_request, vector.canonical_request, "{name}");
        assert_eq!(signed.string_to_sign, vector.string_to_sign, "{name}");
        assert_eq!(*signed.signing_key, key_of(&vector.signing_key_hex), "{name}");
        assert_eq!(signed.signature, vector.signature, "{name}");
        assert_eq!(signed.authorization, vector.authorization, "{name}");
    }
}

#[test]
fn the_scope_changes_with_the_utc_day_whatever_the_offset() {
    let midnight = 1_719_792_000; // 2024-07-01T00:00:00Z
    assert!(signed_at(midnight - 1).authorization.contains("/2024-06-30/dnspod/tc3_request"));
    assert!(signed_at(midnight).authorization.contains("/2024-07-01/dnspod/tc3_request"));

    let in_shanghai = OffsetDateTime::from_unix_timestamp(midnight - 1)
        .expect("a time")
        .to_offset(UtcOffset::from_hms(8, 0, 0).expect("an offset"));
    let signed = tc3::sign(&sample(HEADERS, b"{}"), &credential("AKIDexample", "key"), in_shanghai);
    assert_eq!(signed.authorization, signed_at(midnight - 1).authorization);
}

proptest! {
    #[test]
    fn order_case_and_white_space_of_headers_do_not_change_the_signature(
        values in prop::collection::btree_map("[a-z][a-z0-9-]{0,12}", "[A-Za-z0-9/=.:-]{1,20}", 1..6),
        upper in any::<bool>(),
        before in "[ \t]{0,3}",
        after in "[ \t]{0,3}",
        rotation in 0usize..6,
    ) {
        let plain: Vec<(&str, &str)> =
            values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut other: Vec<(String, String)> = values
            .iter()
            .map(|(name, value)| {
                let name = if upper { name.to_uppercase() } else { name.clone() };
                (name, format!("{before}{}{after}", value.to_uppercase()))
            })
            .collect();
        let length = other.len();
        other.rotate_left(rotation % length);
        let other: Vec<(&str, &str)> =
            other.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        prop_assert_eq!(signature(&plain, b"{}", 0), signature(&other, b"{}", 0));
    }

    #[test]
    fn another_body_host_or_time_gives_another_signature(
        body in any::<Vec<u8>>(), other_body in any::<Vec<u8>>(),
        host in "[a-z]{1,10}", other_host in "[a-z]{1,10}",
        time in 0i64..4_000_000_000, later in 1i64..200_000,
    ) {
        let headers = [("content-type", "application/json"), ("host", host.as_str())];
        let signed = signature(&headers, &body, time);
        prop_assert_eq!(&signed, &signature(&headers, &body, time));
        if body != other_body {
            prop_assert_ne!(&signed, &signature(&headers, &other_body, time));
        }
        if host != other_host {
            let headers = [("content-type", "application/json"), ("host", other_host.as_str())];
            prop_assert_ne!(&signed, &signature(&headers, &body, time));
        }
        prop_assert_ne!(&signed, &signature(&headers, &body, time + later));
    }

    #[test]
    fn the_signing_key_changes_exactly_when_the_utc_day_does(
        time in 0i64..4_000_000_000, later in 0i64..200_000,
    ) {
        let same_day = time / 86_400 == (time + later) / 86_400;
        let same_key = signed_at(time).signing_key == signed_at(time + later).signing_key;
        prop_assert_eq!(same_day, same_key);
    }
}

const HEADERS: &[(&str, &str)] =
    &[("content-type", "application/json"), ("host", "dnspod.tencentcloudapi.com")];

fn sample<'a>(headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> tc3::Request<'a> {
    tc3::Request { service: "dnspod", method: "POST", query: "", headers, body }
}

fn signature(headers: &[(&str, &str)], body: &[u8], timestamp: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(timestamp).expect("a time");
    tc3::sign(&sample(headers, body), &credential("AKIDexample", "key"), time).signature
}

fn signed_at(timestamp: i64) -> tc3::Signature {
    let time = OffsetDateTime::from_unix_timestamp(timestamp).expect("a time");
    tc3::sign(&sample(HEADERS, b"{}"), &credential("AKIDexample", "key"), time)
}

fn credential(secret_id: &str, secret_key: &str) -> Credential {
    Credential::new(secret_id, secret_key).unwrap_or_else(|error| panic!("{error}"))
}

fn key_of(hex: &str) -> [u8; 32] {
    let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("two digits");
    std::array::from_fn(byte)
}
