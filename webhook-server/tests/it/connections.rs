//! Connections that are not what they should be.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::tls;
use crate::scene::Scene;

#[tokio::test]
async fn who_forgets_tls_is_told_so() {
    let scene = Scene::start().await;
    let mut stream = TcpStream::connect(scene.webhook.address()).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
}

#[tokio::test]
async fn http_1_1_and_2_are_spoken() {
    let scene = Scene::start().await;
    for protocol in [&b"h2"[..], b"http/1.1"] {
        let stream = connect(&scene, protocol).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
    }
    let answer = scene.client(None).get("/healthz", &[]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let scene = Scene::start().await;
    let mut stream = connect(&scene, b"http/1.1").await;
    let head = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    // The server may close before it has read everything.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(scene.client(None).get("/healthz", &[]).await.status, 200);
}

async fn connect(scene: &Scene, protocol: &[u8]) -> TlsStream<TcpStream> {
    let connector = TlsConnector::from(Arc::new(tls(&scene.serving_ca, None, &[protocol])));
    let stream = TcpStream::connect(scene.webhook.address()).await.unwrap();
    connector.connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

/// How long, by the runtime's clock, the server waits before it closes `stream`.
async fn closed_after(mut stream: impl tokio::io::AsyncRead + Unpin) -> Duration {
    tokio::time::pause();
    let began = Instant::now();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let waited = began.elapsed();
    tokio::time::resume();
    waited
}

#[tokio::test]
async fn who_says_nothing_is_left() {
    let scene = Scene::start().await;
    let stream = TcpStream::connect(scene.webhook.address()).await.unwrap();
    assert_eq!(closed_after(stream).await.as_secs(), 10);
}

#[tokio::test]
async fn who_does_not_finish_a_head_is_left() {
    let scene = Scene::start().await;
    let mut stream = connect(&scene, b"http/1.1").await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ").await.unwrap();
    assert_eq!(closed_after(stream).await.as_secs(), 30);
}

#[tokio::test]
async fn who_answers_no_ping_is_left() {
    let scene = Scene::start().await;
    let mut stream = connect(&scene, b"h2").await;
    // The preface of HTTP/2 and empty settings (RFC 9113 §3.4), and nothing ever after.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    assert_eq!(closed_after(stream).await.as_secs(), 60);
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed() {
    let scene = Scene::start().await;
    let stream = TokioIo::new(connect(&scene, b"h2").await);
    let (client, connection) =
        http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), stream).await.unwrap();
    tokio::time::pause();
    let began = Instant::now();
    connection.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 90);
    drop(client);
}
