//! Appending and deleting records, against an account that behaves as the test says.

use std::time::Duration;

use acme_core::dns01::{DnsProvider, DnsProviderError};
use serde_json::json;
use tokio::time::Instant;

use crate::scripted::{Reply, Scripted, error, records, txt, usual};

const NAME: &str = "_acme-challenge.ws.example";

#[tokio::test(start_paused = true)]
async fn with_the_zone_known_an_append_and_a_delete_cost_one_call_each() {
    let server = Scripted::start(usual).await;
    let dnspod = server.dnspod();
    dnspod.append_txt(&txt(NAME, "first")).await.unwrap();
    let cold = dnspod.calls();

    dnspod.append_txt(&txt(NAME, "second")).await.unwrap();
    assert_eq!(dnspod.calls() - cold, 1);
    dnspod.delete_txt(&txt(NAME, "second")).await.unwrap();
    assert_eq!(dnspod.calls() - cold, 2);
    let delete = &server.calls_of("DeleteRecord")[0];
    assert_eq!(delete.body, json!({ "Domain": "ws.example", "DomainId": 1923, "RecordId": 7001 }));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_there_already_is_appended() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "CreateRecord" => error("InvalidParameter.DomainRecordExist", ""),
        _ => usual(call),
    })
    .await;
    server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("CreateRecord").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_appended_twice_is_still_deleted_by_one_call() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "CreateRecord" if call.number > 0 => error("InvalidParameter.DomainRecordExist", ""),
        _ => usual(call),
    })
    .await;
    let dnspod = server.dnspod();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    let before = dnspod.calls();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(dnspod.calls() - before, 1);
    assert_eq!(server.calls_of("DeleteRecord")[0].body["RecordId"], 7000);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_gone_already_is_deleted() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "DeleteRecord" => error("InvalidParameter.RecordIdInvalid", ""),
        _ => usual(call),
    })
    .await;
    let dnspod = server.dnspod();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_ttl_the_plan_does_not_permit_becomes_600() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "CreateRecord" if call.body["TTL"] != 600 => error("LimitExceeded.RecordTtlLimit", ""),
        _ => usual(call),
    })
    .await;
    let dnspod = server.builder().ttl(60).build().unwrap_or_else(|e| panic!("{e}"));
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    let ttls: Vec<_> =
        server.calls_of("CreateRecord").iter().map(|call| call.body["TTL"].clone()).collect();
    assert_eq!(ttls, [60, 600]);
}

#[tokio::test(start_paused = true)]
async fn only_the_equal_txt_value_at_the_name_is_deleted() {
    let server = Scripted::start(|call| match call.action.as_str() {
        // A server that chooses records by more than was asked for.
        "DescribeRecordList" if call.body["Limit"] != 1 => {
            let Reply::Json(mut list) = records(&[
                (1, "_acme-challenge", "other"),
                (2, "_acme-challenge", "mine"),
                (3, "_acme-challenge.sub", "mine"),
                (4, "_acme-challenge", "mine-too"),
                (5, "_acme-challenge", "mine"),
            ]) else {
                unreachable!()
            };
            list["RecordList"][4]["Type"] = json!("CNAME");
            Reply::Json(list)
        }
        _ => usual(call),
    })
    .await;
    server.dnspod().delete_txt(&txt(NAME, "mine")).await.unwrap();
    let deleted: Vec<_> =
        server.calls_of("DeleteRecord").iter().map(|call| call.body["RecordId"].clone()).collect();
    assert_eq!(deleted, [2]);
}

#[tokio::test(start_paused = true)]
async fn every_page_of_a_list_is_read() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "DescribeRecordList" if call.body["Limit"] != 1 => {
            let (offset, limit) =
                (call.body["Offset"].as_u64().unwrap(), call.body["Limit"].as_u64().unwrap());
            let values: Vec<String> =
                (offset..3500.min(offset + limit)).map(|i| i.to_string()).collect();
            let page: Vec<(u64, &str, &str)> = values
                .iter()
                .map(|value| (value.parse().unwrap(), "_acme-challenge", value.as_str()))
                .collect();
            let Reply::Json(mut list) = records(&page) else { unreachable!() };
            list["RecordCountInfo"]["TotalCount"] = json!(3500);
            Reply::Json(list)
        }
        _ => usual(call),
    })
    .await;
    server.dnspod().delete_txt(&txt(NAME, "3499")).await.unwrap();
    let deletes = server.calls_of("DeleteRecord");
    assert_eq!(deletes.len(), 1);
    assert_eq!(deletes[0].body["RecordId"], 3499);
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_is_read_in_all_its_forms() {
    for empty in ["error", "null", "none"] {
        let server = Scripted::start(move |call| match call.action.as_str() {
            "DescribeRecordList" if call.body["Domain"] == "ws.example" => match empty {
                "error" => error("ResourceNotFound.NoDataOfRecord", ""),
                "null" => Reply::Json(json!({
                    "RecordCountInfo": { "SubdomainCount": 0, "TotalCount": 0, "ListCount": 0 },
                    "RecordList": null,
                })),
                _ => records(&[]),
            },
            _ => usual(call),
        })
        .await;
        server.dnspod().delete_txt(&txt(NAME, "v")).await.unwrap();
        // What no list shows is asked for by creating it, and what that has created is gone again.
        assert_eq!(server.calls_of("CreateRecord").len(), 1, "{empty}");
        assert_eq!(server.calls_of("DeleteRecord")[0].body["RecordId"], 7000, "{empty}");
    }
}

