//! Who may do what: CAM, zones of others, and the published rates.

use std::time::Duration;

use sandbox::{Sandbox, StartError};
use serde_json::{Value, json};

use crate::tencent_client::{call, refusal};

fn txt_record(zone: &str) -> Value {
    json!({
        "Domain": zone, "RecordType": "TXT", "RecordLine": "默认", "Value": "v", "SubDomain": "a",
    })
}

fn policy(actions: &[&str], resource: &str) -> String {
    let statement = json!([{ "effect": "allow", "action": actions, "resource": [resource] }]);
    json!({ "version": "2.0", "statement": statement }).to_string()
}

#[tokio::test]
async fn what_the_policy_does_not_grant_is_refused_and_says_what_is_missing() {
    let sandbox = Sandbox::builder()
        .zone("ws.example")
        .zone("example.test")
        .cam_policy(policy(
            &["dnspod:CreateRecord", "name/dnspod:DescribeRecord*"],
            "qcs::dnspod::uin/100000000001:domain/1923",
        ))
        .start()
        .await
        .unwrap();
    assert_eq!((sandbox.uin(), sandbox.domain_id("ws.example")), ("100000000001", Some(1923)));
    let id = call(&sandbox, "CreateRecord", &txt_record("ws.example")).await["RecordId"].clone();
    let by_id = json!({ "Domain": "ws.example", "RecordId": id });
    assert_eq!(call(&sandbox, "DescribeRecord", &by_id).await["RecordInfo"]["Id"], id);

    for (action, params, resource) in [
        ("DeleteRecord", by_id, "qcs::dnspod::uin/100000000001:domain/1923"),
        ("CreateRecord", txt_record("example.test"), "qcs::dnspod::uin/100000000001:domain/1924"),
        ("DescribeDomainList", json!({}), "*"),
    ] {
        let answer = call(&sandbox, action, &params).await;
        assert_eq!(answer["Error"]["Code"], "UnauthorizedOperation");
        let expected = format!(
            "[request id:{}]you are not authorized to perform operation (dnspod:{action})\n\
             resource ({resource}) has no permission\n",
            answer["RequestId"].as_str().unwrap(),
        );
        assert_eq!(answer["Error"]["Message"], expected);
    }
    assert_eq!(sandbox.txt_values("a.ws.example"), ["v"]);
}

#[tokio::test]
async fn a_name_that_is_no_domain_is_none_whatever_the_policy() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_cam_policy(&policy(&["dnspod:DescribeDomain"], "*")).unwrap();
    for (name, code) in [
        ("nowhere.example", "InvalidParameterValue.DomainNotExists"),
        ("_acme-challenge.ws.example", "InvalidParameter.DomainInvalid"),
        ("ws.example", "UnauthorizedOperation"),
    ] {
        let params = json!({ "Domain": name });
        assert_eq!(refusal(&sandbox, "DescribeRecordList", params).await, code, "{name}");
    }
}

#[tokio::test]
async fn a_policy_can_be_changed_and_a_wrong_one_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    let domain = json!({ "Domain": "ws.example" });
    sandbox.set_cam_policy(&policy(&["cos:*"], "*")).unwrap();
    assert_eq!(refusal(&sandbox, "DescribeDomain", domain.clone()).await, "UnauthorizedOperation");
    sandbox.set_cam_policy(&policy(&["dnspod:*"], "*")).unwrap();
    assert!(call(&sandbox, "DescribeDomain", &domain).await["DomainInfo"].is_object());
    assert!(sandbox.set_cam_policy("{}").is_err());
    assert!(call(&sandbox, "DescribeDomain", &domain).await["DomainInfo"].is_object());
    let error = Sandbox::builder().cam_policy("{}").start().await.err().unwrap();
    assert!(matches!(error, StartError::CamPolicy(_)), "{error}");
}

#[tokio::test]
async fn a_shared_zone_is_used_as_an_own_one_and_shows_its_owner() {
    let sandbox =
        Sandbox::builder().zone("ws.example").shared_zone("shared.example").start().await.unwrap();
    assert!(
        call(&sandbox, "CreateRecord", &txt_record("shared.example")).await["RecordId"].is_u64()
    );
    assert_eq!(sandbox.txt_values("a.shared.example"), ["v"]);
    let list = async |kind: &str| {
        let answer = call(&sandbox, "DescribeDomainList", &json!({ "Type": kind })).await;
        let count = answer["DomainCountInfo"].clone();
        let total = ["DomainTotal", "AllTotal", "MineTotal", "ShareTotal"];
        (answer["DomainList"][0]["Owner"].clone(), total.map(|name| count[name].as_u64().unwrap()))
    };
    let own = json!("qcloud_uin_100000000001@qcloud.com");
    let other = json!("qcloud_uin_100000000002@qcloud.com");
    assert_eq!(list("ALL").await, (own.clone(), [2, 2, 1, 1]));
    assert_eq!(list("MINE").await, (own, [1, 2, 1, 1]));
    assert_eq!(list("SHARE").await, (other, [1, 2, 1, 1]));
    let params = json!({ "Domain": "shared.example" });
    assert_eq!(
        refusal(&sandbox, "DescribeDomainPurview", params).await,
        "OperationDenied.DomainOwnerAllowedOnly"
    );
}

#[tokio::test]
async fn the_published_rates_hold_unless_they_are_lifted() {
    let published = Sandbox::start().await.unwrap();
    let free = Sandbox::builder().published_rates(false).start().await.unwrap();
    // Three seconds' worth of the rate of this action, and it takes a fraction of one.
    let refused = async |sandbox: &Sandbox| {
        let params = json!({});
        let calls = (0..60).map(|_| call(sandbox, "DescribeDomainList", &params));
        let answers = futures_util::future::join_all(calls).await;
        let refused = |answer: &&Value| answer["Error"]["Code"] == "RequestLimitExceeded";
        answers.iter().filter(refused).count() as u64
    };
    assert_eq!((refused(&free).await, free.dnspod_throttled()), (0, 0));
    let many = refused(&published).await;
    assert!(many > 0);
    assert_eq!(published.dnspod_throttled(), many);
    published.reset_counts();
    assert_eq!(published.dnspod_throttled(), 0);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
    assert!(call(&published, "DescribeDomainList", &json!({})).await["DomainList"].is_array());
}
