//! Credentials that are fetched: when, how often, by what request, and what happens where there is none. The faults of
//! Tencent's own SDKs that are named here were found by reading and running them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use acme_core::dns01::{DnsProvider, DnsProviderError};
use acme_core::http::HttpOptions;
use acme_core::{Clock, ManualClock};
use dnspod_solver::{
    AssumeRole, ChainOptions, Credential, CredentialSource, DnsPod, DnsPodBuilder, FoundCredential,
    InstanceRole, WebIdentity, credential_chain, zone_policy,
};
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::scripted::{Call, Reply, Scripted, error, txt, usual};

const NAME: &str = "_acme-challenge.ws.example";
const ARN: &str = "qcs::cam::uin/100000000001:roleName/certificates";
const LIFETIME: i64 = 7200;
const METADATA: &str = "latest/meta-data/cam/security-credentials/";

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(OffsetDateTime::from_unix_timestamp(1_719_792_000).unwrap()))
}

fn key() -> Credential {
    Credential::new("AKIDbase", "key").unwrap_or_else(|e| panic!("{e}"))
}

fn assumed() -> CredentialSource {
    CredentialSource::from(key()).assume_role(AssumeRole::new(ARN))
}

fn source_of_tke(file: &tempfile::NamedTempFile) -> CredentialSource {
    WebIdentity::new("cls-abc", ARN, file.path(), "ap-shanghai").into()
}

fn token_file(token: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), token).unwrap();
    file
}

/// A session as STS gives it: the first is `AKIDtmp0`.
fn session(number: usize, ends: OffsetDateTime) -> Reply {
    Reply::Json(json!({
        "Credentials": {
            "Token": format!("token{number}"), "TmpSecretId": format!("AKIDtmp{number}"),
            "TmpSecretKey": "tmpkey",
        },
        "ExpiredTime": ends.unix_timestamp(), "Expiration": "x",
    }))
}

/// DNSPod, STS and the metadata service in one, whose sessions last two hours.
async fn tencent(clock: &Arc<ManualClock>) -> Scripted {
    let clock = Arc::clone(clock);
    Scripted::start(move |call| answer(call, &clock)).await
}

fn answer(call: &Call, clock: &ManualClock) -> Reply {
    let ends = clock.now() + time::Duration::seconds(LIFETIME);
    match call.action.as_str() {
        "AssumeRole" | "AssumeRoleWithWebIdentity" => session(call.number, ends),
        METADATA => text("certctl-role"),
        action if action.starts_with(METADATA) => Reply::Bare(json!({
            "TmpSecretId": format!("AKIDtmp{}", call.number), "TmpSecretKey": "tmpkey",
            "Token": format!("token{}", call.number), "ExpiredTime": ends.unix_timestamp(),
            "Expiration": "x", "Code": "Success",
        })),
        _ => usual(call),
    }
}