/// The answer to the first create is lost; the record is in lists from the `listed_from`th on.
async fn answer_lost(listed_from: usize) -> Scripted {
    Scripted::start(move |call| match call.action.as_str() {
        "CreateRecord" if call.number == 0 => Reply::Hang,
        "CreateRecord" => error("InvalidParameter.DomainRecordExist", ""),
        "DescribeRecordList" if call.number >= listed_from && call.body["Limit"] != 1 => {
            records(&[(9, "_acme-challenge", "v")])
        }
        _ => usual(call),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_is_lost_succeeds_and_is_deleted_when_lists_show_it() {
    // Two lists look for the zone; two more miss the record.
    let server = answer_lost(4).await;
    let dnspod = server.dnspod();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("CreateRecord").len(), 2);

    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("DescribeRecordList").len(), 5);
    assert_eq!(server.calls_of("DeleteRecord")[0].body["RecordId"], 9);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_another_process_has_just_created_is_deleted_when_lists_show_it() {
    let start = Instant::now();
    let server = Scripted::start(move |call| match call.action.as_str() {
        "CreateRecord" => error("InvalidParameter.DomainRecordExist", ""),
        "DescribeRecordList" if call.body["Limit"] != 1 && start.elapsed().as_secs() >= 30 => {
            records(&[(9, "_acme-challenge", "v")])
        }
        _ => usual(call),
    })
    .await;
    server.dnspod().delete_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("CreateRecord").len(), 1);
    assert_eq!(server.calls_of("DeleteRecord")[0].body["RecordId"], 9);
    assert!(start.elapsed() < Duration::from_secs(36), "{:?}", start.elapsed());
}

/// The other process deletes it too, while lists do not show it yet.
#[tokio::test(start_paused = true)]
async fn a_record_that_another_process_deletes_meanwhile_is_deleted() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "CreateRecord" if call.number == 0 => error("InvalidParameter.DomainRecordExist", ""),
        _ => usual(call),
    })
    .await;
    server.dnspod().delete_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("CreateRecord").len(), 2, "the second one tells that it is gone");
    assert_eq!(server.calls_of("DeleteRecord").len(), 1, "of what the second one has created");
}

#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_created_an_empty_list_is_believed() {
    for code in ["UnauthorizedOperation", "FailedOperation.DomainIsLocked", "New.Thing"] {
        let server = Scripted::start(move |call| match call.action.as_str() {
            "CreateRecord" => error(code, ""),
            _ => usual(call),
        })
        .await;
        server.dnspod().delete_txt(&txt(NAME, "v")).await.unwrap();
        assert_eq!(server.calls_of("DeleteRecord").len(), 0, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_keeps_to_the_time_limit_it_is_given() {
    let server = answer_lost(usize::MAX).await;
    let dnspod = server.builder().time_limit(Duration::from_secs(10)).build().unwrap();
    let start = Instant::now();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(start.elapsed() <= Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_append_given_up_half_way_is_deleted_when_lists_show_it() {
    let server = answer_lost(4).await;
    let dnspod = server.dnspod();
    let record = txt(NAME, "v");
    tokio::time::timeout(Duration::from_secs(2), dnspod.append_txt(&record)).await.unwrap_err();
    assert_eq!(server.calls_of("CreateRecord").len(), 1);

    dnspod.delete_txt(&record).await.unwrap();
    assert_eq!(server.calls_of("DeleteRecord")[0].body["RecordId"], 9);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_refused_is_deleted_without_waiting() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "CreateRecord" => error("InvalidParameter.RecordValueInvalid", ""),
        _ => usual(call),
    })
    .await;
    let dnspod = server.dnspod();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
    let start = Instant::now();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_new_record_that_lists_never_show_is_not_reported_as_deleted() {
    let server = answer_lost(usize::MAX).await;
    let dnspod = server.dnspod();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();

    let start = Instant::now();
    let error = dnspod.delete_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(matches!(error, DnsProviderError::Unavailable { .. }), "{error}");
    assert!(error.is_retryable());
    assert!(start.elapsed() <= Duration::from_secs(40), "{:?}", start.elapsed());

    // DNSPod has said at the end that the record is there: it may be new once more.
    tokio::time::advance(Duration::from_secs(35)).await;
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_record_that_vanishes_between_list_and_delete_is_deleted() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "DescribeRecordList" if call.body["Limit"] != 1 => records(&[(9, "_acme-challenge", "v")]),
        "DeleteRecord" => error("InvalidParameter.RecordIdInvalid", ""),
        _ => usual(call),
    })
    .await;
    server.dnspod().delete_txt(&txt(NAME, "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_value_at_the_zone_itself_is_created_at_the_at_sign() {
    let server = Scripted::start(usual).await;
    server.dnspod().append_txt(&txt("ws.example", "v")).await.unwrap();
    assert_eq!(server.calls_of("CreateRecord")[0].body["SubDomain"], "@");
}
