//! STS: credentials for a role, how long they are good for, and who a caller is.

use std::time::Duration;

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::tencent_client::{Signer, address, response, send_raw, signed_by};

const ROLE: &str = "qcs::cam::uin/100000000001:roleName/certctl";
const REGION: &str = "X-TC-Region: ap-guangzhou";

/// What the sandbox answers to a request.
async fn answer(sandbox: &Sandbox, request: &str) -> Value {
    response(&send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await)
}

/// Calls an action of STS with the account's key.
async fn call(sandbox: &Sandbox, action: &str, params: &Value) -> Value {
    let signer = Signer::account(sandbox).for_sts();
    let request = signed_by(&signer, sandbox, action, &params.to_string(), &[REGION]);
    answer(sandbox, &request).await
}

/// Asks for the credentials of a role with a web identity: no key, no signature.
async fn web_identity(sandbox: &Sandbox, params: &Value) -> Value {
    let body = params.to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: sts.tencentcloudapi.com\r\nContent-Type: application/json\r\n\
         X-TC-Action: AssumeRoleWithWebIdentity\r\nX-TC-Version: 2018-08-13\r\n{REGION}\r\n\
         Authorization: SKIP\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    );
    answer(sandbox, &request).await
}

fn assume(role: &str) -> Value {
    json!({ "RoleArn": role, "RoleSessionName": "test@sandbox-1" })
}

fn with(mut params: Value, name: &str, value: Value) -> Value {
    params[name] = value;
    params
}

/// Calls an action with credentials as STS answers them.
async fn call_as(sandbox: &Sandbox, issued: &Value, signer: Signer, action: &str) -> Value {
    call_with(sandbox, issued, signer, action, "{}").await
}

/// The same, with parameters.
async fn call_with(
    sandbox: &Sandbox,
    issued: &Value,
    signer: Signer,
    action: &str,
    body: &str,
) -> Value {
    let text = |name: &str| issued["Credentials"][name].as_str().unwrap().to_owned();
    let signer = Signer { id: text("TmpSecretId"), key: text("TmpSecretKey"), ..signer };
    let token = format!("X-TC-Token: {}", text("Token"));
    let request = signed_by(&signer, sandbox, action, body, &[REGION, &token]);
    answer(sandbox, &request).await
}

async fn list_domains(sandbox: &Sandbox, issued: &Value) -> Value {
    call_as(sandbox, issued, Signer::account(sandbox), "DescribeDomainList").await["Error"]["Code"]
        .take()
}

async fn sandbox() -> Sandbox {
    Sandbox::builder().role(ROLE).start().await.unwrap()
}

#[tokio::test]
async fn a_roles_credentials_work_at_dnspod_beside_others_and_the_accounts_own() {
    let sandbox = sandbox().await;
    let first = call(&sandbox, "AssumeRole", &assume(ROLE)).await;
    let second = call(&sandbox, "AssumeRole", &assume(ROLE)).await;
    assert_ne!(first["Credentials"], second["Credentials"]);
    assert!(first["Credentials"]["TmpSecretId"].as_str().unwrap().starts_with("AKID"));
    for issued in [&first, &second] {
        assert_eq!(list_domains(&sandbox, issued).await, Value::Null);
    }
    let own = signed_by(&Signer::account(&sandbox), &sandbox, "DescribeDomainList", "{}", &[]);
    assert_eq!(answer(&sandbox, &own).await["DomainCountInfo"]["AllTotal"], 4);

    let mut mixed = first.clone();
    mixed["Credentials"]["Token"] = second["Credentials"]["Token"].clone();
    assert_eq!(list_domains(&sandbox, &mixed).await, "AuthFailure.TokenFailure");
    let calls = sandbox.dnspod_calls();
    assert_eq!(calls[..3], ["AssumeRole", "AssumeRole", "DescribeDomainList"]);
}

