//! What a zone's plan lets it have, and what an account is told about plans.

use hickory_proto::rr::RecordType;
use sandbox::{Plan, Sandbox};
use serde_json::{Value, json};

use crate::ask::{ask, txt};
use crate::tencent_client::{call, refusal};

async fn on(plan: Plan) -> Sandbox {
    Sandbox::builder().zone("ws.example").plan("ws.example", plan).start().await.unwrap()
}

fn record(line: Option<&str>, changes: Value) -> Value {
    let mut params = json!({
        "Domain": "ws.example", "RecordType": "TXT", "RecordLine": line.unwrap_or("默认"),
        "Value": "v", "SubDomain": "a",
    });
    let Value::Object(changes) = changes else { panic!("not an object: {changes}") };
    params.as_object_mut().unwrap().extend(changes);
    params
}

#[tokio::test]
async fn the_least_ttl_is_the_plans() {
    for (plan, least) in [
        (Plan::DpFree, 600),
        (Plan::DFree, 120),
        (Plan::DpPlus, 60),
        (Plan::DpExtra, 60),
        (Plan::DpExpert, 1),
        (Plan::DpUltra, 1),
        (Plan::DPlus, 1),
        (Plan::DExtra, 60),
        (Plan::DExpert, 1),
        (Plan::DUltra, 1),
    ] {
        let sandbox = on(plan).await;
        let below = record(None, json!({ "TTL": least - 1 }));
        let code = "LimitExceeded.RecordTtlLimit";
        assert_eq!(refusal(&sandbox, "CreateRecord", below).await, code, "{plan:?}");
        let created = call(&sandbox, "CreateRecord", &record(None, json!({ "TTL": least }))).await;
        assert!(created["RecordId"].is_u64(), "{plan:?}: {created}");
    }
}

#[tokio::test]
async fn a_record_without_a_ttl_has_600_seconds_on_every_plan() {
    let sandbox = on(Plan::DpUltra).await;
    let id = call(&sandbox, "CreateRecord", &record(None, json!({}))).await["RecordId"].clone();
    let params = json!({ "Domain": "ws.example", "RecordId": id });
    assert_eq!(call(&sandbox, "DescribeRecord", &params).await["RecordInfo"]["TTL"], 600);
}

#[tokio::test]
async fn names_have_no_more_levels_than_the_plan_allows() {
    let sandbox = on(Plan::DpFree).await;
    let at = |name: &str| record(None, json!({ "SubDomain": name }));
    let five = call(&sandbox, "CreateRecord", &at("_acme-challenge.a.b.c.d")).await;
    assert!(five["RecordId"].is_u64(), "{five}");
    let six = at("_acme-challenge.a.b.c.d.e");
    let code = "LimitExceeded.SubdomainLevelLimit";
    assert_eq!(refusal(&sandbox, "CreateRecord", six.clone()).await, code);
    assert!(sandbox.set_plan("ws.example", Plan::DpExtra));
    assert!(call(&sandbox, "CreateRecord", &six).await["RecordId"].is_u64());
    assert!(!sandbox.set_plan("nowhere.example", Plan::DpExtra));
}

#[tokio::test]
async fn a_free_plan_has_the_default_line_only() {
    let sandbox = on(Plan::DpFree).await;
    for line in ["电信", "没有"] {
        let params = record(Some(line), json!({}));
        let code = "InvalidParameter.RecordLineInvalid";
        assert_eq!(refusal(&sandbox, "CreateRecord", params).await, code);
    }
}

#[tokio::test]
async fn another_line_needs_the_default_line_first_and_is_a_record_of_its_own() {
    let sandbox = on(Plan::DpPlus).await;
    let unicom = record(None, json!({ "RecordLineId": "10=1" }));
    let first = "FailedOperation.MustAddDefaultLineFirst";
    assert_eq!(refusal(&sandbox, "CreateRecord", unicom.clone()).await, first);
    // A record of the default line, but of another type.
    let address = record(None, json!({ "RecordType": "A", "Value": "127.0.0.1" }));
    call(&sandbox, "CreateRecord", &address).await;
    assert_eq!(refusal(&sandbox, "CreateRecord", unicom.clone()).await, first);

    let id = |answer: Value| answer["RecordId"].as_u64().unwrap_or_else(|| panic!("{answer}"));
    id(call(&sandbox, "CreateRecord", &record(None, json!({ "Value": "default" }))).await);
    let there = id(call(&sandbox, "CreateRecord", &unicom).await);
    id(call(&sandbox, "CreateRecord", &record(Some("电信"), json!({}))).await);
    let again = "InvalidParameter.DomainRecordExist";
    assert_eq!(refusal(&sandbox, "CreateRecord", unicom).await, again);

    let params = json!({ "Domain": "ws.example", "RecordId": there });
    let info = call(&sandbox, "DescribeRecord", &params).await["RecordInfo"].clone();
    assert_eq!((&info["RecordLine"], &info["RecordLineId"]), (&json!("联通"), &json!("10=1")));
    for (action, filter) in [
        ("DescribeRecordList", json!({ "Domain": "ws.example", "RecordLine": "联通" })),
        (
            "DescribeRecordList",
            json!({ "Domain": "ws.example", "RecordLine": "默认", "RecordLineId": "10=1" }),
        ),
        ("DescribeRecordFilterList", json!({ "Domain": "ws.example", "RecordLine": ["10=1"] })),
    ] {
        let list = call(&sandbox, action, &filter).await["RecordList"].clone();
        assert_eq!(list.as_array().unwrap().len(), 1, "{filter}");
        assert_eq!((&list[0]["Line"], &list[0]["LineId"]), (&json!("联通"), &json!("10=1")));
    }
    let served = ask(sandbox.name_servers()[0], "a.ws.example.", RecordType::TXT).await;
    assert_eq!(txt(&served), ["default"], "name servers are on the default line");
    assert_eq!(sandbox.txt_values("a.ws.example"), ["default"]);
}

