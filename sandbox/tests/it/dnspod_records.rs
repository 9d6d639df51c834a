//! The actions on records.

use hickory_proto::rr::RecordType;
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::ask::{ask, txt};
use crate::tencent_client::{call, refusal};

/// A request for a TXT record, with `changes` over it.
fn record(changes: Value) -> Value {
    let mut params = json!({
        "Domain": "ws.example", "RecordType": "TXT", "RecordLine": "默认", "RecordLineId": "0",
        "Value": "value", "SubDomain": "_acme-challenge", "TTL": 600,
    });
    let Value::Object(changes) = changes else { panic!("not an object: {changes}") };
    params.as_object_mut().unwrap().extend(changes);
    params.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    params
}

async fn create(sandbox: &Sandbox, changes: Value) -> u64 {
    let answer = call(sandbox, "CreateRecord", &record(changes)).await;
    answer["RecordId"].as_u64().unwrap_or_else(|| panic!("refused: {answer}"))
}

async fn values(sandbox: &Sandbox, action: &str, params: Value) -> Vec<String> {
    let answer = call(sandbox, action, &params).await;
    let records = answer["RecordList"].as_array().unwrap_or_else(|| panic!("{params}: {answer}"));
    records.iter().map(|record| record["Value"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_created_record_is_served_by_dns_and_gone_when_deleted() {
    let sandbox = Sandbox::start().await.unwrap();
    let server = sandbox.name_servers()[0];
    let one = create(&sandbox, json!({ "Value": "one" })).await;
    let two = create(&sandbox, json!({ "Value": "two" })).await;
    assert_eq!(
        txt(&ask(server, "_acme-challenge.ws.example.", RecordType::TXT).await),
        ["one", "two"]
    );

    let params = json!({ "Domain": "ws.example", "RecordId": one });
    let answer = call(&sandbox, "DeleteRecord", &params).await;
    assert_eq!(answer.as_object().unwrap().len(), 1, "only the RequestId: {answer}");
    assert_eq!(txt(&ask(server, "_acme-challenge.ws.example.", RecordType::TXT).await), ["two"]);
    assert_eq!(refusal(&sandbox, "DeleteRecord", params).await, "InvalidParameter.RecordIdInvalid");
    let elsewhere = json!({ "Domain": "example.test", "RecordId": two });
    assert_eq!(
        refusal(&sandbox, "DeleteRecord", elsewhere).await,
        "InvalidParameter.RecordIdInvalid"
    );
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["two"]);
}

#[tokio::test]
async fn the_same_record_is_not_created_twice() {
    let sandbox = Sandbox::start().await.unwrap();
    create(&sandbox, json!({})).await;
    let again = record(json!({ "SubDomain": "_ACME-challenge", "TTL": 1200 }));
    assert_eq!(
        refusal(&sandbox, "CreateRecord", again).await,
        "InvalidParameter.DomainRecordExist"
    );
    create(&sandbox, json!({ "SubDomain": "_acme-challenge.a" })).await;
}

#[tokio::test]
async fn what_a_record_cannot_have_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    for (changes, code) in [
        (json!({ "TTL": 599 }), "LimitExceeded.RecordTtlLimit"),
        (json!({ "TTL": 604_801 }), "LimitExceeded.RecordTtlLimit"),
        (json!({ "RecordType": "BOGUS" }), "InvalidParameter.RecordTypeInvalid"),
        (json!({ "RecordType": null }), "MissingParameter"),
        (json!({ "RecordLine": null }), "MissingParameter"),
        (json!({ "RecordLineId": "10=1" }), "InvalidParameter.RecordLineInvalid"),
        (
            json!({ "RecordLineId": null, "RecordLine": "电信" }),
            "InvalidParameter.RecordLineInvalid",
        ),
        (json!({ "Value": null }), "MissingParameter"),
        (json!({ "Value": "" }), "InvalidParameter.RecordValueInvalid"),
        (json!({ "RecordType": "A" }), "InvalidParameter.RecordValueInvalid"),
        (json!({ "RecordType": "MX", "Value": "a.b" }), "InvalidParameter.MxInvalid"),
        (json!({ "SubDomain": "a..b" }), "InvalidParameter.SubdomainInvalid"),
        (json!({ "Weight": 101 }), "InvalidParameter.InvalidWeight"),
        (json!({ "Status": "ON" }), "InvalidParameterValue"),
        (json!({ "Domain": "elsewhere.example" }), "InvalidParameterValue.DomainNotExists"),
    ] {
        let params = record(changes);
        assert_eq!(refusal(&sandbox, "CreateRecord", params.clone()).await, code, "{params}");
    }
    assert!(sandbox.txt_values("_acme-challenge.ws.example").is_empty());
}

#[tokio::test]
async fn the_default_line_has_many_spellings() {
    let sandbox = Sandbox::start().await.unwrap();
    for (number, changes) in [
        json!({ "RecordLineId": null, "RecordLine": "默认" }),
        json!({ "RecordLineId": null, "RecordLine": "Default" }),
        json!({ "RecordLineId": "0", "RecordLine": "0" }),
    ]
    .into_iter()
    .enumerate()
    {
        let mut changes = changes;
        changes["Value"] = json!(number.to_string());
        create(&sandbox, changes).await;
    }
}

#[tokio::test]
async fn create_txt_record_needs_no_type_and_takes_none() {
    let sandbox = Sandbox::start().await.unwrap();
    let params = record(json!({ "RecordType": null, "SubDomain": null }));
    assert!(call(&sandbox, "CreateTXTRecord", &params).await["RecordId"].is_u64());
    assert_eq!(sandbox.txt_values("ws.example"), ["value"]);
    assert_eq!(refusal(&sandbox, "CreateTXTRecord", record(json!({}))).await, "UnknownParameter");
}

#[tokio::test]
async fn a_record_is_described_with_the_names_of_its_own_action() {
    let sandbox = Sandbox::start().await.unwrap();
    let id = create(&sandbox, json!({ "Remark": "of the test" })).await;
    let answer =
        call(&sandbox, "DescribeRecord", &json!({ "Domain": "ws.example", "RecordId": id })).await;
    let info = &answer["RecordInfo"];
    for (field, value) in [
        ("Id", json!(id)),
        ("SubDomain", json!("_acme-challenge")),
        ("RecordType", json!("TXT")),
        ("RecordLine", json!("默认")),
        ("Value", json!("value")),
        ("TTL", json!(600)),
        ("Enabled", json!(1)),
        ("Remark", json!("of the test")),
        ("Weight", Value::Null),
    ] {
        assert_eq!(info[field], value, "{field}");
    }
    let missing = json!({ "Domain": "ws.example", "RecordId": id + 1 });
    assert_eq!(
        refusal(&sandbox, "DescribeRecord", missing).await,
        "InvalidParameter.RecordIdInvalid"
    );
}

#[tokio::test]
async fn a_modified_record_keeps_its_id_and_may_be_switched_off() {
    let sandbox = Sandbox::start().await.unwrap();
    let id = create(&sandbox, json!({ "Value": "old" })).await;
    create(&sandbox, json!({ "Value": "other" })).await;
    let modify = |value: &str, status: &str| {
        record(json!({ "RecordId": id, "Value": value, "Status": status }))
    };
    assert_eq!(call(&sandbox, "ModifyRecord", &modify("new", "ENABLE")).await["RecordId"], id);
    let server = sandbox.name_servers()[0];
    let shown = async || txt(&ask(server, "_acme-challenge.ws.example.", RecordType::TXT).await);
    assert_eq!(shown().await, ["new", "other"]);
    call(&sandbox, "ModifyRecord", &modify("new", "DISABLE")).await;
    assert_eq!(shown().await, ["other"]);
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["other"]);
    let as_other = modify("other", "ENABLE");
    assert_eq!(
        refusal(&sandbox, "ModifyRecord", as_other).await,
        "InvalidParameter.DomainRecordExist"
    );
}

