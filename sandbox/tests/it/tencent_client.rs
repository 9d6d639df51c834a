//! A client of API 3.0 of a few lines: signs, sends raw bytes, reads the answer.

use std::net::SocketAddr;

use hmac::{Hmac, KeyInit, Mac};
use sandbox::Sandbox;
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ask::PATIENCE;

/// An HTTP answer in parts.
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) date: String,
    pub(crate) body: String,
}

/// Sends raw bytes over a new connection and reads one answer.
pub(crate) async fn send_raw(server: SocketAddr, request: &[u8]) -> HttpAnswer {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        let head = loop {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "closed: {bytes:?}");
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = bytes.split_off(end + 4);
                break String::from_utf8(std::mem::replace(&mut bytes, rest)).unwrap();
            }
        };
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let length: usize = header("content-length").unwrap().parse().unwrap();
        while bytes.len() < length {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "closed: {bytes:?}");
        }
        HttpAnswer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            content_type: header("content-type").unwrap_or_default(),
            date: header("date").unwrap_or_default(),
            body: String::from_utf8(bytes).unwrap(),
        }
    };
    tokio::time::timeout(PATIENCE, exchange).await.expect("no HTTP answer in time")
}

/// The address in a URL such as `http://127.0.0.1:1234`.
pub(crate) fn address(url: &str) -> SocketAddr {
    url.rsplit('/').next().unwrap().parse().unwrap()
}

/// Calls an action with these parameters and returns what is in `Response`.
pub(crate) async fn call(sandbox: &Sandbox, action: &str, params: &Value) -> Value {
    let body = params.to_string();
    let request = signed(sandbox, action, &body, &[]);
    let answer = send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await;
    response(&answer)
}

/// The error code of an action that is refused.
pub(crate) async fn refusal(sandbox: &Sandbox, action: &str, params: Value) -> String {
    let answer = call(sandbox, action, &params).await;
    let code = answer["Error"]["Code"].as_str();
    code.unwrap_or_else(|| panic!("{action} {params} was accepted: {answer}")).to_owned()
}

/// What is in `Response`, after a check of what every answer has.
pub(crate) fn response(answer: &HttpAnswer) -> Value {
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"));
    assert!(answer.body.is_ascii(), "{}", answer.body);
    let mut body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    let response = body["Response"].take();
    assert_eq!(response["RequestId"].as_str().unwrap().len(), 36);
    response
}

/// What a request is signed with, and for which service.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) service: &'static str,
    pub(crate) version: &'static str,
}

impl Signer {
    /// The account's own key, for DNSPod.
    pub(crate) fn account(sandbox: &Sandbox) -> Self {
        Self {
            id: sandbox.secret_id().to_owned(),
            key: sandbox.secret_key().to_owned(),
            service: "dnspod",
            version: "2021-03-23",
        }
    }

    /// The same key for STS.
    pub(crate) fn for_sts(self) -> Self {
        Self { service: "sts", version: "2018-08-13", ..self }
    }
}

/// A POST request that is signed with the account's key, with further headers.
pub(crate) fn signed(sandbox: &Sandbox, action: &str, body: &str, more: &[&str]) -> String {
    signed_by(&Signer::account(sandbox), sandbox, action, body, more)
}

/// A POST request that is signed with something else than the account's key, with further headers.
pub(crate) fn signed_by(
    signer: &Signer,
    sandbox: &Sandbox,
    action: &str,
    body: &str,
    more: &[&str],
) -> String {
    Unsigned { body, more, signer: Some(signer), ..Unsigned::new(action) }.sign(sandbox)
}

/// A request before it is signed.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    pub(crate) query: &'a str,
    pub(crate) action: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a str,
    /// What is hashed for the body.
    pub(crate) payload: Option<&'a str>,
    /// Headers that are signed, beside `content-type` and `host`, which sort before them.
    pub(crate) signed_too: &'a [(&'a str, &'a str)],
    /// The server that it is for, if not that without TLS.
    pub(crate) host: Option<SocketAddr>,
    /// Header lines that are not signed.
    pub(crate) more: &'a [&'a str],
    /// What it is signed with, if not the account's key for DNSPod.
    pub(crate) signer: Option<&'a Signer>,
}

impl<'a> Unsigned<'a> {
    /// A POST request in JSON.
    pub(crate) fn new(action: &'a str) -> Self {
        Self {
            method: "POST",
            query: "",
            action,
            content_type: "application/json",
            body: "{}",
            payload: None,
            signed_too: &[],
            host: None,
            more: &[],
            signer: None,
        }
    }

    /// The request as it is sent.
    pub(crate) fn sign(&self, sandbox: &Sandbox) -> String {
        let Self { method, query, action, content_type, body, .. } = *self;
        let account = Signer::account(sandbox);
        let Signer { id, key, service, version } = self.signer.unwrap_or(&account);
        let plain = address(&sandbox.dnspod_endpoint());
        let host = self.host.unwrap_or(plain).to_string();
        #[expect(
            clippy::disallowed_methods,
            reason = "the sandbox compares with the machine's clock"
        )]
        let now = OffsetDateTime::now_utc();
        let (timestamp, date) = (now.unix_timestamp(), now.date());
        let always = [("content-type", content_type), ("host", host.as_str())];
        let signed: Vec<(&str, &str)> =
            always.into_iter().chain(self.signed_too.iter().copied()).collect();
        let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let canonical = signed.iter().fold(String::new(), |canonical, (name, value)| {
            canonical + name + ":" + &value.trim().to_lowercase() + "\n"
        });
        let payload = hex(&Sha256::digest(self.payload.unwrap_or(body)));
        let canonical = format!("{method}\n/\n{query}\n{canonical}\n{names}\n{payload}");
        let scope = format!("{date}/{service}/tc3_request");
        let to_sign =
            format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let mut key = format!("TC3{key}").into_bytes();
        for part in [date.to_string().as_str(), *service, "tc3_request", &to_sign] {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(part.as_bytes());
            key = mac.finalize().into_bytes().to_vec();
        }
        let signed_too = self.signed_too.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let more = self.more.iter().map(|line| format!("{line}\r\n"));
        let lines: String = signed_too.chain(more).collect();
        let target = if query.is_empty() { "/".to_owned() } else { format!("/?{query}") };
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\n\
             X-TC-Action: {action}\r\nX-TC-Version: {version}\r\nX-TC-Timestamp: {timestamp}\r\n\
             Content-Length: {}\r\nAuthorization: TC3-HMAC-SHA256 Credential={id}/{scope}, \
             SignedHeaders={names}, Signature={}\r\n{lines}\r\n{body}",
            body.len(),
            hex(&key),
        )
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
