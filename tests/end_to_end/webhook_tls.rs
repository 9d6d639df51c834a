//! What OpenSSL's client can try at the webhook's port and those of today do not.

use std::process::Stdio;
use std::time::Duration;

use e2e::control_plane::shared;
use e2e::harness::Test;
use e2e::real_part::RealPart::{KubeApiserver, OpenSsl};
use e2e::webhook::Webhook;
use sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [KubeApiserver, OpenSsl] tls_is_neither_renegotiated_nor_old;
    }
}

const LIMIT: Duration = Duration::from_secs(60);

async fn tls_is_neither_renegotiated_nor_old() {
    let plane = shared().await.unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    let namespace = plane.namespace("tls").await.unwrap();
    let group = format!("acme.{namespace}.example");
    let mut webhook = Webhook::start(&plane, &namespace, &[&group], &sandbox).await.unwrap();

    // Versions that the client would not even offer without this.
    for old in ["-tls1", "-tls1_1"] {
        let mut client = client(&webhook, &[old, "-cipher", "ALL:@SECLEVEL=0"]).await;
        let spoken = client.all().await;
        assert!(spoken.contains(", ClientHello\n"), "{spoken}");
        assert!(spoken.contains(", fatal ") && !spoken.contains("ServerHello"), "{spoken}");
    }

    let mut client = client(&webhook, &["-tls1_2"]).await;
    client.until(", Finished\n").await;
    client.until(", Finished\n").await;
    client.types("R\n").await;
    client.until(", ClientHello\n").await;
    // Whoever asks after it is answered, so that it was read; then the webhook closes what it has open.
    assert_eq!(webhook.caller(None).unwrap().get("/livez").await.unwrap().code, 200);
    webhook.stop().await;
    let rest = client.all().await;
    assert!(!rest.contains(", ServerHello\n"), "nobody answers it: {rest}");
    webhook.unregister(&plane).await.unwrap();
}

/// `openssl s_client`, which shows each message of the connection.
struct Client {
    child: Child,
    spoken: Lines<BufReader<ChildStdout>>,
}

async fn client(webhook: &Webhook, options: &[&str]) -> Client {
    let mut command = OpenSsl.obtain().await.unwrap().command();
    command.args(["s_client", "-msg", "-connect", &webhook.address().to_string()]).args(options);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let spoken = BufReader::new(child.stdout.take().unwrap()).lines();
    Client { child, spoken }
}

impl Client {
    async fn types(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads on until a line ends so.
    async fn until(&mut self, end: &str) {
        let found = async {
            while let Some(line) = self.spoken.next_line().await.unwrap() {
                if format!("{line}\n").ends_with(end) {
                    return true;
                }
            }
            false
        };
        let found = tokio::time::timeout(LIMIT, found).await;
        assert_eq!(found, Ok(true), "{end}");
    }

    /// All that is left, until the server ends the connection.
    async fn all(&mut self) -> String {
        let mut all = String::new();
        let ended = async {
            while let Some(line) = self.spoken.next_line().await.unwrap() {
                all.extend([&line, "\n"]);
            }
        };
        tokio::time::timeout(LIMIT, ended).await.expect("the connection ends");
        all
    }
}
