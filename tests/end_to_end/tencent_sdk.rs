//! Tencent's own SDK finds in the sandbox what it finds at Tencent: each action's fields, each refusal's code.

use e2e::harness::Test;
use e2e::real_part::RealPart::{TencentSdk as Sdk, TencentSdkIntl as SdkIntl};
use e2e::tencent_sdk::{Edition, Options, Route, SdkCredential, SdkError, TencentSdk};
use sandbox::Sandbox;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [Sdk] mainland_sdk_does_everything_without_tls;
        [Sdk] mainland_sdk_does_everything_over_tls;
        [Sdk] mainland_sdk_does_everything_by_get;
        [Sdk] mainland_sdk_with_nothing_set_reaches_dnspod_through_a_proxy;
        [SdkIntl] international_sdk_does_everything_without_tls;
        [SdkIntl] international_sdk_does_everything_over_tls;
        [SdkIntl] international_sdk_does_everything_by_get;
        [SdkIntl] international_sdk_with_nothing_set_reaches_dnspod_through_a_proxy;
        [Sdk] mainland_sdk_filters_records_and_creates_txt_records_by_their_own_actions;
        [Sdk, SdkIntl] body_may_be_left_out_of_the_signature;
        [Sdk, SdkIntl] session_token_is_required_and_sent;
        [Sdk, SdkIntl] wrong_credentials_are_told_apart;
        [Sdk, SdkIntl] skewed_clock_expires_signatures;
    }
}

const NAME: &str = "_acme-challenge.ws.example";

async fn mainland_sdk_does_everything_without_tls() {
    do_everything(Edition::Mainland, Route::Plain, "POST").await;
}

async fn mainland_sdk_does_everything_over_tls() {
    do_everything(Edition::Mainland, Route::Tls, "POST").await;
}

async fn mainland_sdk_does_everything_by_get() {
    do_everything(Edition::Mainland, Route::Plain, "GET").await;
}

async fn mainland_sdk_with_nothing_set_reaches_dnspod_through_a_proxy() {
    let sdk = do_everything(Edition::Mainland, Route::Proxied, "POST").await;
    only_asked_for(&sdk, "dnspod.tencentcloudapi.com:443");
}

async fn international_sdk_does_everything_without_tls() {
    do_everything(Edition::International, Route::Plain, "POST").await;
}

async fn international_sdk_does_everything_over_tls() {
    do_everything(Edition::International, Route::Tls, "POST").await;
}

async fn international_sdk_does_everything_by_get() {
    do_everything(Edition::International, Route::Tls, "GET").await;
}

async fn international_sdk_with_nothing_set_reaches_dnspod_through_a_proxy() {
    let sdk = do_everything(Edition::International, Route::Proxied, "POST").await;
    only_asked_for(&sdk, "dnspod.intl.tencentcloudapi.com:443");
}

fn only_asked_for(sdk: &TencentSdk, target: &str) {
    let targets = sdk.proxy().unwrap().targets();
    assert!(!targets.is_empty() && targets.iter().all(|asked| asked == target), "{targets:?}");
}

