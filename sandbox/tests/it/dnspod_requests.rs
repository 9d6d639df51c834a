//! What holds for every request of API 3.0, whatever the action.

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::ask::PATIENCE;
use crate::tencent_client::{
    Signer, Unsigned, address, call, refusal, response, send_raw, signed, signed_by,
};

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
async fn a_further_key_is_of_the_same_account_and_signs_for_itself_only() {
    let sandbox = Sandbox::builder()
        .further_credentials("AKIDfurther", "of the further key")
        .start()
        .await
        .unwrap();
    let further = Signer { id: "AKIDfurther".to_owned(), ..Signer::account(&sandbox) };
    let right = Signer { key: "of the further key".to_owned(), ..further.clone() };
    let list = async |signer: &Signer| {
        let request = signed_by(signer, &sandbox, "DescribeDomainList", "{}", &[]);
        answer_to(&sandbox, &request).await
    };
    assert_eq!(
        list(&right).await["DomainList"],
        list(&Signer::account(&sandbox)).await["DomainList"]
    );
    // With the first key's secret.
    assert_eq!(list(&further).await["Error"]["Code"], "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn connections_are_counted_with_tls_and_without() {
    let sandbox = Sandbox::start().await.unwrap();
    for endpoint in [sandbox.dnspod_endpoint(), sandbox.dnspod_tls_endpoint()] {
        drop(tokio::net::TcpStream::connect(address(&endpoint)).await.unwrap());
    }
    let counted = async {
        while sandbox.dnspod_connections() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.expect("both are counted");
    call(&sandbox, "DescribeDomainList", &json!({})).await;
    assert_eq!(sandbox.dnspod_connections(), 3);
    sandbox.reset_counts();
    assert_eq!(sandbox.dnspod_connections(), 0);
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

#[tokio::test]
async fn a_body_may_be_left_out_of_the_signature() {
    let sandbox = Sandbox::start().await.unwrap();
    let request = Unsigned {
        body: "{\"Domain\":\"ws.example\"}",
        payload: Some("UNSIGNED-PAYLOAD"),
        ..Unsigned::new("DescribeDomain")
    };
    let declared = Unsigned { more: &["X-TC-Content-SHA256: UNSIGNED-PAYLOAD"], ..request };
    let answer = answer_to(&sandbox, &declared.sign(&sandbox)).await;
    assert_eq!(answer["DomainInfo"]["Domain"], "ws.example");
    let silent = Unsigned { more: &[], ..declared };
    let answer = answer_to(&sandbox, &silent.sign(&sandbox)).await;
    assert_eq!(answer["Error"]["Code"], "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn the_clients_own_list_of_signed_headers_counts() {
    let sandbox = Sandbox::start().await.unwrap();
    for signed_too in [
        &[("something-random", "  Some Value "), ("x-tc-action", "DescribeDomainList")][..],
        &[("x-tc-language", "en-US"), ("x-tc-region", "ap-nowhere")],
    ] {
        let request = Unsigned { signed_too, ..Unsigned::new("DescribeDomainList") };
        let request = request.sign(&sandbox);
        assert!(answer_to(&sandbox, &request).await["DomainList"].is_array(), "{request}");
        let (name, value) = signed_too[0];
        let changed = request.replace(&format!("{name}: {value}"), &format!("{name}: changed"));
        let code = &answer_to(&sandbox, &changed).await["Error"]["Code"];
        assert_eq!(code, "AuthFailure.SignatureFailure");
    }
}

#[tokio::test]
async fn a_region_is_ignored_and_header_names_have_no_case() {
    let sandbox = Sandbox::start().await.unwrap();
    let request = signed(&sandbox, "DescribeDomainList", "{}", &["X-TC-Region: ap-nowhere"]);
    let request = request.replace("X-TC-Action", "x-Tc-aCTION");
    assert!(answer_to(&sandbox, &request).await["DomainList"].is_array());
}

#[tokio::test]
async fn a_content_type_may_have_a_charset_or_come_twice() {
    let sandbox = Sandbox::start().await.unwrap();
    let content_type = "application/json; charset=UTF-8";
    let request = Unsigned { content_type, ..Unsigned::new("DescribeDomainList") };
    assert!(answer_to(&sandbox, &request.sign(&sandbox)).await["DomainList"].is_array());
    let twice = &["Content-Type: application/json"];
    let request = signed(&sandbox, "DescribeDomainList", "{}", twice);
    assert!(answer_to(&sandbox, &request).await["DomainList"].is_array());
}

#[tokio::test]
async fn mx_and_weight_may_be_null_and_text_may_be_escaped() {
    let sandbox = Sandbox::start().await.unwrap();
    let body = "{\"Domain\":\"b\\u00fccher.example\",\"RecordType\":\"TXT\",\
                \"RecordLine\":\"\\u9ed8\\u8ba4\",\"Value\":\"v\",\"SubDomain\":\"a\",\
                \"MX\":null,\"Weight\":null,\"RecordLineId\":null}";
    let answer = answer_to(&sandbox, &signed(&sandbox, "CreateRecord", body, &[])).await;
    assert!(answer["RecordId"].is_u64(), "{answer}");
    assert_eq!(sandbox.txt_values("a.bücher.example"), ["v"]);
}

#[tokio::test]
async fn a_get_request_has_its_parameters_in_the_query_up_to_32_kib() {
    let sandbox = Sandbox::start().await.unwrap();
    let get = async |query: &str| {
        let request = Unsigned {
            method: "GET",
            query,
            content_type: "application/x-www-form-urlencoded",
            body: "",
            ..Unsigned::new("DescribeDomainList")
        };
        answer_to(&sandbox, &request.sign(&sandbox)).await
    };
    let found = get("Keyword=b%C3%BCcher&Limit=1").await;
    assert_eq!(found["DomainList"][0]["Name"], "bücher.example");
    let long = "x".repeat((32 << 10) - "Keyword=".len());
    assert_eq!(get(&format!("Keyword={long}")).await["DomainCountInfo"]["DomainTotal"], 0);
    let answer = get(&format!("Keyword={long}x")).await;
    assert_eq!(answer["Error"]["Code"], "RequestSizeLimitExceeded");
}

#[tokio::test]
async fn a_body_has_up_to_10_mib() {
    let sandbox = Sandbox::start().await.unwrap();
    // The signature leaves the body out: its hash would take longer than all the rest.
    let with = async |length: usize| {
        let request = Unsigned {
            body: &format!("{{\"Keyword\":\"{}\"}}", "x".repeat(length - 14)),
            payload: Some("UNSIGNED-PAYLOAD"),
            more: &["X-TC-Content-SHA256: UNSIGNED-PAYLOAD"],
            ..Unsigned::new("DescribeDomainList")
        };
        answer_to(&sandbox, &request.sign(&sandbox)).await
    };
    assert!(with(10 << 20).await["DomainList"].is_array());
    let larger = with((10 << 20) + 1).await;
    assert_eq!(larger["Error"]["Code"], "RequestSizeLimitExceeded");
}

#[tokio::test]
async fn http_2_is_spoken_over_tls_and_its_authority_is_the_host_that_was_signed() {
    let sandbox = Sandbox::start().await.unwrap();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(sandbox.root_pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
    let url = sandbox.dnspod_tls_endpoint();
    // Signed for the port that is asked.
    let plain = address(&sandbox.dnspod_endpoint()).to_string();
    let request = Unsigned { host: Some(address(&url)), ..Unsigned::new("DescribeDomainList") };
    let request = request.sign(&sandbox);
    assert!(!request.contains(&plain));
    let mut post = client.post(&url).body("{}");
    for line in request.lines().skip(2).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        post = post.header(name, value);
    }
    let answer = post.send().await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    let answer: Value = answer.json().await.unwrap();
    assert!(answer["Response"]["DomainList"].is_array(), "{answer}");
}
