//! Appending and deleting records by the legacy API.

use acme_core::dns01::{DnsProvider, DnsProviderError};
use serde_json::json;

use crate::legacy_account::{builder, created, dnspod, page, records, status, usual};
use crate::scripted::{Reply, Scripted, txt};

const NAME: &str = "_acme-challenge.ws.example";

/// The ids that were deleted.
fn removed(server: &Scripted) -> Vec<String> {
    let id = |call: &crate::scripted::Call| call.body["record_id"].as_str().unwrap().to_owned();
    server.calls_of("Record.Remove").iter().map(id).collect()
}

#[tokio::test(start_paused = true)]
async fn with_the_zone_known_an_append_and_a_delete_cost_one_call_each() {
    let server = Scripted::start(usual).await;
    let dnspod = dnspod(&server);
    dnspod.append_txt(&txt(NAME, "first")).await.unwrap();
    let cold = dnspod.calls();

    dnspod.append_txt(&txt(NAME, "second")).await.unwrap();
    assert_eq!(dnspod.calls() - cold, 1);
    dnspod.delete_txt(&txt(NAME, "second")).await.unwrap();
    assert_eq!(dnspod.calls() - cold, 2);
    let remove = &server.calls_of("Record.Remove")[0];
    assert_eq!(remove.body["domain_id"], "1923");
    assert_eq!(remove.body["record_id"], "7001");
}

#[tokio::test(start_paused = true)]
async fn the_records_id_is_read_with_and_without_quotes() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Record.Create" => {
            let Reply::Bare(mut answer) = created(0) else { unreachable!() };
            answer["record"]["id"] = json!(1_876_543_211);
            Reply::Bare(answer)
        }
        _ => usual(call),
    })
    .await;
    let dnspod = dnspod(&server);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(removed(&server), ["1876543211"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_there_already_is_appended() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Record.Create" => status("104", "Domain record already exists, no need to add it again"),
        _ => usual(call),
    })
    .await;
    dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("Record.Create").len(), 1);
    assert!(server.calls_of("Record.List").is_empty());
}

/// The code of a duplicate is known from other programs alone, so another one must do as well, in any language.
#[tokio::test(start_paused = true)]
async fn a_refusal_with_an_unknown_code_is_held_against_the_list() {
    for message in ["记录已经存在，无需再次添加。", "whatever it says next year"] {
        let server = Scripted::start(move |call| match call.action.as_str() {
            "Record.Create" => status("4711", message),
            "Record.List" => {
                records(&[(8, "_acme-challenge", "other"), (9, "_acme-challenge", "v")])
            }
            _ => usual(call),
        })
        .await;
        let dnspod = dnspod(&server);
        dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
        dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
        assert_eq!(removed(&server), ["9"]);

        let error = dnspod.append_txt(&txt(NAME, "not there")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "DNSPod rejected the record {NAME}: code 4711: Record.Create failed (DNSPod says: {message})"
            )
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_gone_already_is_deleted() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Record.Remove" => status("8", "记录编号错误"),
        _ => usual(call),
    })
    .await;
    let dnspod = dnspod(&server);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
}

/// Others fail to clean up where there is nothing to clean up: code 10 is an error to them.
#[tokio::test(start_paused = true)]
async fn an_empty_list_is_read_in_all_its_forms() {
    for empty in ["error", "null", "none", "missing"] {
        let server = Scripted::start(move |call| match call.action.as_str() {
            "Record.List" => match empty {
                "error" => status("10", "记录列表为空"),
                "missing" => status("1", "Operation successful"),
                _ => {
                    let Reply::Bare(mut list) = records(&[]) else { unreachable!() };
                    if empty == "null" {
                        list["records"] = json!(null);
                    }
                    Reply::Bare(list)
                }
            },
            _ => usual(call),
        })
        .await;
        dnspod(&server).delete_txt(&txt(NAME, "v")).await.unwrap();
        assert_eq!(server.calls_of("Record.List").len(), 1, "{empty}");
    }
}

