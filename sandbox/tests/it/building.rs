//! What a sandbox is asked to be, and what it refuses to be.

use sandbox::{Sandbox, StartError};
use serde_json::Value;

async fn start_error(builder: sandbox::Builder) -> StartError {
    match builder.start().await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

async fn directory(sandbox: &Sandbox) -> Value {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(sandbox.root_pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().user_agent("test").tls_certs_only([root]).no_proxy();
    let client = client.build().unwrap();
    client.get(sandbox.directory_url()).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn what_cannot_be_started_is_said_and_why() {
    for (builder, expected) in [
        (Sandbox::builder().fault("bogus"), "there is no fault \"bogus\""),
        (Sandbox::builder().zone("a..b"), "\"a..b\" cannot be a zone"),
        (Sandbox::builder().name_servers(0), "at least one name server"),
        (Sandbox::builder().nonce_rejection(101), "from 0 to 100, not \"101\""),
        (
            Sandbox::builder().name_server_addresses(vec!["192.0.2.1".parse().unwrap()]),
            "listen for DNS",
        ),
    ] {
        let error = start_error(builder).await.to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn the_ca_says_whether_it_wants_an_external_account() {
    let free = Sandbox::start().await.unwrap();
    assert_eq!(directory(&free).await["meta"]["externalAccountRequired"], false);
    let bound = Sandbox::builder().require_external_account().start().await.unwrap();
    assert_eq!(directory(&bound).await["meta"]["externalAccountRequired"], true);
    assert_eq!(bound.external_account().1.len(), 43, "32 bytes in base64url");
    assert_ne!(bound.external_account(), free.external_account());
}

#[tokio::test]
async fn two_sandboxes_share_nothing() {
    let (one, two) = (Sandbox::start().await.unwrap(), Sandbox::start().await.unwrap());
    one.add_record("a.ws.example", "TXT", "value").unwrap();
    assert!(two.txt_values("a.ws.example").is_empty());
    assert_ne!(one.root_pem(), two.root_pem());
    assert_ne!(one.secret_key(), two.secret_key());
    assert_ne!(one.directory_url(), two.directory_url());
}
