//! The legacy actions on records, over the same records as API 3.0.

use sandbox::{Plan, Sandbox};
use serde_json::{Value, json};

use crate::legacy_client::{call, call_at, code, json as answer_json};
use crate::tencent_client::call as call_api_3;

const DOMAIN: (&str, &str) = ("domain_id", "1923");

/// A TXT record at `_acme-challenge`.
fn txt(value: &str) -> Vec<(&str, &str)> {
    vec![
        DOMAIN,
        ("sub_domain", "_acme-challenge"),
        ("record_type", "TXT"),
        ("record_line_id", "0"),
        ("value", value),
    ]
}

/// A request with one parameter changed.
fn with<'a>(
    mut params: Vec<(&'a str, &'a str)>,
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    params.retain(|(other, _)| *other != name);
    params.push((name, value));
    params
}

#[tokio::test]
async fn a_record_is_created_shown_modified_and_removed_with_the_manuals_mix_of_types() {
    let sandbox = Sandbox::start().await.unwrap();
    let created = call(&sandbox, "Record.Create", &txt("one")).await["record"].take();
    let expected = json!({
        "id": "1876543211", "name": "_acme-challenge", "status": "enable", "weight": null,
    });
    assert_eq!(created, expected);
    let id = ("record_id", "1876543211");

    let info = call(&sandbox, "Record.Info", &[DOMAIN, id]).await;
    assert_eq!(info["domain"]["id"], 1923);
    let record = &info["record"];
    assert_eq!((&record["id"], &record["ttl"]), (&json!("1876543211"), &json!("600")));
    assert_eq!((&record["record_type"], &record["record_line"]), (&json!("TXT"), &json!("默认")));
    assert_eq!((&record["enabled"], &record["domain_id"]), (&json!("1"), &json!("1923")));

    let mut modify = with(txt("two"), "ttl", "700");
    modify.push(id);
    let modified = call(&sandbox, "Record.Modify", &modify).await["record"].take();
    let expected = json!({ "id": 1_876_543_211, "name": "_acme-challenge", "value": "two", "status": "enable" });
    assert_eq!(modified, expected);
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["two"]);

    let params = json!({ "Domain": "ws.example", "RecordId": 1_876_543_211 });
    let shown = call_api_3(&sandbox, "DescribeRecord", &params).await;
    assert_eq!(
        (&shown["RecordInfo"]["Value"], &shown["RecordInfo"]["TTL"]),
        (&json!("two"), &json!(700))
    );

    let removed = call(&sandbox, "Record.Remove", &[DOMAIN, id]).await;
    assert_eq!(removed.as_object().unwrap().len(), 1, "a status and nothing else: {removed}");
    assert_eq!(code(&sandbox, "Record.Remove", &[DOMAIN, id]).await, "8");
    assert!(sandbox.txt_values("_acme-challenge.ws.example").is_empty());
}

#[tokio::test]
async fn records_are_listed_by_name_type_and_keyword_each_starting_with_its_id() {
    let sandbox = Sandbox::start().await.unwrap();
    for value in ["one", "two"] {
        assert_eq!(code(&sandbox, "Record.Create", &txt(value)).await, "1");
    }
    let answer = call_at(&sandbox, "dnsapi.cn", "Record.List", &[DOMAIN]).await;
    assert_eq!(answer.body.matches("{\"id\":\"").count(), 4, "{}", answer.body);
    assert!(!answer.body.contains("\": "), "{}", answer.body);
    let list = answer_json(&answer);
    let expected = json!({ "sub_domains": "2", "record_total": "4", "records_num": "4" });
    assert_eq!(list["info"], expected, "two NS records among them");
    assert_eq!((&list["domain"]["id"], &list["domain"]["ttl"]), (&json!(1923), &json!(600)));
    let total = async |params: &[(&str, &str)]| {
        let mut all = vec![DOMAIN];
        all.extend(params);
        call(&sandbox, "Record.List", &all).await["info"]["record_total"].take()
    };
    assert_eq!(total(&[("sub_domain", "_acme-challenge")]).await, "2");
    assert_eq!(total(&[("record_type", "NS")]).await, "2");
    assert_eq!(total(&[("keyword", "tw")]).await, "1");
    assert_eq!(total(&[("record_line", "默认")]).await, "4");
    assert_eq!(total(&[("record_line_id", "0"), ("record_line", "电信")]).await, "4");
    assert_eq!(total(&[("record_line_id", "10=0")]).await, Value::Null);
}

