//! The actions on domains, and how a domain is named.

use sandbox::{Sandbox, ZoneStatus};
use serde_json::json;

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
