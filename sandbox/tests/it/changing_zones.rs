//! Zones that come and go while the sandbox runs.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use sandbox::Sandbox;
use serde_json::json;

use crate::ask::{ask, txt};
use crate::{legacy_client, tencent_client};

#[tokio::test]
async fn a_removed_zone_is_as_one_that_was_never_there() {
    let sandbox = Sandbox::builder().zone("ws.example").zone("kept.example").start().await.unwrap();
    let id = sandbox.domain_id("ws.example").unwrap();
    let create = json!({
        "Domain": "ws.example", "RecordType": "TXT", "RecordLine": "默认", "Value": "v", "SubDomain": "a",
    });
    let record = tencent_client::call(&sandbox, "CreateRecord", &create).await["RecordId"].clone();
    assert!(sandbox.freeze_name_server(1));

    assert!(sandbox.remove_zone("ws.example"));
    assert!(!sandbox.remove_zone("ws.example"));

    for server in sandbox.name_servers() {
        let answer = ask(*server, "a.ws.example.", RecordType::TXT).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::Refused);
    }
    let answer = ask(sandbox.resolver(), "a.ws.example.", RecordType::TXT).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    for (action, params, code) in [
        ("CreateRecord", create, "InvalidParameterValue.DomainNotExists"),
        (
            "DeleteRecord",
            json!({ "Domain": "ws.example", "RecordId": record }),
            "InvalidParameterValue.DomainNotExists",
        ),
        ("DescribeDomain", json!({ "DomainId": id }), "InvalidParameter.DomainIdInvalid"),
    ] {
        assert_eq!(tencent_client::refusal(&sandbox, action, params).await, code, "{action}");
    }
    let id = id.to_string();
    for (action, params, code) in [
        ("Record.List", ("domain", "ws.example"), "13"),
        ("Domain.Info", ("domain_id", id.as_str()), "6"),
    ] {
        assert_eq!(legacy_client::code(&sandbox, action, &[params]).await, code, "{action}");
    }
    assert_eq!(sandbox.zones(), ["kept.example"]);
    let listed = tencent_client::call(&sandbox, "DescribeDomainList", &json!({})).await;
    assert_eq!(listed["DomainCountInfo"]["AllTotal"], 1);
    let listed = legacy_client::call(&sandbox, "Domain.List", &[]).await;
    assert_eq!(listed["info"]["all_total"], 1);
}

#[tokio::test]
async fn what_is_left_is_served_and_changed_as_before() {
    let sandbox = Sandbox::builder()
        .zone("ws.example")
        .zone("a.ws.example")
        .alias_zone("alias.example", "a.ws.example")
        .zone("last.example")
        .start()
        .await
        .unwrap();
    sandbox.add_record("x.a.ws.example", "TXT", "inner").unwrap();
    let last = sandbox.domain_id("last.example");
    assert!(sandbox.remove_zone("a.ws.example"));

    let server = sandbox.name_servers()[0];
    let alias = ask(server, "x.alias.example.", RecordType::TXT).await;
    assert_eq!(alias.metadata.response_code, ResponseCode::Refused, "it has gone with its zone");
    let outer = ask(server, "x.a.ws.example.", RecordType::TXT).await;
    assert_eq!(outer.metadata.response_code, ResponseCode::NXDomain, "it is the outer zone's now");
    sandbox.add_record("x.a.ws.example", "TXT", "outer").unwrap();
    assert_eq!(txt(&ask(server, "x.a.ws.example.", RecordType::TXT).await), ["outer"]);
    assert_eq!(sandbox.domain_id("last.example"), last);
    assert!(!sandbox.remove_zone("nameserver.test"), "every zone is delegated to names in it");
}

#[tokio::test]
async fn a_zone_that_comes_back_is_a_new_one() {
    let sandbox = Sandbox::start().await.unwrap();
    let old = sandbox.domain_id("ws.example").unwrap();
    sandbox.add_record("a.ws.example", "TXT", "old").unwrap();
    for no_new_zone in ["ws.example", "a..b"] {
        assert!(!sandbox.add_zone(no_new_zone), "{no_new_zone}");
    }
    assert!(sandbox.remove_zone("ws.example") && sandbox.add_zone("ws.example"));

    let new = sandbox.domain_id("ws.example").unwrap();
    assert!(new > old, "{new}");
    let by_id = |id| json!({ "DomainId": id });
    let refused = tencent_client::refusal(&sandbox, "DescribeDomain", by_id(old)).await;
    assert_eq!(refused, "InvalidParameter.DomainIdInvalid");
    let info = tencent_client::call(&sandbox, "DescribeDomain", &by_id(new)).await;
    assert_eq!(info["DomainInfo"]["RecordCount"], 2, "its NS records");
    for server in sandbox.name_servers() {
        let answer = ask(*server, "a.ws.example.", RecordType::TXT).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    }
    sandbox.add_record("a.ws.example", "TXT", "new").unwrap();
    let server = sandbox.name_servers()[0];
    assert_eq!(txt(&ask(server, "a.ws.example.", RecordType::TXT).await), ["new"]);
}
