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
    pub(crate) body: String,
}

/// Sends raw bytes over a new connection and reads one answer.
pub(crate) async fn send_raw(server: SocketAddr, request: &[u8]) -> HttpAnswer {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        loop {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "closed: {bytes:?}");
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let header = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                lines
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.to_owned())
            };
            let length: usize = header("content-length").unwrap().parse().unwrap();
            if body.len() >= length {
                return HttpAnswer {
                    status: head.split(' ').nth(1).unwrap().parse().unwrap(),
                    content_type: header("content-type").unwrap_or_default(),
                    body: body.to_owned(),
                };
            }
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

/// A signed POST request, with further headers.
pub(crate) fn signed(sandbox: &Sandbox, action: &str, body: &str, more: &[&str]) -> String {
    let host = address(&sandbox.dnspod_endpoint()).to_string();
    #[expect(clippy::disallowed_methods, reason = "the sandbox compares with the machine's clock")]
    let now = OffsetDateTime::now_utc();
    let (timestamp, date) = (now.unix_timestamp(), now.date());
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{}",
        hex(&Sha256::digest(body))
    );
    let scope = format!("{date}/dnspod/tc3_request");
    let to_sign =
        format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut key = format!("TC3{}", sandbox.secret_key()).into_bytes();
    for part in [&date.to_string(), "dnspod", "tc3_request", &to_sign] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(part.as_bytes());
        key = mac.finalize().into_bytes().to_vec();
    }
    let more: String = more.iter().flat_map(|line| [line, "\r\n"]).collect();
    format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nX-TC-Action: {action}\r\n\
         X-TC-Version: 2021-03-23\r\nX-TC-Timestamp: {timestamp}\r\nContent-Length: {}\r\n\
         Authorization: TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, Signature={}\r\n\
         {more}\r\n{body}",
        body.len(),
        sandbox.secret_id(),
        hex(&key),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
