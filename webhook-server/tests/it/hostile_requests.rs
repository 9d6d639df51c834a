//! Requests that mean one thing to one server and another to the next, and other bytes that no client sends.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::tls;
use crate::scene::{CERT_MANAGER, SOLVER, Scene, payload};

/// What a smuggler hides behind the first request.
const SECOND: &str = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

/// All that the webhook answers to these bytes, sent by the front proxy, until it closes the connection.
async fn answers(scene: &Scene, bytes: &[u8]) -> String {
    let config = tls(&scene.serving_ca, Some(&scene.front_proxy), &[b"http/1.1"]);
    let stream = TcpStream::connect(scene.webhook.address()).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answers = Vec::new();
    let closed =
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answers)).await;
    let answers = String::from_utf8(answers).unwrap();
    assert!(closed.is_ok(), "the connection goes on after {answers:?}");
    answers
}

/// A challenge of cert-manager's by HTTP/1.1, with these lines of the head and what follows it.
fn request(lines: &str, rest: &str) -> String {
    format!(
        "POST {SOLVER} HTTP/1.1\r\nHost: a\r\nX-Remote-User: {CERT_MANAGER}\r\n{lines}\r\n{rest}"
    )
}

#[tokio::test]
async fn a_body_with_two_lengths_is_the_last_of_its_connection() {
    let scene = Scene::start().await;
    let last = SECOND.replace("Host: a", "Host: a\r\nConnection: close");
    let honest = request("Transfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{last}"));
    let two = answers(&scene, honest.as_bytes()).await;
    assert_eq!(two.matches("HTTP/1.").count(), 2, "what is smuggled would be seen: {two}");
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let smuggled = request(lines, &format!("0\r\n\r\n{SECOND}"));
        let answers = answers(&scene, smuggled.as_bytes()).await;
        assert_eq!(answers.matches("HTTP/1.").count(), 1, "{lines:?}: {answers}");
    }
    assert!(scene.sandbox.dnspod_calls().is_empty());
}

#[tokio::test]
async fn a_head_that_can_be_read_in_two_ways_is_refused() {
    let scene = Scene::start().await;
    for lines in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "X: a\r\n folded: b\r\n",
        "X: a\0b\r\n",
        "X: a\rContent-Length: 5\r\n",
        "X Y: a\r\n",
        ": a\r\n",
    ] {
        let smuggled = request(lines, SECOND);
        let answers = answers(&scene, smuggled.as_bytes()).await;
        assert!(answers.starts_with("HTTP/1.1 400 "), "{lines:?}: {answers}");
        assert_eq!(answers.matches("HTTP/1.").count(), 1, "{lines:?}: {answers}");
    }
    let old = request("Transfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{SECOND}"));
    for first in [old.replacen("HTTP/1.1", "HTTP/1.0", 1), format!("GET /healthz\r\n{SECOND}")] {
        let answers = answers(&scene, first.as_bytes()).await;
        assert!(answers.starts_with("HTTP/1.1 400 "), "{first:?}: {answers}");
        assert_eq!(answers.matches("HTTP/1.").count(), 1, "{first:?}: {answers}");
    }
}

#[tokio::test]
async fn chunks_that_are_none_end_the_connection() {
    let scene = Scene::start().await;
    for chunks in
        ["zz\r\n", "5 \rx\r\n{}", "ffffffffffffffffff\r\n{}", "-1\r\n{}\r\n", "2\r\n{}garbage\r\n"]
    {
        let smuggled =
            request("Transfer-Encoding: chunked\r\n", &format!("{chunks}0\r\n\r\n{SECOND}"));
        let answers = answers(&scene, smuggled.as_bytes()).await;
        assert!(answers.starts_with("HTTP/1.1 400 "), "{chunks:?}: {answers}");
        assert_eq!(answers.matches("HTTP/1.").count(), 1, "{chunks:?}: {answers}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_a_bad_request() {
    let scene = Scene::start().await;
    let body = payload("Present", "value").replace("\"value\"", "\"val?e\"").into_bytes();
    let body: Vec<u8> =
        body.into_iter().map(|byte| if byte == b'?' { 0xff } else { byte }).collect();
    let lines = format!("Connection: close\r\nContent-Length: {}\r\n", body.len());
    let bytes = [request(&lines, "").into_bytes(), body].concat();
    let answers = answers(&scene, &bytes).await;
    assert!(answers.starts_with("HTTP/1.1 400 "), "{answers}");
    assert!(answers.contains("the body of the request is not JSON"), "{answers}");
    assert!(scene.sandbox.dnspod_calls().is_empty());
}

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let scene = Scene::start().await;
    let lines: Vec<String> = (0..2_000).map(|number| format!("X-{number}: a\r\n")).collect();
    let lines = lines.concat();
    let answers = answers(&scene, request(&lines, "").as_bytes()).await;
    assert!(answers.starts_with("HTTP/1.1 431 "), "{answers}");
    // By HTTP/2.
    let names: Vec<String> = (0..4_000).map(|number| format!("x-{number}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a")).collect();
    let answer = scene.front_proxy().get("/healthz", &headers).await;
    assert_eq!(answer.status, 431);
    assert_eq!(scene.client(None).get("/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn tls_before_1_2_is_refused() {
    let scene = Scene::start().await;
    for minor in [1, 2] {
        // ClientHello (RFC 4346 §7.4.1.2) with ECDHE_RSA_WITH_AES_128_CBC_SHA and signature_algorithms.
        let mut hello = vec![3, minor];
        hello.extend([7; 32]);
        hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
        let length = u8::try_from(hello.len()).unwrap();
        let record = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat();
        let mut stream = TcpStream::connect(scene.webhook.address()).await.unwrap();
        stream.write_all(&record).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        // An alert (21), fatal (2), protocol_version (70).
        assert_eq!(
            (answer.first(), answer.get(5..)),
            (Some(&21), Some(&[2, 70][..])),
            "{answer:?}"
        );
    }
}
