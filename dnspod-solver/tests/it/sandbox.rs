//! The provider against the sandbox: a DNSPod account with its own idea of what the API does.

use std::sync::Arc;

use acme_core::DnsName;
use acme_core::dns01::{DnsProvider, DnsProviderError, contract};
use acme_core::http::{HttpOptions, read_bounded};
use dnspod_solver::{Credential, DnsPod, DnsPodBuilder, tc3};
use sandbox::{Sandbox, ZoneStatus};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::scripted::txt;

fn name(text: &str) -> DnsName {
    text.parse().unwrap()
}

fn builder(sandbox: &Sandbox, secret_key: &str) -> DnsPodBuilder {
    let credential = Credential::new(sandbox.secret_id(), secret_key).unwrap();
    DnsPod::builder(credential).endpoint(sandbox.dnspod_endpoint().parse().unwrap())
}

fn provider(sandbox: &Sandbox) -> DnsPod {
    builder(sandbox, sandbox.secret_key()).build().unwrap()
}

/// The same over HTTPS, with the sandbox's root trusted.
fn provider_over_tls(sandbox: &Sandbox) -> DnsPod {
    let http =
        HttpOptions { extra_roots: vec![sandbox.root_pem().to_owned()], ..HttpOptions::default() };
    builder(sandbox, sandbox.secret_key())
        .endpoint(sandbox.dnspod_tls_endpoint().parse().unwrap())
        .http(http)
        .build()
        .unwrap()
}

/// The TXT values at `name` in `zone`, listed by a request that is built here.
pub(crate) async fn values(sandbox: &Sandbox, zone: &DnsName, name: &DnsName) -> Vec<String> {
    let below = name.as_str().strip_suffix(zone.as_str()).expect("the name is in the zone");
    let mut values = Vec::new();
    loop {
        let body = json!({
            "Domain": zone.as_str(), "SubDomain": below.trim_end_matches('.'), "RecordType": "TXT",
            "Offset": values.len(), "Limit": 3000, "ErrorOnEmpty": "no",
        });
        let answer = raw_call(sandbox, "DescribeRecordList", &body.to_string()).await;
        let list = answer["Response"]["RecordList"].as_array().expect("a list");
        if list.is_empty() {
            return values;
        }
        values.extend(list.iter().map(|record| record["Value"].as_str().unwrap().to_owned()));
    }
}

async fn raw_call(sandbox: &Sandbox, action: &str, body: &str) -> Value {
    let endpoint = sandbox.dnspod_endpoint();
    let host = endpoint.trim_start_matches("http://");
    #[expect(clippy::disallowed_methods, reason = "the sandbox keeps the machine's time")]
    let now = OffsetDateTime::now_utc();
    let request = tc3::Request {
        service: "dnspod",
        method: "POST",
        query: "",
        headers: &[("content-type", "application/json"), ("host", host)],
        body: body.as_bytes(),
    };
    let credential = Credential::new(sandbox.secret_id(), sandbox.secret_key()).unwrap();
    let response = HttpOptions::default()
        .client()
        .unwrap()
        .post(&endpoint)
        .header("content-type", "application/json")
        .header("authorization", tc3::sign(&request, &credential, now).authorization)
        .header("x-tc-action", action)
        .header("x-tc-version", "2021-03-23")
        .header("x-tc-timestamp", now.unix_timestamp())
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    serde_json::from_slice(&read_bounded(response, 16 << 20).await.unwrap()).unwrap()
}

