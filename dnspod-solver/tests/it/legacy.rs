//! One call of the legacy API: what is sent, and what follows each kind of answer.

use std::cell::RefCell;
use std::io::Write;
use std::time::Duration;

use acme_core::dns01::{DnsProvider, DnsProviderError};
use acme_core::http::HttpOptions;
use serde_json::json;
use tokio::time::Instant;

use crate::legacy_account::{SECRET, builder, dnspod, status, usual};
use crate::scripted::{Call, Reply, Scripted, txt};

const NAME: &str = "_acme-challenge.ws.example";

#[tokio::test(start_paused = true)]
async fn a_call_carries_what_the_legacy_api_asks_for() {
    let server = Scripted::start(usual).await;
    let http = HttpOptions { user_agent: "certctl/0.1.0".to_owned(), ..HttpOptions::default() };
    let dnspod = builder(&server).http(http).contact("ops@ws.example").build().unwrap();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();

    let create = &server.calls_of("Record.Create")[0];
    assert_eq!(create.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(create.headers["user-agent"], "certctl/0.1.0 (ops@ws.example)");
    assert_eq!(
        create.body,
        json!({
            "login_token": format!("12345,{SECRET}"), "format": "json", "lang": "en",
            "error_on_empty": "no", "domain_id": "1923", "sub_domain": "_acme-challenge",
            "record_type": "TXT", "record_line_id": "0", "record_line": "默认", "value": "v",
            "ttl": "600",
        })
    );
}

#[tokio::test(start_paused = true)]
async fn every_call_has_a_user_agent_of_the_form_that_is_mandated() {
    let server = Scripted::start(usual).await;
    let dnspod = dnspod(&server);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
    for call in server.calls() {
        let user_agent = &call.headers["user-agent"];
        let (product, contact) = user_agent.split_once(" (").unwrap();
        assert!(product.split_once('/').is_some_and(|(name, version)| {
            !name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit())
        }));
        assert!(contact.ends_with(')') && contact.contains('@'), "{user_agent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_for_a_moment_is_asked_again() {
    let bad: [fn() -> Reply; 6] = [
        || Reply::Raw("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>".to_owned()),
        || Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"status\":{".to_owned()),
        || Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<?xml".to_owned()),
        || Reply::Hang,
        || status("3", "未知错误"),
        || status("-99", "此功能暂停开放，请稍候重试"),
    ];
    for reply in bad {
        let server = Scripted::start(move |call| {
            if call.action == "Record.Create" && call.number == 0 { reply() } else { usual(call) }
        })
        .await;
        dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap();
        assert_eq!(server.calls_of("Record.Create").len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_ends_an_operation_within_its_deadline() {
    let server = Scripted::start(|_| Reply::Hang).await;
    let start = Instant::now();
    let error = dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(matches!(error, DnsProviderError::Unavailable { .. }), "{error}");
    assert!(start.elapsed() <= Duration::from_secs(25), "{:?}", start.elapsed());
    assert!(server.calls().len() >= 3, "one swallowed request must leave time for others");
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_shape_is_named_with_its_action() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Record.Create" => status("1", "Operation successful"),
        _ => usual(call),
    })
    .await;
    let error = dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "DNSPod is unavailable: {}: the answer to Record.Create is not what the legacy API documents: missing field \
             `record`",
            server.host()
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_not_tried_again_for_two_minutes() {
    for code in ["-1", "-8", "85", "50", "10002", "10003", "20004"] {
        let server = Scripted::start(move |_| status(code, "Login fail")).await;
        let dnspod = dnspod(&server);
        let first = dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
        assert!(matches!(first, DnsProviderError::CredentialRefused { .. }), "{first}");
        assert!(first.to_string().contains(&format!(": code {code}: the ")), "{first}");
        assert_eq!(dnspod.calls(), 1);

        let another = txt("_acme-challenge.other.example", "v");
        assert_eq!(dnspod.append_txt(&another).await.unwrap_err(), first);
        assert_eq!(dnspod.delete_txt(&txt(NAME, "v")).await.unwrap_err(), first);
        assert_eq!(dnspod.calls(), 1);

        tokio::time::advance(Duration::from_secs(121)).await;
        assert_eq!(dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err(), first);
        assert_eq!(dnspod.calls(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_with_a_wrong_token_make_one_call() {
    let server = Scripted::start(|_| status("-1", "登陆失败")).await;
    let dnspod = dnspod(&server);
    let mut appends = tokio::task::JoinSet::new();
    for i in 0..100 {
        let dnspod = dnspod.clone();
        appends.spawn(async move {
            dnspod.append_txt(&txt(&format!("_acme-challenge.n{i}.ws.example"), "v")).await
        });
    }
    for result in appends.join_all().await {
        assert!(matches!(result, Err(DnsProviderError::CredentialRefused { .. })), "{result:?}");
    }
    assert_eq!(dnspod.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn asked_for_fewer_calls_the_caller_is_told_to_wait_a_minute() {
    let server = Scripted::start(|_| status("-2", "API使用超出限制")).await;
    let dnspod = dnspod(&server);
    let error = dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(dnspod.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_status_code_is_read_with_and_without_quotes() {
    let server = Scripted::start(|call| {
        let Reply::Bare(mut answer) = usual(call) else { unreachable!() };
        let code: i64 = answer["status"]["code"].as_str().unwrap().parse().unwrap();
        answer["status"]["code"] = json!(code);
        Reply::Bare(answer)
    })
    .await;
    let dnspod = dnspod(&server);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    dnspod.delete_txt(&txt(NAME, "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_code_in_words_is_read_as_one_of_api_3_0() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Record.Create" => status("FailedOperation.DomainIsLocked", "锁定域名不能进行此操作。"),
        _ => usual(call),
    })
    .await;
    let error = dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "zone ws.example cannot be used at DNSPod: FailedOperation.DomainIsLocked: the zone is locked; unlock it in \
         the DNSPod console (DNSPod says: 锁定域名不能进行此操作。)"
    );
}

thread_local! {
    /// What the log says, of all levels and libraries, on the thread of one test.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(text))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_is_in_no_error_and_no_log() {
    // For the whole process: whether a line is logged at all is remembered for all threads at once.
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(|| Log);
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();

    let bad: [fn(&Call) -> Reply; 4] = [
        |_| status("-1", "Login fail"),
        |_| Reply::Raw("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>".to_owned()),
        |_| Reply::Hang,
        |call| match call.action.as_str() {
            "Record.Create" => status("4711", "something new"),
            _ => usual(call),
        },
    ];
    for script in bad {
        let server = Scripted::start(script).await;
        let error = dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
    }
    let log = LOG.with_borrow(|log| String::from_utf8_lossy(log).into_owned());
    assert!(log.contains("something new"), "the log was not kept");
    assert!(!log.contains(SECRET), "{log}");
}
