//! The client against servers that answer with prepared bytes.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

/// Accepts one connection, reads a request's head, answers and closes; gives the head.
async fn answer_once(answer: Vec<u8>) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        // A client that has seen enough closes the connection.
        let _ = stream.write_all(&answer).await;
        String::from_utf8(head).unwrap()
    });
    (address, serving)
}

async fn get(options: &HttpOptions, url: &str) -> Result<reqwest::Response, String> {
    options.client().unwrap().get(url).send().await.map_err(reason)
}

fn with_proxy(proxy: SocketAddr, without: &str) -> HttpOptions {
    let url = format!("http://{proxy}").parse().unwrap();
    HttpOptions { proxy: Some((url, without.to_owned())), ..HttpOptions::default() }
}

#[test]
fn errors_name_the_option_at_fault() {
    let refused = |options: HttpOptions| options.client().expect_err("it must be refused");
    let root =
        |text: &str| HttpOptions { extra_roots: vec![text.to_owned()], ..HttpOptions::default() };
    assert_eq!(refused(root("nothing")).field, "extra_roots");
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(refused(root(garbage)).field, "extra_roots");

    let proxy = "socks5://user:secret@127.0.0.1:1".parse().unwrap();
    let error =
        refused(HttpOptions { proxy: Some((proxy, String::new())), ..HttpOptions::default() });
    assert_eq!(error.field, "proxy");
    assert!(!error.to_string().contains("secret"));

    let agent = HttpOptions { user_agent: "a\nb".to_owned(), ..HttpOptions::default() };
    assert_eq!(refused(agent).field, "user_agent");
}

#[test]
fn the_password_of_a_proxy_is_not_printed() {
    let proxy = "http://user:secret@127.0.0.1:1".parse().unwrap();
    let options = HttpOptions { proxy: Some((proxy, String::new())), ..HttpOptions::default() };
    assert!(options.client().is_ok());
    assert!(!format!("{options:?}").contains("secret"));
}

#[tokio::test]
async fn requests_go_through_the_proxy_and_the_proxy_resolves_the_name() {
    let (proxy, serving) = answer_once(b"HTTP/1.1 502 Bad Gateway\r\n\r\n".to_vec()).await;
    let options = with_proxy(proxy, "other.example");
    assert!(get(&options, "https://ca.example/directory").await.is_err());
    assert!(serving.await.unwrap().starts_with("CONNECT ca.example:443 "));
}

#[tokio::test]
async fn hosts_on_the_list_go_without_the_proxy() {
    let (server, serving) = answer_once(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
    // Nobody listens at port 9.
    let options = with_proxy("127.0.0.1:9".parse().unwrap(), "ca.example, 127.0.0.1");
    assert_eq!(get(&options, &format!("http://{server}/")).await.unwrap().status(), 204);
    assert!(serving.await.unwrap().contains("user-agent: acme-core/"));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let answer =
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n";
    let (server, _) = answer_once(answer.to_vec()).await;
    let response = get(&HttpOptions::default(), &format!("http://{server}/")).await.unwrap();
    assert_eq!(response.status(), 302);
}

#[tokio::test]
async fn host_names_are_asked_of_the_name_servers_that_are_given() {
    let sandbox = sandbox::Sandbox::start().await.unwrap();
    sandbox.add_record("ca.ws.example", "A", "127.0.0.1").unwrap();
    let (server, _) = answer_once(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
    let resolvers = [sandbox.resolver()].into();
    let options = HttpOptions { resolvers, ..HttpOptions::default() };

    let url = format!("http://ca.ws.example:{}/", server.port());
    assert_eq!(get(&options, &url).await.unwrap().status(), 204);
    let error = get(&options, "https://absent.ws.example/").await.unwrap_err();
    assert_eq!(error, "cannot resolve absent.ws.example: the name does not exist");
}

#[tokio::test]
async fn a_body_is_read_up_to_the_bound_whether_announced_or_not() {
    let head = "HTTP/1.1 200 OK\r\n";
    for (length_header, size, fits) in [
        ("content-length: 1000\r\n", 1000, true),
        ("content-length: 1001\r\n", 1001, false),
        ("", 1000, true),
        ("", 1001, false),
    ] {
        let body = "a".repeat(size);
        let answer = format!("{head}{length_header}connection: close\r\n\r\n{body}");
        let (server, _) = answer_once(answer.into_bytes()).await;
        let response = get(&HttpOptions::default(), &format!("http://{server}/")).await.unwrap();
        let read = read_bounded(response, 1000).await;
        let expected =
            if fits { Ok(body.into()) } else { Err(BodyError::TooLarge { limit: 1000 }) };
        assert_eq!(read, expected, "{length_header:?} {size}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec();
    let (server, _) = answer_once(answer).await;
    let response = get(&HttpOptions::default(), &format!("http://{server}/")).await.unwrap();
    assert!(matches!(read_bounded(response, 1000).await, Err(BodyError::Broken { .. })));
}

#[tokio::test]
async fn an_error_shows_its_root_and_not_the_url() {
    let error = get(&HttpOptions::default(), "http://127.0.0.1:9/secret").await.unwrap_err();
    assert!(error.contains("Connection refused") && !error.contains("secret"), "{error}");
}
