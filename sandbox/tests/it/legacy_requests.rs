//! What holds for every request to the legacy API, whatever the action.

use std::time::Duration;

use sandbox::Sandbox;
use serde_json::json;

use crate::legacy_client::{AGENT, call, call_at, code, json, request};
use crate::tencent_client::{address, send_raw};

#[tokio::test]
async fn the_token_may_have_its_comma_raw_or_escaped_and_a_wrong_one_is_refused() {
    let sandbox = Sandbox::builder().login_token("12345,abcdef").start().await.unwrap();
    let answer = async |token: &str| {
        let body = format!("login_token={token}&format=json");
        let request = format!(
            "POST /Info.Version HTTP/1.1\r\nHost: dnsapi.cn\r\nUser-Agent: {AGENT}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len(),
        );
        json(&send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await)
    };
    for token in ["12345,abcdef", "12345%2Cabcdef", "12345%2cabcdef"] {
        let answer = answer(token).await;
        assert_eq!(
            (&answer["status"]["code"], &answer["status"]["message"]),
            (&json!("1"), &json!("4.6"))
        );
    }
    for token in ["12345,other", "abcdef", ""] {
        assert_eq!(answer(token).await["status"]["code"], "-1");
    }
    assert_eq!(sandbox.dnspod_calls(), ["Info.Version"; 6]);
}

#[tokio::test]
async fn a_token_is_made_up_where_none_is_given() {
    let sandbox = Sandbox::start().await.unwrap();
    let (id, secret) = sandbox.login_token().split_once(',').unwrap();
    assert_eq!((id, secret.len()), ("12345", 32));
    assert_eq!(code(&sandbox, "Info.Version", &[]).await, "1");
}

#[tokio::test]
async fn a_token_that_was_replaced_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_login_token("67890,other");
    assert_eq!(code(&sandbox, "Info.Version", &[]).await, "-1");
    assert_eq!(code(&sandbox, "Info.Version", &[("login_token", "67890,other")]).await, "1");
}

#[tokio::test]
async fn too_many_wrong_tokens_shut_the_right_one_out() {
    let sandbox = Sandbox::start().await.unwrap();
    for _ in 0..30 {
        assert_eq!(code(&sandbox, "Info.Version", &[("login_token", "1,wrong")]).await, "-1");
    }
    assert_eq!(code(&sandbox, "Info.Version", &[("login_token", "1,wrong")]).await, "-8");
    assert_eq!(code(&sandbox, "Info.Version", &[]).await, "-8");
}

#[tokio::test]
async fn user_agents_that_are_missing_or_a_browsers_are_refused_and_counted() {
    let sandbox = Sandbox::start().await.unwrap();
    let common = [("login_token", sandbox.login_token()), ("format", "json")];
    for (agent, code) in [
        ("", "-3"),
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/115.0", "-3"),
        (AGENT, "1"),
        ("acme.sh/3.1.4 (https://github.com/acmesh-official/acme.sh)", "1"),
    ] {
        let request = request("dnsapi.cn", agent, "Info.Version", &common);
        let answer = send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await;
        assert_eq!(json(&answer)["status"]["code"], code, "{agent}");
    }
    assert_eq!(sandbox.refused_agents(), 2);
}

#[tokio::test]
async fn only_post_is_taken_only_json_is_given_and_other_actions_are_not_there() {
    let sandbox = Sandbox::start().await.unwrap();
    let address = address(&sandbox.dnspod_endpoint());
    let get = format!(
        "GET /Domain.List?format=json&login_token={} HTTP/1.1\r\nHost: dnsapi.cn\r\nUser-Agent: {AGENT}\r\n\r\n",
        sandbox.login_token(),
    );
    assert_eq!(json(&send_raw(address, get.as_bytes()).await)["status"]["code"], "2");

    let common = [("login_token", sandbox.login_token())];
    let xml = request("dnsapi.cn", AGENT, "Domain.List", &common);
    let answer = send_raw(address, xml.as_bytes()).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/xml"));
    assert!(answer.body.contains("<code>2</code><message>json only"), "{}", answer.body);

    let answer = call_at(&sandbox, "dnsapi.cn", "Record.Ddns", &[]).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (404, "text/html"));
}