fn text(body: &str) -> Reply {
    Reply::Raw(format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn builder(
    server: &Scripted,
    source: impl Into<CredentialSource>,
    clock: &Arc<ManualClock>,
) -> DnsPodBuilder {
    DnsPod::builder(source)
        .endpoint(server.url.clone())
        .sts_endpoint(server.url.clone())
        .metadata_endpoint(server.url.clone())
        .clock(clock.clone())
}

fn provider(
    server: &Scripted,
    source: impl Into<CredentialSource>,
    clock: &Arc<ManualClock>,
) -> DnsPod {
    builder(server, source, clock).build().unwrap_or_else(|e| panic!("{e}"))
}

/// The session that the last record was created with: the id, and the token beside it.
fn last_signed(server: &Scripted) -> (String, String) {
    let calls = server.calls_of("CreateRecord");
    let headers = &calls.last().expect("a record was created").headers;
    let (_, rest) = headers["authorization"].split_once("Credential=").unwrap();
    let (id, _) = rest.split_once('/').unwrap();
    (id.to_owned(), headers.get("x-tc-token").cloned().unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn a_role_is_assumed_with_what_it_needs_and_records_are_signed_with_the_session() {
    let clock = clock();
    let server = tencent(&clock).await;
    let policy = zone_policy("100000000001", 1923);
    let role = AssumeRole {
        session_name: "certificates@host".to_owned(),
        duration: Duration::from_secs(3600),
        external_id: Some("team/a".to_owned()),
        policy: Some(policy.clone()),
        ..AssumeRole::new(ARN)
    };
    let source = CredentialSource::from(key().with_token("basetoken")).assume_role(role);
    provider(&server, source, &clock).append_txt(&txt(NAME, "v")).await.unwrap();

    let call = &server.calls_of("AssumeRole")[0];
    assert_eq!(call.headers["x-tc-version"], "2018-08-13");
    assert_eq!(call.headers["x-tc-region"], "ap-guangzhou");
    assert_eq!(call.headers["x-tc-token"], "basetoken");
    let signed = "TC3-HMAC-SHA256 Credential=AKIDbase/2024-07-01/sts/tc3_request, ";
    assert!(call.headers["authorization"].starts_with(signed), "{:?}", call.headers);
    let encoded = call.body["Policy"].as_str().expect("a policy").to_owned();
    assert_eq!(
        call.body,
        json!({
            "RoleArn": ARN, "RoleSessionName": "certificates@host", "DurationSeconds": 3600,
            "Policy": encoded, "ExternalId": "team/a",
        })
    );
    let pair = format!("p={encoded}");
    let (_, decoded) = url::form_urlencoded::parse(pair.as_bytes()).next().unwrap();
    assert_eq!(decoded, policy);
    assert_eq!(last_signed(&server), ("AKIDtmp0".to_owned(), "token0".to_owned()));
}

/// In Tencent's SDKs for Python and Go, the environment's key is used without the token that belongs to it.
#[tokio::test(start_paused = true)]
async fn the_token_of_a_key_in_the_environment_is_sent() {
    let clock = clock();
    let server = tencent(&clock).await;
    for name in ["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"]
    {
        let variables = HashMap::from([
            ("TENCENTCLOUD_SECRET_ID", "AKIDenv"),
            ("TENCENTCLOUD_SECRET_KEY", "key"),
            (name, name),
        ]);
        let lookup = |variable: &str| variables.get(variable).map(|&value| value.to_owned());
        let found = credential_chain(&lookup, &ChainOptions::default());
        let FoundCredential::TencentCloud(source) =
            found.unwrap_or_else(|e| panic!("{e}")).credential
        else {
            panic!("a key was set")
        };
        provider(&server, source, &clock).append_txt(&txt(NAME, name)).await.unwrap();
        assert_eq!(last_signed(&server), ("AKIDenv".to_owned(), name.to_owned()));
    }
}

/// Tencent's SDK for Go asks STS in Guangzhou whatever `TKE_REGION` says, and has TKE in no default chain; another
/// library reads the token's file from a variable that TKE does not set.
#[tokio::test(start_paused = true)]
async fn a_pod_in_tke_has_its_role_by_what_tke_sets_and_in_the_region_it_names() {
    let clock = clock();
    let server = tencent(&clock).await;
    let file = token_file("eyJhbGciOi.the.token\n");
    let path = file.path().display().to_string();
    let variables = HashMap::from([
        ("TKE_REGION", "ap-shanghai"),
        ("TKE_PROVIDER_ID", "cls-abc"),
        ("TKE_ROLE_ARN", ARN),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", path.as_str()),
    ]);
    let lookup = |variable: &str| variables.get(variable).map(|&value| value.to_owned());
    let options =
        ChainOptions { system_file: "/nowhere/credentials".into(), ..ChainOptions::default() };
    let found = credential_chain(&lookup, &options).unwrap_or_else(|e| panic!("{e}"));
    let FoundCredential::TencentCloud(source) = found.credential else {
        panic!("{}", found.origin)
    };
    provider(&server, source, &clock).append_txt(&txt(NAME, "v")).await.unwrap();

    let call = &server.calls_of("AssumeRoleWithWebIdentity")[0];
    assert_eq!(call.headers["x-tc-region"], "ap-shanghai");
    assert_eq!(call.headers["authorization"], "SKIP");
    assert!(!call.headers.contains_key("x-tc-token"));
    assert_eq!(
        call.body,
        json!({
            "ProviderId": "cls-abc", "WebIdentityToken": "eyJhbGciOi.the.token", "RoleArn": ARN,
            "RoleSessionName": "dnspod-solver", "DurationSeconds": 7200,
        })
    );
    assert_eq!(last_signed(&server), ("AKIDtmp0".to_owned(), "token0".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_service_accounts_token_is_read_again_for_every_session() {
    let clock = clock();
    let server = tencent(&clock).await;
    let file = token_file("one");
    let dnspod = provider(&server, source_of_tke(&file), &clock);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    std::fs::write(file.path(), "two").unwrap();
    clock.advance(Duration::from_secs(7000));
    dnspod.append_txt(&txt(NAME, "w")).await.unwrap();

    let calls = server.calls_of("AssumeRoleWithWebIdentity");
    let tokens: Vec<_> = calls.iter().map(|call| &call.body["WebIdentityToken"]).collect();
    assert_eq!(tokens, ["one", "two"]);
    assert_eq!(last_signed(&server).0, "AKIDtmp1");
}

#[tokio::test(start_paused = true)]
async fn without_the_service_accounts_token_it_is_said_and_nobody_is_asked() {
    let clock = clock();
    let server = tencent(&clock).await;
    let source = WebIdentity::new("cls-abc", ARN, "/nowhere/token", "ap-shanghai");
    let error = provider(&server, source, &clock).append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no credential for DNSPod: the web identity token /nowhere/token: No such file or directory (os error 2); \
         the pod's service account must name the role (annotation tke.cloud.tencent.com/role-arn), then start the \
         pod anew"
    );
    assert!(!error.is_retryable());
    assert!(server.calls().is_empty());
}

/// Tencent's SDKs for Python and Go assume a role again after a tenth of the session.
#[tokio::test(start_paused = true)]
async fn a_session_is_kept_until_five_minutes_before_its_end() {
    let clock = clock();
    let server = tencent(&clock).await;
    let dnspod = provider(&server, assumed(), &clock);
    for (advance, sessions) in [(0, 1), (730, 1), (6169, 1), (2, 2), (6800, 2)] {
        clock.advance(Duration::from_secs(advance));
        dnspod.append_txt(&txt(NAME, &advance.to_string())).await.unwrap();
        assert_eq!(server.calls_of("AssumeRole").len(), sessions, "after {advance} s more");
    }
    assert_eq!(last_signed(&server).0, "AKIDtmp1");
}

#[tokio::test(start_paused = true)]
async fn many_calls_at_once_assume_a_role_once() {
    let clock = clock();
    let server = tencent(&clock).await;
    let dnspod = provider(&server, assumed(), &clock);
    let values: Vec<_> = (0..30).map(|n| txt(NAME, &format!("v{n}"))).collect();
    for sessions in [1, 2] {
        let appends = values.iter().map(|record| dnspod.append_txt(record));
        for result in futures_util::future::join_all(appends).await {
            result.unwrap();
        }
        assert_eq!(server.calls_of("AssumeRole").len(), sessions);
        // Near its end, and then after it.
        clock.advance(Duration::from_secs(if sessions == 1 { 7000 } else { 8000 }));
    }
}

#[tokio::test(start_paused = true)]
async fn the_old_session_is_used_while_it_is_valid_and_none_can_be_had() {
    let clock = clock();
    let down = Arc::new(AtomicBool::new(false));
    let server = Scripted::start({
        let (clock, down) = (Arc::clone(&clock), Arc::clone(&down));
        move |call| match call.action.as_str() {
            "AssumeRole" if down.load(Ordering::Relaxed) => Reply::Hang,
            _ => answer(call, &clock),
        }
    })
    .await;
    let dnspod = provider(&server, assumed(), &clock);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    down.store(true, Ordering::Relaxed);
    clock.advance(Duration::from_secs(7000));
    let began = Instant::now();
    for value in ["w", "x", "y"] {
        dnspod.append_txt(&txt(NAME, value)).await.unwrap();
    }
    assert_eq!(last_signed(&server).0, "AKIDtmp0");
    assert_eq!(server.calls_of("AssumeRole").len(), 2, "one try, not one for each call");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());

    clock.advance(Duration::from_secs(201));
    let error = dnspod.append_txt(&txt(NAME, "z")).await.unwrap_err();
    assert!(matches!(error, DnsProviderError::Unavailable { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!(
            "Tencent Cloud STS is unavailable: cannot assume the role {ARN}: {}: no answer within the time limit",
            server.host()
        )
    );
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());

    down.store(false, Ordering::Relaxed);
    dnspod.append_txt(&txt(NAME, "z")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_server_no_longer_knows_is_renewed_once() {
    let clock = clock();
    let server = Scripted::start({
        let clock = Arc::clone(&clock);
        move |call| {
            let headers = &call.headers;
            match headers.get("x-tc-token").map(String::as_str) {
                Some("token0") if call.action == "CreateRecord" => {
                    error("AuthFailure.TokenFailure", "token error")
                }
                _ => answer(call, &clock),
            }
        }
    })
    .await;
    provider(&server, assumed(), &clock).append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("AssumeRole").len(), 2);
    assert_eq!(last_signed(&server).0, "AKIDtmp1");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_knows_no_session_at_all_is_not_asked_for_ever() {
    let clock = clock();
    for (source, sessions, calls) in [(assumed(), 2, 2), (key().with_token("old").into(), 0, 1)] {
        let server = Scripted::start({
            let clock = Arc::clone(&clock);
            move |call| match call.action.as_str() {
                "DescribeDomain" => error("AuthFailure.TokenFailure", ""),
                _ => answer(call, &clock),
            }
        })
        .await;
        let dnspod = provider(&server, source, &clock);
        for value in ["v", "w"] {
            let error = dnspod.append_txt(&txt(NAME, value)).await;
            assert!(matches!(error, Err(DnsProviderError::CredentialRefused { .. })), "{error:?}");
        }
        assert_eq!(server.calls_of("AssumeRole").len(), sessions);
        assert_eq!(server.calls_of("DescribeDomain").len(), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn who_refuses_a_role_is_named_with_what_to_do() {
    let clock = clock();
    for (code, said) in [
        ("AuthFailure.SignatureFailure", "the SecretKey does not belong to the SecretId"),
        ("UnauthorizedOperation", "the role must trust who assumes it"),
        ("ResourceNotFound.RoleNotFound", "there is no such role"),
    ] {
        let server = Scripted::start(move |_| error(code, "")).await;
        let error = provider(&server, assumed(), &clock).append_txt(&txt(NAME, "v")).await;
        let error = error.unwrap_err();
        assert!(matches!(error, DnsProviderError::CredentialRefused { .. }), "{error}");
        let begin = format!(
            "Tencent Cloud STS refused the credential: cannot assume the role {ARN}: {code}: {said}"
        );
        assert!(error.to_string().starts_with(&begin), "{error}");
        assert_eq!(server.calls().len(), 1, "a refusal is final");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_far_off_neither_stops_a_role_nor_wears_it_out() {
    let clock = clock();
    let true_now = clock.now();
    clock.advance(Duration::from_secs(86_400));
    let server = Scripted::start(move |call| match call.action.as_str() {
        "AssumeRole" => {
            let timestamp: i64 = call.headers["x-tc-timestamp"].parse().unwrap();
            let body = if (timestamp - true_now.unix_timestamp()).abs() > 300 {
                json!({ "Response": {
                    "Error": { "Code": "AuthFailure.SignatureExpire", "Message": "" }, "RequestId": "r",
                }})
            } else {
                json!({ "Response": {
                    "Credentials": { "Token": "t", "TmpSecretId": "AKIDtmp", "TmpSecretKey": "k" },
                    "ExpiredTime": true_now.unix_timestamp() + LIFETIME, "RequestId": "r",
                }})
            };
            let body = body.to_string();
            Reply::Raw(format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ndate: Mon, 01 Jul 2024 00:00:00 GMT\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            ))
        }
        _ => usual(call),
    })
    .await;
    let dnspod = provider(&server, assumed(), &clock);
    for value in ["v", "w", "x"] {
        dnspod.append_txt(&txt(NAME, value)).await.unwrap();
        clock.advance(Duration::from_secs(3000));
    }
    assert_eq!(server.calls_of("AssumeRole").len(), 2, "one refused for its time, one that lasts");
}

#[tokio::test(start_paused = true)]
async fn roles_can_be_chained_and_each_is_kept_by_itself() {
    let clock = clock();
    let server = tencent(&clock).await;
    let file = token_file("token");
    let source = source_of_tke(&file).assume_role(AssumeRole::new(ARN));
    let dnspod = provider(&server, source, &clock);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.append_txt(&txt(NAME, "w")).await.unwrap();
    assert_eq!(server.calls_of("AssumeRoleWithWebIdentity").len(), 1);
    let call = &server.calls_of("AssumeRole")[0];
    assert_eq!(call.headers["x-tc-token"], "token0");
    assert_eq!(server.calls_of("AssumeRole").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_role_of_the_instance_is_asked_for_without_a_proxy() {
    let clock = clock();
    let server = tencent(&clock).await;
    // Nobody listens there; what goes through it fails.
    let http = HttpOptions {
        proxy: Some(("http://127.0.0.1:9".parse().unwrap(), String::new())),
        ..HttpOptions::default()
    };
    let dnspod = builder(&server, InstanceRole::default(), &clock).http(http).build();
    let error = dnspod.unwrap_or_else(|e| panic!("{e}")).append_txt(&txt(NAME, "v")).await;
    assert!(matches!(error, Err(DnsProviderError::Unavailable { .. })), "{error:?}");
    let asked: Vec<String> = server.calls().into_iter().map(|call| call.action).collect();
    assert_eq!(asked, [METADATA.to_owned(), format!("{METADATA}certctl-role")]);

    provider(&server, InstanceRole::default(), &clock).append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(last_signed(&server), ("AKIDtmp1".to_owned(), "token1".to_owned()));
}

type Script = fn(&Call) -> Reply;

/// Tencent's SDK for Python passes over every failure of the metadata service and signs with nothing.
#[tokio::test(start_paused = true)]
async fn a_failure_of_the_metadata_service_is_said_and_nothing_is_signed() {
    let failing: [(&str, Script); 6] = [
        ("no credential for DNSPod: the instance has no role; bind one", |_| {
            Reply::Raw(
                "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                    .to_owned(),
            )
        }),
        ("the metadata service of the instance is unavailable: answered with HTTP 500", |_| {
            Reply::Raw(
                "HTTP/1.1 500 E\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned(),
            )
        }),
        (
            "the metadata service of the instance is unavailable: what it answers is not the name of a role",
            |_| text("<html>no</html>"),
        ),
        (
            "no credential for DNSPod: the metadata service of the instance answers Code \"Failed\" for the role r;",
            |call| {
                if call.action == METADATA {
                    text("r")
                } else {
                    Reply::Bare(json!({ "Code": "Failed" }))
                }
            },
        ),
        (
            "the metadata service of the instance is unavailable: the answer for the role r holds no credential",
            |call| {
                if call.action == METADATA {
                    text("r")
                } else {
                    Reply::Bare(json!({ "Code": "Success" }))
                }
            },
        ),
        ("the metadata service of the instance is unavailable: no answer within", |_| Reply::Hang),
    ];
    let clock = clock();
    for (said, script) in failing {
        let server = Scripted::start(move |call| {
            assert!(call.action.starts_with(METADATA), "{} is called", call.action);
            script(call)
        })
        .await;
        let began = Instant::now();
        let dnspod = provider(&server, InstanceRole::default(), &clock);
        let error = dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
        assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
    }
}

/// Tencent's SDK for Python reads `NO_PROXY` as a list of substrings.
#[tokio::test(start_paused = true)]
async fn a_host_is_reached_without_the_proxy_only_where_all_of_it_is_named() {
    let clock = clock();
    let proxy = Scripted::start(usual).await;
    let server = Scripted::start(usual).await;
    for (without, through_proxy) in [("27.0.0", true), ("127.0.0.1", false)] {
        let http = HttpOptions {
            proxy: Some((proxy.url.clone(), without.to_owned())),
            ..HttpOptions::default()
        };
        let before = proxy.calls().len();
        let dnspod = builder(&server, key(), &clock).http(http).build();
        dnspod.unwrap_or_else(|e| panic!("{e}")).append_txt(&txt(NAME, "v")).await.unwrap();
        assert_eq!(proxy.calls().len() > before, through_proxy, "{without}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_of_tccli_is_read_again_from_its_file_when_it_ends() {
    let clock = clock();
    let server = tencent(&clock).await;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".tccli/default.credential");
    std::fs::create_dir(home.path().join(".tccli")).unwrap();
    let login = |id: &str, ends: i64| {
        let file = json!({
            "type": "sso", "secretId": id, "secretKey": "key", "token": "token",
            "expiresAt": clock.now().unix_timestamp() + ends, "sso": { "site": "cn" },
        });
        std::fs::write(&path, file.to_string()).unwrap();
    };
    login("AKIDone", LIFETIME);
    let home = home.path().display().to_string();
    let lookup = |variable: &str| (variable == "HOME").then(|| home.clone());
    let options =
        ChainOptions { system_file: "/nowhere/credentials".into(), ..ChainOptions::default() };
    let found = credential_chain(&lookup, &options).unwrap_or_else(|e| panic!("{e}"));
    let FoundCredential::TencentCloud(source) = found.credential else {
        panic!("{}", found.origin)
    };
    let dnspod = provider(&server, source, &clock);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(last_signed(&server), ("AKIDone".to_owned(), "token".to_owned()));

    clock.advance(Duration::from_secs(7201));
    let error = dnspod.append_txt(&txt(NAME, "w")).await.unwrap_err();
    let path = path.display();
    assert_eq!(
        error.to_string(),
        format!(
            "no credential for DNSPod: the login in {path} has ended; run `tccli sso login` again"
        )
    );
    login("AKIDtwo", LIFETIME);
    dnspod.append_txt(&txt(NAME, "w")).await.unwrap();
    assert_eq!(last_signed(&server).0, "AKIDtwo");
}

#[tokio::test(start_paused = true)]
async fn whose_credential_it_is_can_be_asked() {
    let clock = clock();
    let server = Scripted::start({
        let clock = Arc::clone(&clock);
        move |call| match call.action.as_str() {
            "GetCallerIdentity" => Reply::Json(json!({
                "Type": "CAMUser", "AccountId": "100000000001", "UserId": "100000000002",
                "PrincipalId": "100000000002", "Arn": "qcs::cam::uin/100000000001:uin/100000000002",
            })),
            _ => answer(call, &clock),
        }
    })
    .await;
    let identity = |source: CredentialSource| {
        let dnspod = provider(&server, source, &clock);
        async move { dnspod.caller_identity().await.unwrap().expect("an API key has a caller") }
    };
    let permanent = identity(key().into()).await;
    assert_eq!(permanent.account_id, "100000000001");
    assert_eq!(permanent.arn, "qcs::cam::uin/100000000001:uin/100000000002");
    assert_eq!((permanent.kind.as_str(), permanent.ends), ("CAMUser", None));
    assert_eq!(permanent.secret_id, "AKIDbase");
    let temporary = identity(assumed()).await;
    assert_eq!(temporary.secret_id, "AKIDtmp0");
    assert_eq!(temporary.ends, Some(clock.now() + time::Duration::seconds(LIFETIME)));
}