/// A record's life, by the actions and fields that both SDKs have.
async fn do_everything(edition: Edition, route: Route, method: &'static str) -> TencentSdk {
    let sandbox = Sandbox::builder().zone("ws.example").zone("bücher.example").start().await;
    let sandbox = sandbox.unwrap();
    let options = Options { method, ..Options::new(&sandbox, edition, route) };
    let mut sdk = TencentSdk::start(&sandbox, options).await.unwrap();

    let domains = sdk.call("DescribeDomainList", json!({})).await.unwrap();
    let names: Vec<_> = list(&domains["DomainList"], "Name");
    assert_eq!(names, ["ws.example", "bücher.example"]);
    assert_eq!(domains["DomainList"][1]["Punycode"], "xn--bcher-kva.example");
    assert_eq!(domains["DomainCountInfo"]["AllTotal"], 2);
    assert!(domains["RequestId"].is_string());

    let zone = sdk.call("DescribeDomain", json!({ "Domain": "ws.example" })).await.unwrap();
    assert_eq!(zone["DomainInfo"]["Domain"], "ws.example");
    assert_eq!(zone["DomainInfo"]["DomainId"], domains["DomainList"][0]["DomainId"]);
    assert_eq!(zone["DomainInfo"]["Status"], "enable");

    let empty = sdk.call("DescribeRecordList", challenge_records()).await;
    assert_eq!(code(empty), "ResourceNotFound.NoDataOfRecord");

    let created = sdk.call("CreateRecord", challenge_record("first")).await.unwrap();
    let id = created["RecordId"].as_u64().unwrap();
    assert_eq!(sandbox.txt_values(NAME), ["first"]);
    let again = sdk.call("CreateRecord", challenge_record("first")).await;
    assert_eq!(code(again), "InvalidParameter.DomainRecordExist");
    let second = sdk.call("CreateRecord", challenge_record("second")).await.unwrap();
    assert_ne!(second["RecordId"], id);

    let records = sdk.call("DescribeRecordList", challenge_records()).await.unwrap();
    assert_eq!(list(&records["RecordList"], "Value"), ["first", "second"]);
    let record = &records["RecordList"][0];
    assert_eq!(record["RecordId"], id);
    assert_eq!((&record["Name"], &record["Type"]), (&"_acme-challenge".into(), &"TXT".into()));
    assert_eq!((&record["Line"], &record["LineId"]), (&"默认".into(), &"0".into()));
    assert_eq!((&record["TTL"], &record["Status"]), (&600.into(), &"ENABLE".into()));
    assert_eq!(records["RecordCountInfo"]["TotalCount"], 2);

    let mut changed = challenge_record("third");
    changed["RecordId"] = id.into();
    let modified = sdk.call("ModifyRecord", changed).await.unwrap();
    assert_eq!(modified["RecordId"], id);
    let of_id = json!({ "Domain": "ws.example", "RecordId": id });
    let described = sdk.call("DescribeRecord", of_id.clone()).await.unwrap();
    let described = &described["RecordInfo"];
    assert_eq!((&described["Id"], &described["Value"]), (&id.into(), &"third".into()));
    assert_eq!(
        (&described["SubDomain"], &described["Enabled"]),
        (&"_acme-challenge".into(), &1.into())
    );
    assert_eq!(sandbox.txt_values(NAME), ["third", "second"]);

    sdk.call("DeleteRecord", of_id.clone()).await.unwrap();
    assert_eq!(sandbox.txt_values(NAME), ["second"]);
    let gone = sdk.call("DeleteRecord", of_id).await;
    assert_eq!(code(gone), "InvalidParameter.RecordIdInvalid");

    let unknown = sdk.call("DescribeDomain", json!({ "Domain": "not-ours.example" })).await;
    let unknown = unknown.unwrap_err();
    assert_eq!(unknown.code, "InvalidParameterValue.DomainNotExists");
    assert!(unknown.request_id.is_some());
    let is_chinese = unknown.message.contains("当前域名有误");
    assert_eq!(is_chinese, edition == Edition::Mainland, "{}", unknown.message);

    let mut below_the_plan = challenge_record("fourth");
    below_the_plan["TTL"] = 60.into();
    let refused = sdk.call("CreateRecord", below_the_plan).await;
    assert_eq!(code(refused), "LimitExceeded.RecordTtlLimit");

    let mut idn = challenge_record("fifth");
    idn["Domain"] = "bücher.example".into();
    sdk.call("CreateRecord", idn).await.unwrap();
    assert_eq!(sandbox.txt_values("_acme-challenge.xn--bcher-kva.example"), ["fifth"]);
    sdk
}

async fn mainland_sdk_filters_records_and_creates_txt_records_by_their_own_actions() {
    let sandbox = Sandbox::builder().zone("ws.example").start().await.unwrap();
    let options = Options::new(&sandbox, Edition::Mainland, Route::Plain);
    let mut sdk = TencentSdk::start(&sandbox, options).await.unwrap();
    for sub_domain in ["_acme-challenge", "_acme-challenge.a"] {
        let mut record = challenge_record("value");
        record.as_object_mut().unwrap().remove("RecordType");
        record["SubDomain"] = sub_domain.into();
        sdk.call("CreateTXTRecord", record).await.unwrap();
    }
    let mut filter = json!({
        "Domain": "ws.example",
        "SubDomain": "_acme-challenge",
        "RecordType": ["TXT"],
        "RecordValue": "value",
    });
    let fuzzy = sdk.call("DescribeRecordFilterList", filter.clone()).await.unwrap();
    assert_eq!(list(&fuzzy["RecordList"], "Name"), ["_acme-challenge", "_acme-challenge.a"]);
    filter["IsExactSubDomain"] = true.into();
    let exact = sdk.call("DescribeRecordFilterList", filter).await.unwrap();
    assert_eq!(list(&exact["RecordList"], "Name"), ["_acme-challenge"]);

    let nothing = json!({ "Domain": "ws.example", "SubDomain": "none", "ErrorOnEmpty": "no" });
    let empty = sdk.call("DescribeRecordList", nothing).await.unwrap();
    assert_eq!(empty["RecordCountInfo"]["TotalCount"], 0);
}

