//! The list of all zones, which spares many names their own calls.

use acme_core::dns01::{DnsProvider, DnsProviderError};
use dnspod_solver::DnsPod;
use serde_json::json;

use crate::scripted::{Call, Reply, Scripted, domain_list, error, txt, usual};

/// Appends at so many names, each in a sub-name of its own.
async fn append(dnspod: &DnsPod, names: usize) {
    let mut appends = tokio::task::JoinSet::new();
    for i in 0..names {
        let dnspod = dnspod.clone();
        appends.spawn(async move {
            dnspod.append_txt(&txt(&format!("_acme-challenge.n{i}.ws.example"), "v")).await
        });
    }
    for result in appends.join_all().await {
        result.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_few_names_are_asked_for_one_by_one() {
    let server = Scripted::start(usual).await;
    append(&server.dnspod(), 3).await;
    assert!(server.calls_of("DescribeDomainList").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_cost_one_list_of_zones() {
    let server = Scripted::start(usual).await;
    append(&server.dnspod(), 100).await;
    assert_eq!(server.calls_of("CreateRecord").len(), 100);
    assert_eq!(server.calls_of("DescribeDomainList").len(), 1);
    let others = server.calls().len() - 101;
    assert!(others <= 10, "{others} calls to find one zone");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_not_list_is_asked_once() {
    for code in ["UnauthorizedOperation", "OperationDenied.AccessDenied"] {
        let server = Scripted::start(move |call| match call.action.as_str() {
            "DescribeDomainList" => error(code, ""),
            _ => usual(call),
        })
        .await;
        let dnspod = server.dnspod();
        append(&dnspod, 50).await;
        append(&dnspod, 100).await;
        assert_eq!(server.calls_of("DescribeDomainList").len(), 1);
        assert_eq!(server.calls_of("CreateRecord").len(), 150);
    }
}

#[tokio::test(start_paused = true)]
async fn every_page_of_zones_is_read_and_names_go_into_the_longest() {
    let server = Scripted::start(|call| {
        if call.action != "DescribeDomainList" {
            return match call.action.as_str() {
                "CreateRecord" => Reply::Json(json!({ "RecordId": 1 })),
                _ => usual(call),
            };
        }
        let (offset, limit) =
            (call.body["Offset"].as_u64().unwrap(), call.body["Limit"].as_u64().unwrap());
        let mut names: Vec<String> = (0..2500).map(|i| format!("z{i}.example")).collect();
        names.push("ws.example".to_owned());
        names.push("n77.ws.example".to_owned());
        let page: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .skip(usize::try_from(offset).unwrap())
            .take(usize::try_from(limit).unwrap())
            .collect();
        let Reply::Json(mut list) = domain_list(&page) else { unreachable!() };
        list["DomainCountInfo"]["DomainTotal"] = json!(names.len());
        // Of all zones whatever the filter: whoever pages up to here never ends.
        list["DomainCountInfo"]["AllTotal"] = json!(1_000_000);
        Reply::Json(list)
    })
    .await;
    append(&server.dnspod(), 100).await;
    assert_eq!(server.calls_of("DescribeDomainList").len(), 3);
    let at_77: Vec<Call> = server
        .calls_of("CreateRecord")
        .into_iter()
        .filter(|call| call.body["Domain"] == "n77.ws.example")
        .collect();
    assert_eq!(at_77.len(), 1);
    assert_eq!(at_77[0].body["SubDomain"], "_acme-challenge");
}

#[tokio::test(start_paused = true)]
async fn an_account_with_too_many_zones_is_asked_name_by_name() {
    let server = Scripted::start(|call| {
        if call.action != "DescribeDomainList" {
            return usual(call);
        }
        let offset = call.body["Offset"].as_u64().unwrap();
        let names: Vec<String> = (offset..offset + 1000).map(|i| format!("z{i}.example")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let Reply::Json(mut list) = domain_list(&names) else { unreachable!() };
        list["DomainCountInfo"]["DomainTotal"] = json!(1_000_000);
        Reply::Json(list)
    })
    .await;
    append(&server.dnspod(), 30).await;
    assert_eq!(server.calls_of("DescribeDomainList").len(), 11, "one page beyond the bound");
    assert_eq!(server.calls_of("CreateRecord").len(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_is_not_in_the_list_is_asked_for_before_it_is_said_to_be_missing() {
    // `new.example` was added after the list was fetched; `alias.example` is an alias, which no list shows.
    let server = Scripted::start(|call| match call.body["Domain"].as_str() {
        Some("new.example") => match call.action.as_str() {
            "CreateRecord" => Reply::Json(json!({ "RecordId": 1 })),
            "DescribeDomain" => crate::scripted::domain_info("new.example", "enable"),
            _ => crate::scripted::records(&[]),
        },
        Some("alias.example") => error("InvalidParameter.DomainIsAliaser", ""),
        _ => usual(call),
    })
    .await;
    let dnspod = server.dnspod();
    append(&dnspod, 20).await;
    assert_eq!(server.calls_of("DescribeDomainList").len(), 1);
    dnspod.append_txt(&txt("_acme-challenge.new.example", "v")).await.unwrap();

    append(&dnspod, 40).await;
    let refused = dnspod.append_txt(&txt("_acme-challenge.alias.example", "v")).await.unwrap_err();
    let DnsProviderError::ZoneUnusable { zone, reason, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(zone, "alias.example");
    assert!(reason.contains("alias of another zone"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_was_listed_as_paused_is_used_as_soon_as_it_is_resumed() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "DescribeDomainList" => {
            let Reply::Json(mut list) = domain_list(&["ws.example"]) else { unreachable!() };
            list["DomainList"][0]["Status"] = json!("PAUSE");
            Reply::Json(list)
        }
        _ => usual(call),
    })
    .await;
    append(&server.dnspod(), 30).await;
    assert_eq!(server.calls_of("DescribeDomainList").len(), 1);
    assert_eq!(server.calls_of("CreateRecord").len(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_listed_zone_that_is_removed_from_the_account_is_noticed_by_the_call_that_fails() {
    let server = Scripted::start(|call| match call.body["Domain"].as_str() {
        // The sub-zone is in the list, and is gone when a record is created in it.
        Some("n5.ws.example") => error("InvalidParameter.DomainInvalid", ""),
        None if call.number == 0 => domain_list(&["ws.example", "n5.ws.example"]),
        _ => usual(call),
    })
    .await;
    let dnspod = server.dnspod();
    for i in [10, 11, 12, 13, 14, 5] {
        dnspod.append_txt(&txt(&format!("_acme-challenge.n{i}.ws.example"), "v")).await.unwrap();
    }
    let creates = server.calls_of("CreateRecord");
    assert_eq!(creates[creates.len() - 2].body["Domain"], "n5.ws.example");
    assert_eq!(creates[creates.len() - 1].body["Domain"], "ws.example");
}