#[tokio::test]
async fn the_zones_own_ns_records_are_listed_and_stay() {
    let sandbox = Sandbox::start().await.unwrap();
    let answer = call(&sandbox, "DescribeRecordList", &json!({ "Domain": "ws.example" })).await;
    let first = &answer["RecordList"][0];
    assert_eq!(
        (&first["Type"], &first["Name"], &first["DefaultNS"]),
        (&json!("NS"), &json!("@"), &json!(true))
    );
    let params = json!({ "Domain": "ws.example", "RecordId": first["RecordId"] });
    assert_eq!(refusal(&sandbox, "DeleteRecord", params).await, "InvalidParameter.OperateFailed");
}

#[tokio::test]
async fn the_list_is_exact_about_names_and_the_filter_list_is_not() {
    let sandbox = Sandbox::start().await.unwrap();
    create(&sandbox, json!({ "Value": "here" })).await;
    create(&sandbox, json!({ "Value": "below", "SubDomain": "_acme-challenge.sub" })).await;
    let zone = |more: Value| {
        let mut params = json!({ "Domain": "ws.example" });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    for (action, more, expected) in [
        ("DescribeRecordList", json!({ "Subdomain": "_acme-challenge" }), &["here"][..]),
        ("DescribeRecordList", json!({ "SubDomain": "_ACME-Challenge" }), &["here"]),
        (
            "DescribeRecordList",
            json!({ "Subdomain": "x", "SubDomain": "_acme-challenge" }),
            &["here"],
        ),
        ("DescribeRecordList", json!({ "RecordType": "TXT" }), &["here", "below"]),
        ("DescribeRecordList", json!({ "Keyword": "belo" }), &["below"]),
        ("DescribeRecordFilterList", json!({ "SubDomain": "_acme-challenge" }), &["here", "below"]),
        (
            "DescribeRecordFilterList",
            json!({ "SubDomain": "_acme-challenge", "IsExactSubDomain": true }),
            &["here"],
        ),
        (
            "DescribeRecordFilterList",
            json!({ "RecordType": ["TXT"], "RecordValue": "below" }),
            &["below"],
        ),
        ("DescribeRecordFilterList", json!({ "TTLBegin": 1, "TTLEnd": 600 }), &["here", "below"]),
        (
            "DescribeRecordList",
            json!({ "RecordType": "TXT", "SortField": "value", "SortType": "ASC" }),
            &["below", "here"],
        ),
    ] {
        assert_eq!(values(&sandbox, action, zone(more.clone())).await, expected, "{action} {more}");
    }
}

#[tokio::test]
async fn an_empty_list_is_an_error_unless_asked_not_to_be() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut params = json!({ "Domain": "ws.example", "RecordType": "TXT" });
    assert_eq!(
        refusal(&sandbox, "DescribeRecordList", params.clone()).await,
        "ResourceNotFound.NoDataOfRecord"
    );
    params["ErrorOnEmpty"] = json!("no");
    assert!(values(&sandbox, "DescribeRecordList", params).await.is_empty());
}