/// Others delete every TXT value at the name.
#[tokio::test(start_paused = true)]
async fn only_the_equal_txt_value_at_the_name_is_deleted() {
    let server = Scripted::start(|call| match call.action.as_str() {
        // A server that chooses records by more than was asked for.
        "Record.List" => {
            let Reply::Bare(mut list) = records(&[
                (1, "_acme-challenge", "other"),
                (2, "_acme-challenge", "mine"),
                (3, "_acme-challenge.sub", "mine"),
                (4, "_acme-challenge", "mine-too"),
                (5, "_acme-challenge", "mine"),
            ]) else {
                unreachable!()
            };
            list["records"][4]["type"] = json!("CNAME");
            Reply::Bare(list)
        }
        _ => usual(call),
    })
    .await;
    dnspod(&server).delete_txt(&txt(NAME, "mine")).await.unwrap();
    assert_eq!(removed(&server), ["2"]);
}

/// Others read the first page only.
#[tokio::test(start_paused = true)]
async fn every_page_of_a_list_is_read() {
    // The international site gives 500 at once, dnsapi.cn 3000; a server may give less than was asked for.
    for most in [500, 100] {
        let server = Scripted::start(move |call| match call.action.as_str() {
            "Record.List" => {
                let offset: usize = call.body["offset"].as_str().unwrap().parse().unwrap();
                let values: Vec<String> =
                    (offset..1700.min(offset + most)).map(|i| i.to_string()).collect();
                let list: Vec<(u64, &str, &str)> = values
                    .iter()
                    .map(|value| (value.parse().unwrap(), "_acme-challenge", value.as_str()))
                    .collect();
                page(&list, 1700)
            }
            _ => usual(call),
        })
        .await;
        dnspod(&server).delete_txt(&txt(NAME, "1699")).await.unwrap();
        assert_eq!(removed(&server), ["1699"]);
        let lists = server.calls_of("Record.List");
        assert!(lists.iter().all(|call| call.body["length"] == "500"));
    }
}

/// Others ask for ever where the total is larger than what the pages hold.
#[tokio::test(start_paused = true)]
async fn a_list_ends_with_an_empty_page_whatever_the_total_says() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Record.List" if call.body["offset"] == "0" => page(&[(9, "_acme-challenge", "v")], 4000),
        "Record.List" => page(&[], 4000),
        _ => usual(call),
    })
    .await;
    dnspod(&server).delete_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(removed(&server), ["9"]);
    assert_eq!(server.calls_of("Record.List").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_ttl_the_plan_does_not_permit_becomes_600() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Record.Create" if call.body["ttl"] != "600" => status("32", "记录的TTL值超出了限制"),
        _ => usual(call),
    })
    .await;
    let dnspod = builder(&server).ttl(60).build().unwrap();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    let ttls: Vec<_> =
        server.calls_of("Record.Create").iter().map(|call| call.body["ttl"].clone()).collect();
    assert_eq!(ttls, ["60", "600"]);
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_is_lost_succeeds() {
    let server = Scripted::start(|call| match (call.action.as_str(), call.number) {
        ("Record.Create", 0) => Reply::Hang,
        ("Record.Create", _) => status("104", ""),
        ("Record.List", _) => records(&[(9, "_acme-challenge", "v")]),
        _ => usual(call),
    })
    .await;
    let dnspod = dnspod(&server);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(removed(&server), ["9"]);
}

#[tokio::test(start_paused = true)]
async fn a_locked_zone_is_said_in_english_first_and_in_dnspods_words_after() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Record.Create" => status("21", "域名被锁定"),
        _ => usual(call),
    })
    .await;
    let error = dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(matches!(&error, DnsProviderError::ZoneUnusable { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "zone ws.example cannot be used at DNSPod: code 21: the zone is locked; unlock it in the DNSPod console \
         (DNSPod says: 域名被锁定)"
    );
}
