//! The program: arguments, environment, signals, log.

use std::fs;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::client::Client;
use crate::cluster::Cluster;
use crate::pki::Ca;
use crate::scene::{CERT_MANAGER, CERT_MANAGER_HEADERS, SOLVER, payload, publish, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cert-manager-webhook-dnspod");

/// A program that runs, and its log.
struct Running {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    folder: TempDir,
    serving_ca: Ca,
}

impl Running {
    /// Starts it with a kubeconfig for `cluster`.
    fn start(cluster: &Cluster, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let serving_ca = Ca::new("serving");
        let identity = serving_ca.server("webhook");
        let write = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let ca = write("ca.crt", &cluster.root.pem());
        let kubeconfig = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
             clusters: [{{name: k, cluster: {{server: {}, certificate-authority: {}}}}}]\n\
             users: [{{name: u, user: {{token: a-token}}}}]\n",
            cluster.url,
            ca.display()
        );
        let mut child = Command::new(PROGRAM)
            .env_clear()
            .env("GROUP_NAME", "acme.a.example")
            // Nobody listens there: the kube-apiserver is reached without it, and DNSPod not at all.
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .arg("--bind-address=127.0.0.1")
            .args(["--secure-port", "0", "--v=2"])
            .arg("--tls-cert-file")
            .arg(write("tls.crt", &identity.certificate.pem()))
            .arg("--tls-private-key-file")
            .arg(write("tls.key", &identity.key.serialize_pem()))
            .arg("--kubeconfig")
            .arg(write("kubeconfig", &kubeconfig))
            .args(arguments)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log, folder, serving_ca }
    }

    /// The next line of the log that says `message`.
    async fn line(&mut self, message: &str) -> Value {
        let waiting = async {
            loop {
                let line = self.log.next_line().await.unwrap().expect("the log goes on");
                let line: Value = serde_json::from_str(&line).unwrap();
                if line["message"].as_str().unwrap().starts_with(message) {
                    return line;
                }
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
        waited.unwrap_or_else(|_| panic!("waited in vain for {message:?}"))
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let status = std::process::Command::new("kill").args([name, &id]).status().unwrap();
        assert!(status.success());
    }
}

#[tokio::test]
async fn it_serves_by_a_kubeconfig_until_it_is_asked_to_stop() {
    let cluster = Cluster::start().await;
    cluster.allow(CERT_MANAGER);
    let front_proxy_ca = Ca::new("front-proxy-ca");
    publish(&cluster, &Ca::new("kubernetes"), &front_proxy_ca);
    let mut running = Running::start(&cluster, &["--shutdown-delay-duration=500ms"]);
    assert_eq!(running.line("this flag of Kubernetes").await["flag"], "v");
    let address = running.line("serving").await["address"].as_str().unwrap().to_owned();
    let solver = running.line("Issuers name this webhook so").await;
    let solver: Value = serde_json::from_str(solver["solver"].as_str().unwrap()).unwrap();
    assert_eq!(solver["solvers"][0]["dns01"]["webhook"]["groupName"], "acme.a.example");

    let url = format!("https://{address}");
    let anonymous = Client::new(&url, &running.serving_ca, None);
    until("it is ready", async || anonymous.get("/readyz", &[]).await.status == 200).await;
    let front_proxy = front_proxy_ca.client("front-proxy-client", &[]);
    let proxy = Client::new(&url, &running.serving_ca, Some(&front_proxy));
    let answer = proxy.post(SOLVER, &CERT_MANAGER_HEADERS, &payload("Present", "the-value")).await;
    assert_eq!(answer.status, 201);
    let line = running.line("a challenge failed").await;
    assert_eq!(line["name"], "_acme-challenge.ws.example.");
    assert_eq!(line["level"], "WARN");
    assert!(!line.to_string().contains("the-value"), "{line}");

    running.signal("-TERM");
    until("it is no longer ready", async || anonymous.get("/readyz", &[]).await.status == 500)
        .await;
    running.line("stopped").await;
    assert!(running.child.wait().await.unwrap().success());
    assert!(running.folder.path().exists());
}

async fn fails(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Command::new(PROGRAM)
        .env_clear()
        .envs(environment.iter().copied())
        .args(arguments)
        .output()
        .await
        .unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn what_is_wrong_is_told_with_what_to_do() {
    let (code, text) = fails(&[], &[]).await;
    assert_eq!(code, Some(2));
    assert!(text.starts_with("error: GROUP_NAME: it is not set\n  hint: "), "{text}");
    let files = ["--tls-cert-file=/nowhere", "--tls-private-key-file=/nowhere"];
    let group = ("GROUP_NAME", "acme.a.example");
    let (code, text) = fails(&files, &[group]).await;
    assert_eq!(code, Some(1));
    assert!(text.contains("outside of a cluster, give --kubeconfig FILE"), "{text}");
    let (code, _) = fails(&["--nonsense"], &[group]).await;
    assert_eq!(code, Some(2));
}
