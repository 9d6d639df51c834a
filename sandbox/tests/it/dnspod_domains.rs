//! The actions on domains, and how a domain is named.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use sandbox::{Sandbox, ZoneStatus};
use serde_json::json;

use crate::ask::{ask, txt};
use crate::tencent_client::{call, refusal};

#[tokio::test]
async fn the_accounts_domains_are_listed_in_both_spellings_and_nobody_elses() {
    let sandbox = Sandbox::builder()
        .zone("ws.example")
        .zone("Bücher.example")
        .foreign_zone("other.example")
        .start()
        .await
        .unwrap();
    let answer = call(&sandbox, "DescribeDomainList", &json!({})).await;
    let names: Vec<(&str, &str)> = answer["DomainList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|domain| (domain["Name"].as_str().unwrap(), domain["Punycode"].as_str().unwrap()))
        .collect();
    assert_eq!(names, [("ws.example", "ws.example"), ("bücher.example", "xn--bcher-kva.example")]);
    assert_eq!(sandbox.zones(), ["ws.example", "bücher.example"]);
    let first = &answer["DomainList"][0];
    assert_eq!(first["EffectiveDNS"], json!(["ns1.nameserver.test", "ns2.nameserver.test"]));
    assert_eq!((&first["Status"], &first["RecordCount"]), (&json!("ENABLE"), &json!(2)));
}

#[tokio::test]
async fn domains_come_in_pages_and_by_keyword_and_type() {
    let mut builder = Sandbox::builder();
    for number in 0..5 {
        builder = builder.zone(format!("zone{number}.example"));
    }
    let sandbox = builder.start().await.unwrap();
    sandbox.set_zone_status("zone3.example", ZoneStatus::Pause);
    let list = async |params| {
        let answer = call(&sandbox, "DescribeDomainList", &params).await;
        let names: Vec<String> = answer["DomainList"]
            .as_array()
            .unwrap()
            .iter()
            .map(|domain| domain["Name"].as_str().unwrap().to_owned())
            .collect();
        (names, answer["DomainCountInfo"]["DomainTotal"].as_u64().unwrap())
    };
    let (names, total) = list(json!({ "Offset": 3, "Limit": 10 })).await;
    assert_eq!(
        (names.as_slice(), total),
        (&["zone3.example".to_owned(), "zone4.example".to_owned()][..], 5)
    );
    assert_eq!(list(json!({ "Keyword": "zone2" })).await, (vec!["zone2.example".to_owned()], 1));
    assert_eq!(list(json!({ "Type": "PAUSE" })).await, (vec!["zone3.example".to_owned()], 1));
    assert_eq!(list(json!({ "Type": "SHARE" })).await, (vec![], 0));
    assert_eq!(list(json!({ "Offset": 5 })).await, (vec![], 5));
    for (params, code) in [
        (json!({ "Limit": 3001 }), "InvalidParameterValue.LimitInvalid"),
        (json!({ "Limit": 0 }), "InvalidParameterValue.LimitInvalid"),
        (json!({ "Offset": -1 }), "InvalidParameter.OffsetInvalid"),
    ] {
        assert_eq!(refusal(&sandbox, "DescribeDomainList", params).await, code);
    }
}

#[tokio::test]
async fn a_domain_is_found_by_id_unicode_or_punycode_in_any_case() {
    let sandbox = Sandbox::start().await.unwrap();
    let by_name = call(&sandbox, "DescribeDomain", &json!({ "Domain": "BÜCHER.example" })).await;
    let info = &by_name["DomainInfo"];
    assert_eq!((&info["Domain"], &info["Status"]), (&json!("bücher.example"), &json!("enable")));
    assert_eq!(info["DnspodNsList"], json!(["ns1.nameserver.test", "ns2.nameserver.test"]));
    for params in [
        json!({ "Domain": "xn--bcher-kva.example" }),
        json!({ "Domain": "XN--Bcher-KVA.Example" }),
        json!({ "Domain": "ws.example", "DomainId": info["DomainId"] }),
        json!({ "Domain": "bücher.example", "DomainId": 0 }),
    ] {
        let answer = call(&sandbox, "DescribeDomain", &params).await;
        assert_eq!(answer["DomainInfo"]["DomainId"], info["DomainId"], "{params}");
    }
}

#[tokio::test]
async fn what_is_no_domain_of_the_account_is_refused_with_its_own_code() {
    let sandbox =
        Sandbox::builder().zone("ws.example").foreign_zone("other.example").start().await.unwrap();
    for (params, code) in [
        (json!({ "Domain": "nowhere.example" }), "InvalidParameterValue.DomainNotExists"),
        (json!({ "Domain": "nameserver.test" }), "InvalidParameterValue.DomainNotExists"),
        (json!({ "Domain": "a.ws.example" }), "InvalidParameter.DomainInvalid"),
        (json!({ "Domain": "ws.example." }), "InvalidParameter.DomainInvalid"),
        (json!({ "Domain": "example" }), "InvalidParameter.DomainInvalid"),
        (json!({ "Domain": "" }), "InvalidParameter.DomainInvalid"),
        (json!({ "Domain": "ws.example", "DomainId": 7 }), "InvalidParameter.DomainIdInvalid"),
        (json!({}), "MissingParameter"),
        (json!({ "Domain": "other.example" }), "OperationDenied.NoPermissionToOperateDomain"),
    ] {
        assert_eq!(refusal(&sandbox, "DescribeDomain", params.clone()).await, code, "{params}");
    }
    let foreign = json!({ "Domain": "other.example" });
    assert_eq!(
        refusal(&sandbox, "DescribeRecordList", foreign).await,
        "FailedOperation.NotDomainOwner"
    );
}

#[tokio::test]
async fn the_state_of_a_domain_is_shown_and_decides_who_may_write() {
    let sandbox = Sandbox::start().await.unwrap();
    let create = json!({
        "Domain": "ws.example", "RecordType": "TXT", "RecordLine": "默认", "Value": "v", "SubDomain": "a",
    });
    for (status, shown, code) in [
        (ZoneStatus::Lock, "lock", "FailedOperation.DomainIsLocked"),
        (ZoneStatus::Spam, "spam", "FailedOperation.DomainIsSpam"),
    ] {
        sandbox.set_zone_status("ws.example", status);
        let info = call(&sandbox, "DescribeDomain", &json!({ "Domain": "ws.example" })).await;
        assert_eq!(info["DomainInfo"]["Status"], shown);
        assert_eq!(refusal(&sandbox, "CreateRecord", create.clone()).await, code);
    }
    sandbox.set_zone_status("ws.example", ZoneStatus::Pause);
    assert!(call(&sandbox, "CreateRecord", &create).await["RecordId"].is_u64());
}

#[tokio::test]
async fn a_paused_domain_takes_records_that_name_servers_do_not_show() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_zone_status("ws.example", ZoneStatus::Pause);
    let create = json!({
        "Domain": "ws.example", "RecordType": "TXT", "RecordLine": "默认", "Value": "v", "SubDomain": "a",
    });
    assert!(call(&sandbox, "CreateRecord", &create).await["RecordId"].is_u64());
    let server = sandbox.name_servers()[0];
    let paused = ask(server, "a.ws.example.", RecordType::TXT).await;
    assert_eq!((paused.metadata.response_code, txt(&paused).len()), (ResponseCode::Refused, 0));
    sandbox.set_zone_status("ws.example", ZoneStatus::Enable);
    assert_eq!(txt(&ask(server, "a.ws.example.", RecordType::TXT).await), ["v"]);
}