const EDITIONS: [Edition; 2] = [Edition::Mainland, Edition::International];

async fn body_may_be_left_out_of_the_signature() {
    let sandbox = Sandbox::start().await.unwrap();
    for edition in EDITIONS {
        let options = Options::new(&sandbox, edition, Route::Tls);
        first_call(&sandbox, Options { unsigned_payload: true, ..options }).await.unwrap();
    }
}

async fn session_token_is_required_and_sent() {
    let sandbox = Sandbox::builder().session_token("token").start().await.unwrap();
    let (id, key) = (sandbox.secret_id(), sandbox.secret_key());
    for edition in EDITIONS {
        let tokens = [("POST", "token"), ("GET", "token"), ("POST", "other"), ("POST", "")];
        for (method, token) in tokens {
            let token = Some(token).filter(|token| !token.is_empty());
            let credential = SdkCredential::fixed(id, key, token);
            let options = Options::new(&sandbox, edition, Route::Plain);
            let outcome = first_call(&sandbox, Options { method, credential, ..options }).await;
            if token == Some("token") {
                outcome.unwrap();
            } else {
                assert_eq!(code(outcome), "AuthFailure.TokenFailure");
            }
        }
    }
}

async fn wrong_credentials_are_told_apart() {
    let sandbox = Sandbox::start().await.unwrap();
    let (id, key) = (sandbox.secret_id(), sandbox.secret_key());
    for edition in EDITIONS {
        for (credential, expected) in [
            (SdkCredential::fixed(id, "wrong", None), "AuthFailure.SignatureFailure"),
            (SdkCredential::fixed("AKIDunknown", key, None), "AuthFailure.SecretIdNotFound"),
        ] {
            let options = Options::new(&sandbox, edition, Route::Plain);
            let outcome = first_call(&sandbox, Options { credential, ..options }).await;
            assert_eq!(code(outcome), expected);
        }
    }
}

async fn skewed_clock_expires_signatures() {
    let sandbox = Sandbox::start().await.unwrap();
    for edition in EDITIONS {
        let options = Options::new(&sandbox, edition, Route::Plain);
        let mut sdk = TencentSdk::start(&sandbox, options).await.unwrap();
        for (seconds, is_accepted) in [(-240, true), (240, true), (-400, false), (400, false)] {
            sandbox.set_clock_offset(seconds);
            let outcome = sdk.call("DescribeDomainList", json!({})).await;
            if is_accepted {
                outcome.unwrap();
            } else {
                assert_eq!(code(outcome), "AuthFailure.SignatureExpire");
            }
        }
    }
}

async fn first_call(sandbox: &Sandbox, options: Options) -> Result<Value, SdkError> {
    let mut sdk = TencentSdk::start(sandbox, options).await.unwrap();
    sdk.call("DescribeDomainList", json!({})).await
}

fn challenge_record(value: &str) -> Value {
    json!({
        "Domain": "ws.example",
        "SubDomain": "_acme-challenge",
        "RecordType": "TXT",
        "RecordLine": "默认",
        "RecordLineId": "0",
        "Value": value,
        "TTL": 600,
    })
}

/// The question for the TXT records of the challenge's name, in the spelling that both SDKs have.
fn challenge_records() -> Value {
    json!({ "Domain": "ws.example", "Subdomain": "_acme-challenge", "RecordType": "TXT" })
}

fn list<'a>(items: &'a Value, field: &str) -> Vec<&'a str> {
    items.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}

fn code(outcome: Result<Value, SdkError>) -> String {
    match outcome {
        Ok(response) => panic!("the action succeeded: {response}"),
        Err(error) => error.code,
    }
}