#[tokio::test]
async fn credentials_end_when_they_say() {
    let sandbox = sandbox().await;
    let seconds =
        |answer: &Value, sandbox_now: i64| answer["ExpiredTime"].as_i64().unwrap() - sandbox_now;
    #[expect(clippy::disallowed_methods, reason = "the sandbox's clock is the machine's")]
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let usual = call(&sandbox, "AssumeRole", &assume(ROLE)).await;
    assert!((7200..7210).contains(&seconds(&usual, now)), "{usual}");
    let expiration = usual["Expiration"].as_str().unwrap();
    let format = &time::format_description::well_known::Rfc3339;
    let expiration = time::OffsetDateTime::parse(expiration, format).unwrap().unix_timestamp();
    assert_eq!(usual["ExpiredTime"], expiration);

    let wanted = with(assume(ROLE), "DurationSeconds", json!(100));
    let short = call(&sandbox, "AssumeRole", &wanted).await;
    assert!((100..110).contains(&seconds(&short, now)), "{short}");
    // Within what a signature's time may be off.
    sandbox.set_clock_offset(200);
    assert_eq!(list_domains(&sandbox, &short).await, "AuthFailure.TokenFailure");
    assert_eq!(list_domains(&sandbox, &usual).await, Value::Null);

    sandbox.set_lifetime(Duration::ZERO);
    let ended = call(&sandbox, "AssumeRole", &assume(ROLE)).await;
    assert_eq!(list_domains(&sandbox, &ended).await, "AuthFailure.TokenFailure");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_for_a_role_has_its_documented_code() {
    let sandbox = Sandbox::builder()
        .role(ROLE)
        .web_identity("cls-1", "qcs::cam::uin/100000000001:roleName/pod", "jwt")
        .start()
        .await
        .unwrap();
    let good = assume(ROLE);
    for (params, code) in [
        (json!({ "RoleArn": ROLE }), "MissingParameter"),
        (json!({ "RoleSessionName": "test" }), "MissingParameter"),
        (with(good.clone(), "RoleSessionName", json!("a")), "InvalidParameter.ParamError"),
        (with(good.clone(), "RoleSessionName", json!("a b")), "InvalidParameter.ParamError"),
        (
            with(good.clone(), "RoleSessionName", json!("a".repeat(129))),
            "InvalidParameter.ParamError",
        ),
        (with(good.clone(), "DurationSeconds", json!(43_201)), "InvalidParameter.OverTimeError"),
        (with(good.clone(), "DurationSeconds", json!(-1)), "InvalidParameter.ParamError"),
        (with(good.clone(), "Policy", json!("%7B")), "InvalidParameter.StrategyFormatError"),
        (with(good.clone(), "ExternalId", json!("a")), "InvalidParameter.ParamError"),
        (with(good.clone(), "Nothing", json!(1)), "UnknownParameter"),
        (assume("certctl"), "InvalidParameter.ParamError"),
        (assume("qcs::cam::uin/100000000001:roleName/other"), "ResourceNotFound.RoleNotFound"),
        (assume("qcs::cam::uin/100000000001:roleName/pod"), "UnauthorizedOperation"),
    ] {
        let answer = call(&sandbox, "AssumeRole", &params).await;
        assert_eq!(answer["Error"]["Code"], code, "{params}");
    }
    for accepted in [
        with(good.clone(), "DurationSeconds", json!(43_200)),
        with(good.clone(), "ExternalId", json!("any:thing/1")),
        with(good, "Policy", json!("%7B%22version%22%3A%222.0%22%2C%22statement%22%3A%5B%5D%7D")),
        assume("qcs::cam::uin/100000000001:role/4611686018427397919"),
    ] {
        let answer = call(&sandbox, "AssumeRole", &accepted).await;
        assert!(answer["Credentials"]["Token"].is_string(), "{accepted}: {answer}");
    }
}

#[tokio::test]
async fn a_sessions_policy_narrows_what_its_credentials_may_do_and_no_others() {
    let sandbox = sandbox().await;
    let policy = json!({
        "version": "2.0",
        "statement": [{
            "effect": "allow",
            "action": ["dnspod:DescribeRecordList"],
            "resource": ["qcs::dnspod::uin/100000000001:domain/1923"],
        }],
    });
    let policy: String =
        url::form_urlencoded::byte_serialize(policy.to_string().as_bytes()).collect();
    let narrow = with(assume(ROLE), "Policy", json!(policy));
    let narrow = call(&sandbox, "AssumeRole", &narrow).await;
    let whole = call(&sandbox, "AssumeRole", &assume(ROLE)).await;
    let list_records = async |issued: &Value, domain: &str| {
        let body = json!({ "Domain": domain }).to_string();
        let account = Signer::account(&sandbox);
        call_with(&sandbox, issued, account, "DescribeRecordList", &body).await["Error"]["Code"]
            .take()
    };
    assert_eq!(list_records(&narrow, "ws.example").await, Value::Null);
    assert_eq!(list_records(&narrow, "example.test").await, "UnauthorizedOperation");
    assert_eq!(list_domains(&sandbox, &narrow).await, "UnauthorizedOperation");
    assert_eq!(list_records(&whole, "example.test").await, Value::Null);
    assert_eq!(list_domains(&sandbox, &whole).await, Value::Null);

    // What the key may not, nobody may in its place.
    let none = json!({ "version": "2.0", "statement": [] });
    sandbox.set_cam_policy(&none.to_string()).unwrap();
    assert_eq!(list_records(&narrow, "ws.example").await, "UnauthorizedOperation");
}

#[tokio::test]
async fn a_role_may_ask_for_an_external_id() {
    let sandbox = Sandbox::builder().role_with_external_id(ROLE, "tenant-7").start().await.unwrap();
    let good = with(assume(ROLE), "ExternalId", json!("tenant-7"));
    assert!(call(&sandbox, "AssumeRole", &good).await["Credentials"].is_object());
    for params in [assume(ROLE), with(assume(ROLE), "ExternalId", json!("tenant-8"))] {
        let answer = call(&sandbox, "AssumeRole", &params).await;
        assert_eq!(answer["Error"]["Code"], "UnauthorizedOperation");
    }
}

#[tokio::test]
async fn a_web_identity_gets_a_roles_credentials_until_its_token_is_replaced() {
    let sandbox = Sandbox::builder()
        .role(ROLE)
        .web_identity("cls-1", ROLE, "jwt-1")
        .instance_role("certctl")
        .start()
        .await
        .unwrap();
    let params = |token: &str| {
        let params = with(assume(ROLE), "ProviderId", json!("cls-1"));
        with(params, "WebIdentityToken", json!(token))
    };
    let issued = web_identity(&sandbox, &params("jwt-1")).await;
    assert_eq!(list_domains(&sandbox, &issued).await, Value::Null);
    let identity =
        call_as(&sandbox, &issued, Signer::account(&sandbox).for_sts(), "GetCallerIdentity").await;
    assert_eq!(identity["Type"], "CAMRole");

    assert!(call(&sandbox, "AssumeRole", &assume(ROLE)).await["Credentials"].is_object());

    sandbox.set_web_identity_token("jwt-2");
    for (params, code) in [
        (params("jwt-1"), "InvalidParameter.WebIdentityTokenError"),
        (with(params("jwt-2"), "ProviderId", json!("cls-2")), "UnauthorizedOperation"),
        (
            with(params("jwt-2"), "RoleArn", json!("qcs::cam::uin/1:roleName/x")),
            "InternalError.GetRoleError",
        ),
        (with(params("jwt-2"), "RoleSessionName", json!("!!")), "InvalidParameter.ParamError"),
        (assume(ROLE), "MissingParameter"),
    ] {
        assert_eq!(web_identity(&sandbox, &params).await["Error"]["Code"], code, "{params}");
    }
    assert!(web_identity(&sandbox, &params("jwt-2")).await["Credentials"].is_object());
    assert_eq!(list_domains(&sandbox, &issued).await, Value::Null, "what was issued stays valid");
}

#[tokio::test]
async fn callers_are_told_who_they_are() {
    let sandbox = sandbox().await;
    let own = call(&sandbox, "GetCallerIdentity", &json!({})).await;
    assert_eq!((&own["Type"], &own["AccountId"]), (&json!("CAMUser"), &json!("100000000001")));
    assert_eq!((&own["UserId"], &own["PrincipalId"]), (&own["AccountId"], &own["AccountId"]));
    assert_eq!(own["Arn"], "qcs::cam:100000000001:uin/100000000001");

    let issued = call(&sandbox, "AssumeRole", &assume(ROLE)).await;
    let role =
        call_as(&sandbox, &issued, Signer::account(&sandbox).for_sts(), "GetCallerIdentity").await;
    assert_eq!((&role["Type"], &role["AccountId"]), (&json!("CAMRole"), &json!("100000000001")));
    assert_eq!(role["UserId"], "4611686018427397919:test@sandbox-1");
    assert_eq!(role["Arn"], "qcs::sts:100000000001:assumed-role/4611686018427397919");
}

#[tokio::test]
async fn a_request_for_one_service_is_not_one_for_the_other() {
    let sandbox = sandbox().await;
    let body = assume(ROLE).to_string();
    let account = Signer::account(&sandbox);
    for (signer, action, code) in [
        (
            Signer { service: "dnspod", ..account.clone().for_sts() },
            "AssumeRole",
            "AuthFailure.SignatureFailure",
        ),
        (Signer { service: "sts", ..account.clone() }, "DescribeDomainList", "NoSuchVersion"),
        (account.clone().for_sts(), "DescribeDomainList", "InvalidAction"),
        (account, "AssumeRole", "InvalidAction"),
    ] {
        let request = signed_by(&signer, &sandbox, action, &body, &[REGION]);
        assert_eq!(
            answer(&sandbox, &request).await["Error"]["Code"],
            code,
            "{} {action}",
            signer.service
        );
    }
    let signer = Signer::account(&sandbox).for_sts();
    let request = signed_by(&signer, &sandbox, "GetCallerIdentity", "{}", &[]);
    assert_eq!(answer(&sandbox, &request).await["Error"]["Code"], "MissingParameter", "no region");
    let skipped = request.replace(&signer.id, "AKIDother");
    assert_eq!(answer(&sandbox, &skipped).await["Error"]["Code"], "AuthFailure.SecretIdNotFound");
}

#[tokio::test]
async fn sts_can_be_unavailable_and_can_hang_while_dnspod_works() {
    let sandbox = sandbox().await;
    sandbox.set_fault("sts-unavailable").unwrap();
    sandbox.set_fault("sts-hang").unwrap();
    let own = signed_by(&Signer::account(&sandbox), &sandbox, "DescribeDomainList", "{}", &[]);
    assert_eq!(answer(&sandbox, &own).await["Error"], Value::Null);
    let params = json!({});
    let hanging = call(&sandbox, "GetCallerIdentity", &params);
    assert!(tokio::time::timeout(Duration::from_millis(200), hanging).await.is_err());
    let refused = call(&sandbox, "GetCallerIdentity", &params).await;
    assert_eq!(refused["Error"]["Code"], "InternalError");
    assert_eq!(call(&sandbox, "GetCallerIdentity", &params).await["Error"], Value::Null);
}