#[tokio::test]
async fn domains_show_their_plan() {
    let sandbox = Sandbox::builder()
        .zone("free.example")
        .zone("paid.example")
        .plan("paid.example", Plan::DpPlus)
        .start()
        .await
        .unwrap();
    let list = call(&sandbox, "DescribeDomainList", &json!({})).await;
    let shown = |domain: &Value| {
        ["Grade", "GradeTitle", "GradeLevel", "IsVip"].map(|field| domain[field].clone())
    };
    let paid = [json!("DP_PLUS"), json!("专业版"), json!(3), json!("YES")];
    assert_eq!(shown(&list["DomainList"][1]), paid);
    assert_eq!(shown(&list["DomainList"][0])[0], "DP_FREE");
    assert_eq!(list["DomainCountInfo"]["VipTotal"], 1);
    for (kind, name) in [("VIP", "paid.example"), ("FREE", "free.example")] {
        let of_kind = call(&sandbox, "DescribeDomainList", &json!({ "Type": kind })).await;
        assert_eq!(of_kind["DomainCountInfo"]["DomainTotal"], 1);
        assert_eq!(of_kind["DomainList"][0]["Name"], name);
    }
    let info = call(&sandbox, "DescribeDomain", &json!({ "Domain": "paid.example" })).await;
    assert_eq!(shown(&info["DomainInfo"])[..3], paid[..3]);
    assert_eq!(info["DomainInfo"]["IsVip"], "yes");
}

#[tokio::test]
async fn plans_lines_and_privileges_can_be_asked_for() {
    let sandbox = on(Plan::DpPlus).await;
    let plans = call(&sandbox, "DescribePackageDetail", &json!({})).await;
    let plan = |grade: &str| {
        let mut plans = plans["Info"].as_array().unwrap().iter();
        plans.find(|plan| plan["DomainGrade"] == grade).unwrap().clone()
    };
    assert_eq!(plan("DP_Free")["MinTtl"], 600);
    assert_eq!(
        (&plan("D_Free")["MinTtl"], &plan("D_Free")["SubDomainLevel"]),
        (&json!(120), &json!(3))
    );
    assert_eq!(
        plans["LevelMap"].as_array().unwrap().len(),
        plans["Info"].as_array().unwrap().len()
    );

    let lines = json!({ "Domain": "ws.example", "DomainGrade": "DP_PLUS" });
    let lines = call(&sandbox, "DescribeRecordLineList", &lines).await;
    assert_eq!(lines["LineList"][0], json!({ "Name": "默认", "LineId": "0" }));
    assert!(
        lines["LineList"]
            .as_array()
            .unwrap()
            .contains(&json!({ "Name": "电信", "LineId": "10=0" }))
    );
    let free = json!({ "Domain": "ws.example", "DomainGrade": "DP_Free" });
    let free = call(&sandbox, "DescribeRecordLineList", &free).await;
    assert_eq!(free["LineList"].as_array().unwrap().len(), 1);
    let bogus = json!({ "Domain": "ws.example", "DomainGrade": "DP_Bogus" });
    assert_eq!(
        refusal(&sandbox, "DescribeRecordLineList", bogus).await,
        "InvalidParameterValue.DomainGradeInvalid"
    );

    let purview = call(&sandbox, "DescribeDomainPurview", &json!({ "Domain": "ws.example" })).await;
    let least_ttl = json!({ "Name": "记录TTL最低", "Value": "60" });
    assert!(purview["PurviewList"].as_array().unwrap().contains(&least_ttl), "{purview}");

    let user = call(&sandbox, "DescribeUserDetail", &json!({})).await["UserInfo"].clone();
    assert_eq!(user["UserGrade"], "DP_Plus", "that of the account's highest plan");
    assert_eq!(user["Uin"].as_u64().unwrap().to_string(), sandbox.uin());
}
