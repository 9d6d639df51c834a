//! Something that answers in DNSPod's place and means no good.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Uri;
use axum::response::Response;
use futures_util::stream;
use tokio::net::TcpListener;
use webhook_server::DnspodOptions;

use crate::scene::{Choices, Scene, api_key};

/// A webhook that takes for DNSPod what answers so, and how often anything but `/` was asked for.
async fn scene(answer: fn() -> Response) -> (Scene, Arc<AtomicUsize>) {
    let followed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&followed);
    let router = Router::new().fallback(async move |uri: Uri| {
        count.fetch_add(usize::from(uri.path() != "/"), Ordering::Relaxed);
        answer()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let dnspod = DnspodOptions {
        endpoint: Some(endpoint.parse().unwrap()),
        time_limit: Duration::from_secs(2),
        ..DnspodOptions::default()
    };
    let scene = Scene::start_with(Choices { dnspod, ..Choices::default() }).await;
    scene.wait_until_ready().await;
    (scene, followed)
}

/// Why the challenge failed: one short line without a control character, the same each time.
async fn failure(answer: fn() -> Response) -> String {
    let (scene, followed) = scene(answer).await;
    let message = scene.outcome_with("Present", &api_key()).await.unwrap_err();
    assert!(!message.contains(char::is_control), "{message:?}");
    assert!(message.len() < 1_000, "{} bytes", message.len());
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Err(message.clone()));
    assert_eq!(followed.load(Ordering::Relaxed), 0, "nobody is sent elsewhere");
    message
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_to_it() {
    let message = failure(|| {
        let spaces = Bytes::from(vec![b' '; 65_536]);
        let piece = move || Ok::<_, Infallible>(spaces.clone());
        Response::new(Body::from_stream(stream::repeat_with(piece)))
    })
    .await;
    assert!(message.contains("larger than"), "{message}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let message = failure(|| {
        let response = Response::builder().status(307).header("Location", "/elsewhere");
        response.body(Body::empty()).unwrap()
    })
    .await;
    assert!(message.contains("307"), "{message}");
}

#[tokio::test]
async fn what_dnspod_says_is_told_in_one_line() {
    let message = failure(|| {
        let code = r#"{"Response":{"Error":{"Code":"FailedOperation","Message":"no\r\n{\"level\":\"INFO\"}\u001b[2J\u0000"#;
        Response::new(Body::from(format!(r#"{code}{}"}},"RequestId":"r"}}}}"#, "x".repeat(100_000))))
    })
    .await;
    assert!(message.contains("FailedOperation"), "{message}");
}