/// `crowd` is how many values of others stand at one name: more than the 1000 that the provider lists at once.
async fn runs_the_contract(new: fn(&Sandbox) -> DnsPod, crowd: usize) {
    let sandbox = Sandbox::builder()
        .zone("ws.example")
        .zone("team.ws.example")
        .zone("bücher.example")
        .start()
        .await
        .unwrap();
    let crowded = name("_acme-challenge.crowd.ws.example");
    for i in 0..crowd {
        sandbox.add_record(crowded.as_str(), "TXT", &format!("foreign-{i}")).unwrap();
    }
    let sandbox = Arc::new(sandbox);

    let view = Arc::clone(&sandbox);
    let mut subject =
        contract::Subject::new(Arc::new(new(&sandbox)), name("ws.example"), move |zone, name| {
            let sandbox = Arc::clone(&view);
            async move { Ok(values(&sandbox, &zone, &name).await) }
        });
    subject.second = Some(Arc::new(new(&sandbox)));
    subject.nested_zone = Some(name("team.ws.example"));
    subject.idn_zone = Some(name("bücher.example"));
    subject.crowded_name = Some(crowded);
    let counted = Arc::clone(&sandbox);
    subject.refused = Some(contract::RefusedCredential {
        provider: Arc::new(builder(&sandbox, "wrong").build().unwrap()),
        requests: Arc::new(move || counted.dnspod_calls().len() as u64),
    });

    let report = contract::check(&subject).await;
    report.assert();
    assert_eq!(report.not_applicable().count(), 0, "{report}");
}