#[tokio::test]
async fn records_come_in_pages_of_100_unless_more_are_asked_for() {
    let sandbox = Sandbox::start().await.unwrap();
    for number in 0..130 {
        sandbox.add_record("many.ws.example", "TXT", &format!("{number:03}")).unwrap();
    }
    let page = async |offset: u64, limit: Value| {
        let params = json!({ "Domain": "ws.example", "Subdomain": "many", "Offset": offset, "Limit": limit });
        let answer = call(&sandbox, "DescribeRecordList", &params).await;
        let count = &answer["RecordCountInfo"];
        assert_eq!((&count["TotalCount"], &count["SubdomainCount"]), (&json!(130), &json!(1)));
        assert_eq!(count["ListCount"], answer["RecordList"].as_array().unwrap().len());
        count["ListCount"].as_u64().unwrap()
    };
    assert_eq!(page(0, Value::Null).await, 100);
    assert_eq!(page(100, Value::Null).await, 30);
    assert_eq!(page(0, json!(3000)).await, 130);
    let too_many = json!({ "Domain": "ws.example", "Limit": 3001 });
    assert_eq!(
        refusal(&sandbox, "DescribeRecordList", too_many).await,
        "InvalidParameterValue.LimitInvalid"
    );
}

#[tokio::test]
async fn a_page_beyond_the_end_is_an_empty_list() {
    let sandbox = Sandbox::start().await.unwrap();
    create(&sandbox, json!({})).await;
    let mut params = json!({ "Domain": "ws.example", "RecordType": "TXT", "Offset": 1 });
    assert_eq!(
        refusal(&sandbox, "DescribeRecordList", params.clone()).await,
        "ResourceNotFound.NoDataOfRecord"
    );
    params["ErrorOnEmpty"] = json!("no");
    let answer = call(&sandbox, "DescribeRecordList", &params).await;
    let count = json!({ "SubdomainCount": 1, "TotalCount": 1, "ListCount": 0 });
    assert_eq!(answer["RecordCountInfo"], count);
}

#[tokio::test]
async fn a_filtered_list_ends_after_3000_records_and_an_unfiltered_one_does_not() {
    let sandbox = Sandbox::start().await.unwrap();
    for number in 0..3010 {
        sandbox.add_record("many.ws.example", "TXT", &number.to_string()).unwrap();
    }
    let list = async |filter: Value, offset: u64| {
        let mut params = json!({ "Domain": "ws.example", "Offset": offset, "Limit": 3000 });
        params.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        let answer = call(&sandbox, "DescribeRecordFilterList", &params).await;
        let count = &answer["RecordCountInfo"];
        (count["TotalCount"].as_u64(), count["ListCount"].as_u64(), answer["Error"]["Code"].clone())
    };
    assert_eq!(list(json!({}), 0).await, (Some(3012), Some(3000), Value::Null));
    assert_eq!(list(json!({}), 3000).await, (Some(3012), Some(12), Value::Null));
    let txt = json!({ "RecordType": ["TXT"] });
    assert_eq!(list(txt.clone(), 2999).await, (Some(3000), Some(1), Value::Null));
    assert_eq!(list(txt, 3000).await, (None, None, json!("LimitExceeded.OffsetExceeded")));
    let exact = json!({ "Domain": "ws.example", "SubDomain": "many", "Offset": 3000 });
    assert_eq!(values(&sandbox, "DescribeRecordList", exact).await.len(), 10);
}

#[tokio::test]
async fn modify_txt_record_changes_txt_records_and_knows_no_others() {
    let sandbox = Sandbox::start().await.unwrap();
    let of = |id: u64| record(json!({ "RecordType": null, "RecordId": id, "Value": "new" }));
    let id = create(&sandbox, json!({ "Value": "old" })).await;
    assert_eq!(call(&sandbox, "ModifyTXTRecord", &of(id)).await["RecordId"], id);
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["new"]);
    let other = create(&sandbox, json!({ "RecordType": "A", "Value": "127.0.0.1" })).await;
    assert_eq!(
        refusal(&sandbox, "ModifyTXTRecord", of(other)).await,
        "InvalidParameter.RecordIdInvalid"
    );
}