#[tokio::test]
async fn a_list_has_codes_for_wrong_pages_and_for_having_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    for (params, expected) in [
        (&[("offset", "-1")][..], "7"),
        (&[("length", "0")], "8"),
        (&[("length", "many")], "8"),
        (&[("offset", "2")], "10"),
        (&[("sub_domain", "nothing")], "10"),
        (&[("sub_domain", "nothing"), ("error_on_empty", "no")], "1"),
    ] {
        let mut all = vec![DOMAIN];
        all.extend(params);
        let answer = call(&sandbox, "Record.List", &all).await;
        assert_eq!(answer["status"]["code"], expected, "{params:?}");
        if expected == "10" {
            assert!(answer["status"]["message"].as_str().unwrap().contains("No records"));
        }
        if expected == "1" {
            assert_eq!(answer["records"], json!([]));
        }
    }
}

#[tokio::test]
async fn a_list_is_cut_at_the_editions_page_and_goes_on_from_an_offset() {
    let sandbox = Sandbox::start().await.unwrap();
    for number in 0..510 {
        sandbox.add_record("many.ws.example", "TXT", &number.to_string()).unwrap();
    }
    let many = [DOMAIN, ("sub_domain", "many"), ("length", "3000")];
    let page = async |host, params: &[(&str, &str)]| {
        let answer = answer_json(&call_at(&sandbox, host, "Record.List", params).await);
        assert_eq!(answer["info"]["record_total"], "510");
        answer["records"].as_array().unwrap().len()
    };
    assert_eq!(page("dnsapi.cn", &many).await, 510);
    assert_eq!(page("dnsapi.cn", &many[..2]).await, 510);
    assert_eq!(page("api.dnspod.com", &many).await, 500);
    assert_eq!(page("api.dnspod.com", &many[..2]).await, 500);
    let rest = [DOMAIN, ("sub_domain", "many"), ("offset", "500")];
    assert_eq!(page("api.dnspod.com", &rest).await, 10);
}

#[tokio::test]
async fn the_same_record_twice_is_104_and_another_value_is_not() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!(code(&sandbox, "Record.Create", &txt("one")).await, "1");
    let answer = call(&sandbox, "Record.Create", &txt("one")).await;
    assert_eq!(answer["status"]["code"], "104");
    assert!(answer["status"]["message"].as_str().unwrap().contains("Domain record already exists"));
    assert_eq!(code(&sandbox, "Record.Create", &txt("two")).await, "1");
    let mut modify = txt("one");
    modify.push(("record_id", "1876543212"));
    assert_eq!(code(&sandbox, "Record.Modify", &modify).await, "104");
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["one", "two"]);
}

#[tokio::test]
async fn each_wrong_parameter_has_its_code() {
    let sandbox = Sandbox::start().await.unwrap();
    let a = with(txt("::1"), "record_type", "A");
    let mx = with(txt("mail.ws.example."), "record_type", "MX");
    for (params, expected) in [
        (with(txt("v"), "record_type", ""), "6"),
        (with(txt("v"), "record_type", "txt"), "27"),
        (with(txt("v"), "record_type", "NONE"), "27"),
        (with(txt("v"), "value", ""), "6"),
        (with(txt("v"), "record_line_id", ""), "6"),
        (with(txt("v"), "record_line_id", "10=0"), "26"),
        (with(txt("v"), "sub_domain", "a..b"), "22"),
        (with(txt("v"), "ttl", "599"), "32"),
        (with(txt("v"), "ttl", "604801"), "32"),
        (with(txt("v"), "ttl", "long"), "32"),
        (with(txt("v"), "status", "off"), "6"),
        (with(txt("v"), "weight", "101"), "6"),
        (a, "34"),
        (mx.clone(), "30"),
        (with(mx.clone(), "mx", "21"), "30"),
        (with(mx, "mx", "20"), "1"),
    ] {
        assert_eq!(code(&sandbox, "Record.Create", &params).await, expected, "{params:?}");
    }
    let mut modify = with(txt("v"), "ttl", "1");
    assert_eq!(code(&sandbox, "Record.Modify", &modify).await, "8", "no record_id");
    modify.push(("record_id", "1876543211"));
    assert_eq!(code(&sandbox, "Record.Modify", &modify).await, "29", "32 is of Record.Create");
    assert_eq!(
        code(&sandbox, "Record.Remove", &[DOMAIN, ("record_id", "1")]).await,
        "7",
        "an NS record"
    );
}

