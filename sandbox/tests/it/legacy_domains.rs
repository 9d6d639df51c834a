//! The legacy actions on domains, and how a domain is named.

use sandbox::{Plan, Sandbox, ZoneStatus};
use serde_json::json;

use crate::legacy_client::{call, code};

#[tokio::test]
async fn domains_are_listed_in_pages_with_numbers_as_ids() {
    let mut builder = Sandbox::builder().foreign_zone("other.example");
    for number in 0..5 {
        builder = builder.zone(format!("zone{number}.example"));
    }
    let sandbox = builder.zone("bücher.example").start().await.unwrap();
    sandbox.set_zone_status("zone3.example", ZoneStatus::Pause);
    let list = async |params: &[(&str, &str)]| {
        let answer = call(&sandbox, "Domain.List", params).await;
        assert_eq!(answer["info"]["all_total"], 6);
        let domains = answer["domains"].as_array().unwrap().iter();
        let names = domains.map(|domain| domain["name"].as_str().unwrap().to_owned());
        (answer["info"]["domain_total"].as_u64().unwrap(), names.collect::<Vec<_>>())
    };
    assert_eq!(list(&[]).await.1.len(), 6);
    let (total, page) = list(&[("offset", "4"), ("length", "5")]).await;
    assert_eq!((total, page), (6, vec!["zone4.example".to_owned(), "bücher.example".to_owned()]));
    assert_eq!(list(&[("keyword", "zone"), ("length", "1")]).await.0, 5);
    assert_eq!(list(&[("type", "pause")]).await.1, ["zone3.example"]);
    assert_eq!(list(&[("length", "9999")]).await.1.len(), 6, "too long a page is cut, not refused");

    let answer = call(&sandbox, "Domain.List", &[("keyword", "bücher")]).await;
    let domain = &answer["domains"][0];
    assert_eq!((&domain["id"], &domain["ttl"]), (&json!(1928), &json!("600")));
    assert_eq!(domain["punycode"], "xn--bcher-kva.example");
    assert_eq!((&domain["grade"], &domain["records"]), (&json!("DP_Free"), &json!("2")));
}

#[tokio::test]
async fn a_wrong_page_has_a_code_for_each_of_its_ends_and_an_empty_one_is_an_error_unless_told() {
    let sandbox = Sandbox::start().await.unwrap();
    for (params, expected) in [
        (&[("offset", "-1")][..], "6"),
        (&[("offset", "x")], "6"),
        (&[("length", "0")], "7"),
        (&[("length", "x")], "7"),
        (&[("keyword", "nothing")], "9"),
        (&[("offset", "4")], "9"),
        (&[("keyword", "nothing"), ("error_on_empty", "yes")], "9"),
        (&[("keyword", "nothing"), ("error_on_empty", "no")], "1"),
    ] {
        assert_eq!(code(&sandbox, "Domain.List", params).await, expected, "{params:?}");
    }
}

#[tokio::test]
async fn a_domain_is_found_by_id_or_by_name_in_either_spelling() {
    let sandbox = Sandbox::builder()
        .zone("ws.example")
        .zone("bücher.example")
        .foreign_zone("other.example")
        .start()
        .await
        .unwrap();
    for (params, id) in [
        ([("domain", "ws.example")], "1923"),
        ([("domain", "WS.Example")], "1923"),
        ([("domain", "bücher.example")], "1924"),
        ([("domain", "xn--bcher-kva.example")], "1924"),
        ([("domain_id", "1924")], "1924"),
    ] {
        let answer = call(&sandbox, "Domain.Info", &params).await;
        assert_eq!(answer["domain"]["id"], id, "text, unlike in Domain.List: {answer}");
    }
    for (action, params, expected) in [
        ("Domain.Info", ("domain", "away.example"), "13"),
        ("Domain.Info", ("domain", "a.ws.example"), "13"),
        ("Domain.Info", ("domain_id", "7"), "6"),
        ("Domain.Info", ("domain_id", "ws.example"), "6"),
        ("Domain.Info", ("nothing", ""), "6"),
        ("Domain.Info", ("domain", "other.example"), "8"),
        ("Record.List", ("domain", "other.example"), "9"),
        ("Record.Info", ("domain", "other.example"), "7"),
        ("Record.Remove", ("domain", "other.example"), "7"),
        ("Record.Remove", ("domain", "nameserver.test"), "13"),
    ] {
        assert_eq!(code(&sandbox, action, &[params]).await, expected, "{action} {params:?}");
    }
}

#[tokio::test]
async fn a_locked_domain_and_a_banned_one_can_be_read_and_a_paused_one_changed() {
    let sandbox = Sandbox::start().await.unwrap();
    let domain = ("domain", "ws.example");
    let value = |value| [domain, ("record_type", "TXT"), ("record_line_id", "0"), ("value", value)];
    for (status, name, expected) in [
        (ZoneStatus::Enable, "enable", "1"),
        (ZoneStatus::Pause, "pause", "1"),
        (ZoneStatus::Lock, "lock", "21"),
        (ZoneStatus::Spam, "spam", "-15"),
    ] {
        sandbox.set_zone_status("ws.example", status);
        let answer = call(&sandbox, "Domain.Info", &[domain]).await;
        assert_eq!(answer["domain"]["status"], name);
        assert_eq!(code(&sandbox, "Record.Create", &value(name)).await, expected, "{name}");
        assert_eq!(code(&sandbox, "Record.List", &[domain]).await, "1");
    }
}

#[tokio::test]
async fn plans_and_shared_domains_are_shown_and_an_alias_is_no_domain() {
    let sandbox = Sandbox::builder()
        .zone("ws.example")
        .plan("ws.example", Plan::DpPlus)
        .shared_zone("shared.example")
        .alias_zone("alias.example", "ws.example")
        .start()
        .await
        .unwrap();
    let list = async |kind| call(&sandbox, "Domain.List", &[("type", kind)]).await;
    let all = list("all").await;
    let info = &all["info"];
    let totals = ["all_total", "mine_total", "share_total", "vip_total"];
    assert_eq!(totals.map(|total| info[total].as_u64().unwrap()), [2, 1, 1, 1]);
    let own = &all["domains"][0];
    assert_eq!((&own["grade"], &own["is_vip"]), (&json!("DP_Plus"), &json!("yes")));
    for (kind, name) in [("mine", "ws.example"), ("vip", "ws.example"), ("share", "shared.example")]
    {
        let domains = list(kind).await["domains"].take();
        assert_eq!((domains.as_array().unwrap().len(), &domains[0]["name"]), (1, &json!(name)));
    }
    let shared = call(&sandbox, "Domain.Info", &[("domain", "shared.example")]).await;
    assert_eq!(shared["domain"]["owner"], "qcloud_uin_100000000002@qcloud.com");
    assert_eq!(code(&sandbox, "Record.List", &[("domain", "shared.example")]).await, "1");
    assert_eq!(code(&sandbox, "Record.List", &[("domain", "alias.example")]).await, "13");
}
