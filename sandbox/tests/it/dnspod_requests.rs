//! What holds for every request of API 3.0, whatever the action.

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::tencent_client::{address, call, refusal, response, send_raw, signed};

async fn answer_to(sandbox: &Sandbox, request: &str) -> Value {
    response(&send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await)
}

#[tokio::test]
async fn a_request_with_a_wrong_signature_clock_or_id_is_refused_and_changes_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let body = json!({
        "Domain": "ws.example", "RecordType": "TXT", "RecordLine": "默认", "Value": "v", "SubDomain": "a",
    })
    .to_string();
    let good = signed(&sandbox, "CreateRecord", &body, &[]);
    let changed = good.replace("\"v\"", "\"w\"");
    for (request, code) in [
        (changed.as_str(), "AuthFailure.SignatureFailure"),
        (&good.replace(sandbox.secret_id(), "AKIDother"), "AuthFailure.SecretIdNotFound"),
        (&good.replace("Authorization", "X-Nothing"), "AuthFailure.InvalidAuthorization"),
        (&good.replace("X-TC-Action", "X-Nothing"), "MissingParameter"),
    ] {
        assert_eq!(answer_to(&sandbox, request).await["Error"]["Code"], code);
    }
    sandbox.set_clock_offset(400);
    assert_eq!(answer_to(&sandbox, &good).await["Error"]["Code"], "AuthFailure.SignatureExpire");
    assert!(sandbox.txt_values("a.ws.example").is_empty());
    sandbox.set_clock_offset(0);
    assert!(answer_to(&sandbox, &good).await["RecordId"].is_u64());
    assert_eq!(sandbox.txt_values("a.ws.example"), ["v"]);
}

#[tokio::test]
async fn temporary_credentials_need_their_token_and_permanent_ones_have_none() {
    let temporary = Sandbox::builder().session_token("token").start().await.unwrap();
    for (more, code) in [
        (&["X-TC-Token: token"][..], Value::Null),
        (&["X-TC-Token: other"], json!("AuthFailure.TokenFailure")),
        (&[], json!("AuthFailure.TokenFailure")),
    ] {
        let request = signed(&temporary, "DescribeDomainList", "{}", more);
        assert_eq!(answer_to(&temporary, &request).await["Error"]["Code"], code);
    }
    let permanent = Sandbox::start().await.unwrap();
    let request = signed(&permanent, "DescribeDomainList", "{}", &["X-TC-Token: token"]);
    assert_eq!(answer_to(&permanent, &request).await["Error"]["Code"], "AuthFailure.TokenFailure");
}

#[tokio::test]
async fn unknown_actions_versions_and_parameters_are_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!(refusal(&sandbox, "DescribeNothing", json!({})).await, "InvalidAction");
    let request =
        signed(&sandbox, "DescribeDomainList", "{}", &[]).replace("2021-03-23", "2017-03-12");
    assert_eq!(answer_to(&sandbox, &request).await["Error"]["Code"], "NoSuchVersion");
    for (params, code) in [
        (json!({ "Nothing": 1 }), "UnknownParameter"),
        (json!({ "Tags": [] }), "UnsupportedOperation"),
        (json!({ "Limit": "3" }), "InvalidParameter"),
        (json!({ "Keyword": 3 }), "InvalidParameter"),
        (json!([]), "InvalidParameter"),
        (json!({ "Type": "SOME" }), "InvalidParameterValue"),
    ] {
        assert_eq!(refusal(&sandbox, "DescribeDomainList", params).await, code);
    }
    let answer = call(&sandbox, "DescribeDomainList", &json!({ "Keyword": null })).await;
    assert_eq!(answer["DomainCountInfo"]["AllTotal"], 4, "null is the same as not given");
}

#[tokio::test]
async fn messages_are_chinese_unless_english_is_asked_for() {
    let sandbox = Sandbox::start().await.unwrap();
    let body = json!({ "Domain": "elsewhere.example" }).to_string();
    let message = async |more: &[&str]| {
        let answer = answer_to(&sandbox, &signed(&sandbox, "DescribeDomain", &body, more)).await;
        answer["Error"]["Message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(&[]).await, "当前域名有误，请返回重新操作。");
    assert!(message(&["X-TC-Language: en-US"]).await.is_ascii());
}

#[tokio::test]
async fn every_call_is_noted_until_the_counts_are_reset() {
    let sandbox = Sandbox::start().await.unwrap();
    call(&sandbox, "DescribeDomainList", &json!({})).await;
    refusal(&sandbox, "DescribeDomain", json!({})).await;
    assert_eq!(sandbox.dnspod_calls(), ["DescribeDomainList", "DescribeDomain"]);
    sandbox.reset_counts();
    assert!(sandbox.dnspod_calls().is_empty());
}