#[tokio::test]
async fn texts_are_english_unless_chinese_is_asked_for() {
    let sandbox = Sandbox::start().await.unwrap();
    let message = async |params: &[(&str, &str)]| {
        let answer = call(&sandbox, "Domain.Info", params).await;
        answer["status"]["message"].as_str().unwrap().to_owned()
    };
    let (here, away) = (("domain", "ws.example"), ("domain", "away.example"));
    assert_eq!(message(&[here]).await, "Operation successful");
    assert_eq!(message(&[here, ("lang", "en")]).await, "Operation successful");
    assert_eq!(message(&[here, ("lang", "cn")]).await, "操作成功");
    assert_eq!(message(&[away, ("lang", "cn")]).await, "当前域名有误，请返回重新操作");
    assert!(message(&[away]).await.is_ascii());
}

#[tokio::test]
async fn the_host_says_which_edition_answers_and_else_the_builder_does() {
    let params =
        [("domain", "ws.example"), ("record_type", "TXT"), ("sub_domain", "a"), ("value", "v")];
    for (international, host, line, code) in [
        (false, "dnsapi.cn", "默认", "1"),
        (false, "dnsapi.cn", "default", "26"),
        (false, "api.dnspod.com", "default", "1"),
        (false, "api.dnspod.com", "默认", "26"),
        (false, "127.0.0.1", "默认", "1"),
        (true, "127.0.0.1", "default", "1"),
        (true, "127.0.0.1", "默认", "26"),
        (true, "dnsapi.cn", "默认", "1"),
    ] {
        let builder = Sandbox::builder();
        let builder = if international { builder.international() } else { builder };
        let sandbox = builder.start().await.unwrap();
        let mut params = params.to_vec();
        params.push(("record_line", line));
        let answer = json(&call_at(&sandbox, host, "Record.Create", &params).await);
        assert_eq!(answer["status"]["code"], code, "{international} {host} {line}");
    }
}

#[tokio::test]
async fn faults_of_the_legacy_api_happen_once_and_are_its_alone() {
    let sandbox = Sandbox::start().await.unwrap();
    for (fault, expected) in
        [("legacy-throttled", "-2"), ("legacy-maintenance", "-99"), ("legacy-unknown-error", "3")]
    {
        sandbox.set_fault(fault).unwrap();
        assert_eq!(code(&sandbox, "Domain.List", &[]).await, expected);
        assert_eq!(code(&sandbox, "Domain.List", &[]).await, "1");
    }
    sandbox.set_fault("legacy-html-502").unwrap();
    let answer = call_at(&sandbox, "dnsapi.cn", "Domain.List", &[]).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (502, "text/html"));
}

#[tokio::test]
async fn a_timeout_after_commit_leaves_the_change_and_no_answer() {
    let sandbox = Sandbox::builder().fault("legacy-timeout-after-commit").start().await.unwrap();
    assert_eq!(code(&sandbox, "Domain.List", &[]).await, "1", "this changes nothing");
    let params = [
        ("domain", "ws.example"),
        ("record_type", "TXT"),
        ("sub_domain", "a"),
        ("value", "v"),
        ("record_line_id", "0"),
    ];
    {
        let unanswered = call(&sandbox, "Record.Create", &params);
        tokio::pin!(unanswered);
        while sandbox.txt_values("a.ws.example").is_empty() {
            let waited = tokio::time::timeout(Duration::from_millis(5), &mut unanswered).await;
            assert!(waited.is_err(), "it was answered");
        }
    }
    assert_eq!(code(&sandbox, "Record.Create", &params).await, "104");
}