#[tokio::test]
async fn an_alias_is_served_with_the_records_of_its_domain_and_cannot_be_used() {
    let sandbox = Sandbox::builder()
        .zone("ws.example")
        .alias_zone("alias.test", "ws.example")
        .start()
        .await
        .unwrap();
    sandbox.add_record("a.ws.example", "TXT", "v").unwrap();
    assert!(sandbox.add_record("a.alias.test", "TXT", "v").is_err());
    let server = sandbox.name_servers()[0];
    assert_eq!(txt(&ask(server, "a.alias.test.", RecordType::TXT).await), ["v"]);
    let absent = ask(server, "b.alias.test.", RecordType::TXT).await;
    assert_eq!(absent.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(absent.authorities[0].name.to_ascii(), "alias.test.");
    sandbox.set_zone_status("ws.example", ZoneStatus::Pause);
    let paused = ask(server, "a.alias.test.", RecordType::TXT).await;
    assert_eq!(paused.metadata.response_code, ResponseCode::Refused);
    sandbox.set_zone_status("ws.example", ZoneStatus::Enable);

    let create = json!({
        "Domain": "alias.test", "RecordType": "TXT", "RecordLine": "默认", "Value": "v",
    });
    for (action, params) in [
        ("CreateRecord", create),
        ("DeleteRecord", json!({ "Domain": "alias.test", "RecordId": 1 })),
        ("DescribeRecordList", json!({ "Domain": "alias.test" })),
        ("DescribeDomain", json!({ "Domain": "alias.test" })),
    ] {
        let code = refusal(&sandbox, action, params).await;
        assert_eq!(code, "InvalidParameter.DomainIsAliaser", "{action}");
    }
    let list = call(&sandbox, "DescribeDomainList", &json!({})).await;
    assert_eq!(list["DomainCountInfo"]["AllTotal"], 1);
    for (alias, of) in [("alias.test", "nowhere.example"), ("a..b", "ws.example")] {
        let builder = Sandbox::builder().zone("ws.example").alias_zone(alias, of);
        assert!(builder.start().await.is_err());
    }
}

#[tokio::test]
async fn a_sub_domain_may_be_a_domain_of_its_own() {
    let sandbox = Sandbox::builder().zone("ws.example").zone("a.ws.example").start().await.unwrap();
    for (domain, sub_domain, value) in
        [("ws.example", "x.a", "outer"), ("a.ws.example", "x", "inner")]
    {
        let create = json!({
            "Domain": domain, "RecordType": "TXT", "RecordLine": "默认", "Value": value,
            "SubDomain": sub_domain,
        });
        assert!(call(&sandbox, "CreateRecord", &create).await["RecordId"].is_u64());
    }
    let served = ask(sandbox.name_servers()[0], "x.a.ws.example.", RecordType::TXT).await;
    assert_eq!(txt(&served), ["inner"]);
    for (domain, is_sub_domain) in [("ws.example", false), ("a.ws.example", true)] {
        let info = call(&sandbox, "DescribeDomain", &json!({ "Domain": domain })).await;
        assert_eq!(info["DomainInfo"]["IsSubDomain"], is_sub_domain);
    }
    let inside = json!({ "Domain": "x.a.ws.example" });
    assert_eq!(refusal(&sandbox, "DescribeDomain", inside).await, "InvalidParameter.DomainInvalid");
}

#[tokio::test]
async fn totals_of_domains_do_not_depend_on_the_filter() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_zone_status("example.test", ZoneStatus::Lock);
    let answer =
        call(&sandbox, "DescribeDomainList", &json!({ "Keyword": "ws", "Limit": 1 })).await;
    let count = &answer["DomainCountInfo"];
    let totals = ["DomainTotal", "AllTotal", "MineTotal", "LockTotal", "PauseTotal", "VipTotal"];
    assert_eq!(totals.map(|name| count[name].as_u64().unwrap()), [1, 4, 4, 1, 0, 0]);
}
