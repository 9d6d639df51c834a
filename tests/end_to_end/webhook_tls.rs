//! What OpenSSL's client can try at the webhook's port and those of today do not.

use std::process::Stdio;
use std::time::Duration;

use e2e::control_plane::shared;
use e2e::harness::Test;
use e2e::real_part::RealPart::{KubeApiserver, OpenSsl};
use e2e::webhook::Webhook;
use sandbox::Sandbox;
use tokio::io::AsyncWriteExt as _;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [KubeApiserver, OpenSsl] tls_is_neither_renegotiated_nor_old;
    }
}

/// The webhook leaves a connection on which nobody asks for anything after half a minute.
const LIMIT: Duration = Duration::from_secs(90);

async fn tls_is_neither_renegotiated_nor_old() {
    let plane = shared().await.unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    let namespace = plane.namespace("tls").await.unwrap();
    let group = format!("acme.{namespace}.example");
    let webhook = Webhook::start(&plane, &namespace, &[&group], &sandbox).await.unwrap();

    let spoken = spoken(&webhook, &["-tls1_2"], "R\n").await;
    assert_eq!(spoken.matches("ClientHello").count(), 2, "it asks once more: {spoken}");
    assert_eq!(spoken.matches(", ServerHello\n").count(), 1, "and nobody answers: {spoken}");

    // Versions that its library would not even offer without this.
    for old in ["-tls1", "-tls1_1"] {
        let spoken = self::spoken(&webhook, &[old, "-cipher", "ALL:@SECLEVEL=0"], "").await;
        assert!(spoken.contains("ClientHello"), "{spoken}");
        assert!(spoken.contains("protocol version"), "{spoken}");
    }
    assert_eq!(webhook.caller(None).unwrap().get("/livez").await.unwrap().code, 200);
    webhook.unregister(&plane).await.unwrap();
}

/// The messages of a connection: `typed` goes to `openssl s_client` once it is there, and the server ends it.
async fn spoken(webhook: &Webhook, options: &[&str], typed: &str) -> String {
    let mut client = OpenSsl.obtain().await.unwrap().command();
    client.args(["s_client", "-msg", "-connect", &webhook.address().to_string()]).args(options);
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut client = client.spawn().unwrap();
    let mut input = client.stdin.take().unwrap();
    input.write_all(typed.as_bytes()).await.unwrap();
    let output = tokio::time::timeout(LIMIT, client.wait_with_output()).await;
    let output = output.expect("the server ends the connection").unwrap();
    drop(input);
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}
