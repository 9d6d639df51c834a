//! One call of API 3.0: what is sent, and what follows each kind of answer.

use std::sync::Arc;
use std::time::Duration;

use acme_core::ManualClock;
use acme_core::dns01::{DnsProvider, DnsProviderError};
use dnspod_solver::{Credential, DnsPod, tc3};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::scripted::{Reply, Scripted, error, txt, usual};

const NAME: &str = "_acme-challenge.ws.example";

/// A clock that stands at 2024-07-01T00:00:00Z.
fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(OffsetDateTime::from_unix_timestamp(1_719_792_000).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn a_call_carries_what_api_3_0_asks_for() {
    let server = Scripted::start(usual).await;
    let credential = Credential::new("AKIDexample", "key")
        .unwrap_or_else(|e| panic!("{e}"))
        .with_token("session");
    let dnspod = DnsPod::builder(credential.clone())
        .endpoint(server.url.clone())
        .clock(clock())
        .build()
        .unwrap_or_else(|e| panic!("{e}"));
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();

    let create = &server.calls_of("CreateRecord")[0];
    let header = |name: &str| create.headers.get(name).map_or("", String::as_str);
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-tc-version"), "2021-03-23");
    assert_eq!(header("x-tc-timestamp"), "1719792000");
    assert_eq!(header("x-tc-token"), "session");
    assert_eq!(header("x-tc-language"), "en-US");
    let host = server.host();
    assert_eq!(header("host"), host);
    assert_eq!(
        create.body,
        serde_json::json!({
            "Domain": "ws.example", "DomainId": 1923, "SubDomain": "_acme-challenge", "RecordType": "TXT",
            "RecordLine": "默认", "RecordLineId": "0", "Value": "v", "TTL": 600,
        })
    );

    let body = serde_json::json!({ "Domain": "ws.example" }).to_string();
    let describe = &server.calls_of("DescribeDomain")[0];
    let signed = tc3::sign(
        &tc3::Request {
            service: "dnspod",
            method: "POST",
            query: "",
            headers: &[("content-type", "application/json"), ("host", &host)],
            body: body.as_bytes(),
        },
        &credential,
        OffsetDateTime::from_unix_timestamp(1_719_792_000).unwrap(),
    );
    assert_eq!(describe.headers["authorization"], signed.authorization);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_for_a_moment_is_asked_again() {
    let bad: [fn() -> Reply; 5] = [
        || Reply::Raw("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>".to_owned()),
        || Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"Response\":{".to_owned()),
        || Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>".to_owned()),
        || error("InternalError", ""),
        || error("FailedOperation.UnknowError", ""),
    ];
    for reply in bad {
        let server = Scripted::start(move |call| {
            if call.action == "CreateRecord" && call.number == 0 { reply() } else { usual(call) }
        })
        .await;
        server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap();
        assert_eq!(server.calls_of("CreateRecord").len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_keeps_failing_is_given_up_after_five_tries() {
    let server = Scripted::start(|_| {
        Reply::Raw("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>".to_owned())
    })
    .await;
    let dnspod = server.dnspod();
    let error = dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("DNSPod is unavailable: {}: answered with HTTP 502 Bad Gateway", server.host())
    );
    assert!(error.is_retryable());
    assert_eq!(dnspod.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_end_is_cut_off() {
    let server = Scripted::start(|_| {
        let body = "x".repeat((4 << 20) + 1);
        Reply::Raw(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}"))
    })
    .await;
    let error = server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "DNSPod is unavailable: {}: the answer is larger than 4194304 bytes",
            server.host()
        )
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_shape_is_named_with_its_action() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "CreateRecord" => Reply::Json(serde_json::json!({})),
        _ => usual(call),
    })
    .await;
    let error = server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "DNSPod is unavailable: {}: the answer to CreateRecord is not what API 3.0 documents: missing field \
             `RecordId`",
            server.host()
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_ends_an_operation_within_its_deadline() {
    let server = Scripted::start(|_| Reply::Hang).await;
    let start = Instant::now();
    let error = server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(matches!(error, DnsProviderError::Unavailable { .. }), "{error}");
    assert!(start.elapsed() <= Duration::from_secs(25), "{:?}", start.elapsed());
    assert!(server.calls().len() >= 3, "one swallowed request must leave time for others");
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_not_tried_again_for_two_minutes() {
    let server = Scripted::start(|_| error("AuthFailure.SignatureFailure", "bad")).await;
    let dnspod = server.dnspod();
    let first = dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(matches!(first, DnsProviderError::CredentialRefused { .. }), "{first}");
    assert!(!first.is_retryable());
    assert_eq!(dnspod.calls(), 1);

    assert_eq!(
        dnspod.append_txt(&txt("_acme-challenge.other.example", "v")).await.unwrap_err(),
        first
    );
    assert_eq!(dnspod.delete_txt(&txt(NAME, "v")).await.unwrap_err(), first);
    assert_eq!(dnspod.calls(), 1);

    tokio::time::advance(Duration::from_secs(121)).await;
    assert_eq!(dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err(), first);
    assert_eq!(dnspod.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_with_a_wrong_key_make_one_call() {
    let server = Scripted::start(|_| error("AuthFailure.SecretIdNotFound", "")).await;
    let dnspod = server.dnspod();
    let mut appends = tokio::task::JoinSet::new();
    for i in 0..100 {
        let dnspod = dnspod.clone();
        appends.spawn(async move {
            dnspod.append_txt(&txt(&format!("_acme-challenge.n{i}.ws.example"), "v")).await
        });
    }
    for result in appends.join_all().await {
        assert!(matches!(result, Err(DnsProviderError::CredentialRefused { .. })), "{result:?}");
    }
    assert_eq!(dnspod.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_with_a_good_key_cost_the_round_trips_of_one() {
    const ROUND_TRIP: Duration = Duration::from_millis(100);
    let server = Scripted::start(|call| match usual(call) {
        Reply::Json(response) => Reply::Later(ROUND_TRIP, response),
        other => other,
    })
    .await;
    let dnspod = server.dnspod();
    let start = Instant::now();
    let mut appends = tokio::task::JoinSet::new();
    for i in 0..100 {
        let dnspod = dnspod.clone();
        appends.spawn(async move {
            dnspod.append_txt(&txt(&format!("_acme-challenge.n{i}.ws.example"), "v")).await
        });
    }
    for result in appends.join_all().await {
        result.unwrap();
    }
    // Three lists look for the zone, and the first of all calls runs alone; then the zone's state, then the record.
    assert!(start.elapsed() <= 6 * ROUND_TRIP, "{:?}", start.elapsed());
}

/// A server whose clock is ten minutes ahead and which refuses whoever signs with another time.
fn ahead(call: &crate::scripted::Call) -> Reply {
    if call.headers["x-tc-timestamp"] == "1719792600" {
        return usual(call);
    }
    let body = r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire","Message":"x"},"RequestId":"r"}}"#;
    Reply::Raw(format!(
        "HTTP/1.1 200 OK\r\ndate: Mon, 01 Jul 2024 00:10:00 GMT\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_corrected_once_by_the_servers() {
    let server = Scripted::start(ahead).await;
    let dnspod = server.builder().clock(clock()).build().unwrap_or_else(|e| panic!("{e}"));
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    let times: Vec<String> =
        server.calls().iter().map(|call| call.headers["x-tc-timestamp"].clone()).collect();
    assert_eq!(times[0], "1719792000");
    assert!(times[1..].iter().all(|time| time == "1719792600"), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_time_that_is_refused_again_is_reported() {
    let without_date = Scripted::start(|_| error("AuthFailure.SignatureExpire", "")).await;
    let dnspod = without_date.dnspod();
    let error = dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(
        error.to_string().contains("AuthFailure.SignatureExpire: this machine's clock"),
        "{error}"
    );
    assert_eq!(dnspod.calls(), 1);

    let stubborn = Scripted::start(|call| {
        let mut call = call.clone();
        call.headers.insert("x-tc-timestamp".to_owned(), String::new());
        ahead(&call)
    })
    .await;
    let dnspod = stubborn.dnspod();
    assert_eq!(dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err(), error);
    assert_eq!(dnspod.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_are_spread_out_and_succeed() {
    let server = Scripted::start(|call| {
        if call.action == "CreateRecord" && call.number < 4 {
            error("RequestLimitExceeded.UinLimitExceeded", "")
        } else {
            usual(call)
        }
    })
    .await;
    server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("CreateRecord").len(), 5);
}

#[tokio::test(start_paused = true)]
async fn throttling_without_end_is_reported_as_such_within_the_deadline() {
    let server = Scripted::start(|_| error("RequestLimitExceeded", "")).await;
    let start = Instant::now();
    let error = server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(matches!(error, DnsProviderError::Throttled { retry_after: None, .. }), "{error}");
    assert!(start.elapsed() <= Duration::from_secs(25), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn asked_to_wait_a_minute_the_caller_is_told() {
    let server = Scripted::start(|_| error("InvalidParameter.OperationIsTooFrequent", "")).await;
    let dnspod = server.dnspod();
    let error = dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(dnspod.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_is_being_changed_is_waited_for() {
    let server = Scripted::start(|call| {
        if call.action == "CreateRecord" && call.number == 0 {
            error("InvalidParameter.DomainNotAllowedModifyRecords", "")
        } else {
            usual(call)
        }
    })
    .await;
    let start = Instant::now();
    server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_code_is_reported_with_tencents_words_and_not_retried() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "CreateRecord" => error("InvalidParameter.CustomMessage", "自定义错误信息"),
        _ => usual(call),
    })
    .await;
    let error = server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "DNSPod rejected the record _acme-challenge.ws.example: InvalidParameter.CustomMessage: CreateRecord failed \
         (DNSPod says: 自定义错误信息)"
    );
    assert_eq!(server.calls_of("CreateRecord").len(), 1);
}