#[tokio::test]
async fn the_contract_is_kept() {
    runs_the_contract(provider, 3500).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_tls() {
    runs_the_contract(provider_over_tls, 1100).await;
}

#[tokio::test]
async fn the_values_of_apex_and_wildcard_stand_beside_those_of_others_and_go_alone() {
    let sandbox = Sandbox::start().await.unwrap();
    let at = "_acme-challenge.ws.example";
    for i in 0..150 {
        sandbox.add_record(at, "TXT", &format!("foreign-{i}")).unwrap();
    }
    let dnspod = provider(&sandbox);
    let (apex, wildcard) = (txt(at, "apex"), txt(at, "wildcard"));
    let appended = tokio::join!(dnspod.append_txt(&apex), dnspod.append_txt(&wildcard));
    appended.0.unwrap();
    appended.1.unwrap();
    assert_eq!(sandbox.txt_values(at).len(), 152);

    dnspod.delete_txt(&apex).await.unwrap();
    assert!(sandbox.txt_values(at).contains(&"wildcard".to_owned()));
    // Another process, which remembers nothing.
    provider(&sandbox).delete_txt(&wildcard).await.unwrap();
    let mut left = sandbox.txt_values(at);
    left.retain(|value| !value.starts_with("foreign-"));
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(sandbox.txt_values(at).len(), 150);
}

#[tokio::test]
async fn one_challenge_costs_four_calls_cold_and_two_warm() {
    let sandbox = Sandbox::start().await.unwrap();
    let dnspod = provider(&sandbox);
    dnspod.append_txt(&txt("_acme-challenge.ws.example", "first")).await.unwrap();
    let cold = ["DescribeRecordList", "DescribeRecordList", "DescribeDomain", "CreateRecord"];
    assert_eq!(sandbox.dnspod_calls(), cold);

    sandbox.reset_counts();
    dnspod.append_txt(&txt("_acme-challenge.ws.example", "second")).await.unwrap();
    dnspod.delete_txt(&txt("_acme-challenge.ws.example", "second")).await.unwrap();
    assert_eq!(sandbox.dnspod_calls(), ["CreateRecord", "DeleteRecord"]);
    assert_eq!(dnspod.calls(), 6);
}

#[tokio::test]
async fn a_zone_of_someone_else_is_named_as_such() {
    let sandbox =
        Sandbox::builder().zone("ws.example").foreign_zone("other.example").start().await.unwrap();
    let error = provider(&sandbox)
        .append_txt(&txt("_acme-challenge.other.example", "v"))
        .await
        .unwrap_err();
    let DnsProviderError::NotPermitted { zone, .. } = &error else { panic!("{error}") };
    assert_eq!(zone, "other.example");
    assert!(error.to_string().contains("belongs to another account"), "{error}");
}

#[tokio::test]
async fn a_paused_zone_takes_no_new_record_and_lets_old_ones_go() {
    let sandbox = Sandbox::start().await.unwrap();
    let dnspod = provider(&sandbox);
    let record = txt("_acme-challenge.ws.example", "v");
    dnspod.append_txt(&record).await.unwrap();

    assert!(sandbox.set_zone_status("ws.example", ZoneStatus::Pause));
    let second = provider(&sandbox);
    let error = second.append_txt(&txt("_acme-challenge.ws.example", "w")).await.unwrap_err();
    assert!(error.to_string().contains("the zone is paused"), "{error}");
    second.delete_txt(&record).await.unwrap();
    assert!(sandbox.txt_values("_acme-challenge.ws.example").is_empty());

    // Resumed, it is used at once.
    assert!(sandbox.set_zone_status("ws.example", ZoneStatus::Enable));
    second.append_txt(&record).await.unwrap();
}

#[tokio::test]
async fn a_session_token_is_sent_and_a_missing_one_reported() {
    let sandbox = Sandbox::builder().session_token("temporary").start().await.unwrap();
    let credential = Credential::new(sandbox.secret_id(), sandbox.secret_key()).unwrap();
    let with = |token: &str| {
        DnsPod::builder(credential.clone().with_token(token))
            .endpoint(sandbox.dnspod_endpoint().parse().unwrap())
            .build()
            .unwrap()
    };
    let record = txt("_acme-challenge.ws.example", "v");
    with("temporary").append_txt(&record).await.unwrap();
    let error = with("another").append_txt(&record).await.unwrap_err();
    assert!(matches!(error, DnsProviderError::CredentialRefused { .. }), "{error}");
}

#[tokio::test]
async fn a_key_with_a_line_break_works() {
    let sandbox = Sandbox::start().await.unwrap();
    let pasted = format!("{}\r\n", sandbox.secret_key());
    let dnspod = builder(&sandbox, &pasted).build().unwrap();
    dnspod.append_txt(&txt("_acme-challenge.ws.example", "v")).await.unwrap();
}

#[tokio::test]
async fn a_hundred_names_are_appended_and_deleted_at_once_below_the_published_rates() {
    let sandbox = Sandbox::start().await.unwrap();
    let dnspod = provider(&sandbox);
    for append in [true, false] {
        let mut calls = tokio::task::JoinSet::new();
        for i in 0..100 {
            let dnspod = dnspod.clone();
            calls.spawn(async move {
                let record = txt(&format!("_acme-challenge.n{i}.ws.example"), "v");
                if append {
                    dnspod.append_txt(&record).await
                } else {
                    dnspod.delete_txt(&record).await
                }
            });
        }
        for result in calls.join_all().await {
            result.unwrap();
        }
        let expected = usize::from(append);
        assert_eq!(sandbox.txt_values("_acme-challenge.n0.ws.example").len(), expected);
        assert_eq!(sandbox.txt_values("_acme-challenge.n99.ws.example").len(), expected);
    }
    assert_eq!(sandbox.dnspod_throttled(), 0);
}

/// The CAM policy that the README gives to copy, for this account and domain.
fn policy_of_the_readme(uin: &str, domain_id: u64) -> String {
    let readme = include_str!("../../README.md");
    let policy = readme.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    let policy = policy.expect("the README has a policy");
    assert!(policy.contains("uin/100000000001:domain/1923"), "{policy}");
    policy.replace("uin/100000000001:domain/1923", &format!("uin/{uin}:domain/{domain_id}"))
}

#[tokio::test]
async fn the_policy_of_the_readme_is_enough_for_its_domain_and_for_no_other() {
    let sandbox = Sandbox::builder().zone("example.test").zone("ws.example").start().await.unwrap();
    let domain_id = sandbox.domain_id("ws.example").unwrap();
    sandbox.set_cam_policy(&policy_of_the_readme(sandbox.uin(), domain_id)).unwrap();

    let at = "_acme-challenge.a.ws.example";
    let (one, two) = (txt(at, "one"), txt(at, "two"));
    let dnspod = provider(&sandbox);
    dnspod.append_txt(&one).await.unwrap();
    dnspod.append_txt(&two).await.unwrap();
    assert_eq!(sandbox.txt_values(at), ["one", "two"]);
    dnspod.delete_txt(&one).await.unwrap();
    // Another process, which remembers nothing.
    provider(&sandbox).delete_txt(&two).await.unwrap();
    assert!(sandbox.txt_values(at).is_empty());

    let other = txt("_acme-challenge.example.test", "v");
    let error = provider(&sandbox).append_txt(&other).await.unwrap_err();
    let DnsProviderError::NotPermitted { .. } = &error else { panic!("{error}") };
    assert!(!error.to_string().contains("request id"), "{error}");
}