#[tokio::test]
async fn a_record_that_is_edited_six_times_without_a_change_is_locked() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!(code(&sandbox, "Record.Create", &txt("one")).await, "1");
    let id = ("record_id", "1876543211");
    let (mut same, mut other) = (txt("one"), txt("two"));
    same.push(id);
    other.push(id);
    for _ in 0..5 {
        assert_eq!(code(&sandbox, "Record.Modify", &same).await, "1");
    }
    assert_eq!(code(&sandbox, "Record.Modify", &same).await, "21");
    assert_eq!(code(&sandbox, "Record.Modify", &other).await, "21");
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["one"]);
}

#[tokio::test]
async fn a_disabled_record_is_listed_and_not_served() {
    let sandbox = Sandbox::start().await.unwrap();
    let created = call(&sandbox, "Record.Create", &with(txt("one"), "status", "disable")).await;
    assert_eq!(created["record"]["status"], "disable");
    let list = call(&sandbox, "Record.List", &[DOMAIN, ("sub_domain", "_acme-challenge")]).await;
    assert_eq!(list["records"][0]["enabled"], "0");
    assert!(sandbox.txt_values("_acme-challenge.ws.example").is_empty());
}

#[tokio::test]
async fn a_paid_plan_has_lines_and_lower_ttls_and_every_plan_a_number_of_levels() {
    let sandbox = Sandbox::start().await.unwrap();
    let deep = with(txt("v"), "sub_domain", "a.b.c.d.e.f");
    assert_eq!(code(&sandbox, "Record.Create", &deep).await, "23");
    sandbox.set_plan("ws.example", Plan::DpPlus);
    assert_eq!(code(&sandbox, "Record.Create", &deep).await, "1");
    for (ttl, expected) in [("60", "1"), ("59", "32")] {
        assert_eq!(code(&sandbox, "Record.Create", &with(txt(ttl), "ttl", ttl)).await, expected);
    }
    let mut telecom = with(txt("line"), "record_line_id", "");
    telecom.push(("record_line", "电信"));
    assert_eq!(
        code(&sandbox, "Record.Create", &with(telecom.clone(), "sub_domain", "b")).await,
        "26"
    );
    assert_eq!(code(&sandbox, "Record.Create", &telecom).await, "1");
    let list = call(&sandbox, "Record.List", &[DOMAIN, ("record_line_id", "10=0")]).await;
    assert_eq!(list["info"]["record_total"], "1");
    let record = &list["records"][0];
    assert_eq!((&record["line"], &record["line_id"]), (&json!("电信"), &json!("10=0")));
}

#[tokio::test]
async fn a_list_shows_a_new_record_late_and_the_record_itself_does_not() {
    let sandbox = Sandbox::builder().fault("dnspod-index-delay").start().await.unwrap();
    assert_eq!(code(&sandbox, "Record.Create", &txt("one")).await, "1");
    let list = [DOMAIN, ("sub_domain", "_acme-challenge")];
    assert_eq!(code(&sandbox, "Record.List", &list).await, "10");
    assert_eq!(code(&sandbox, "Record.Info", &[DOMAIN, ("record_id", "1876543211")]).await, "1");
    assert_eq!(code(&sandbox, "Record.Create", &txt("one")).await, "104");
    sandbox.clear_fault("dnspod-index-delay").unwrap();
    assert_eq!(code(&sandbox, "Record.List", &list).await, "1");
}
