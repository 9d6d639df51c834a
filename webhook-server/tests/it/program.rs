//! The program: arguments, environment, signals, log.

use std::fs;
use std::process::{Output, Stdio};
use std::time::Duration;

use sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::client::Client;
use crate::cluster::Cluster;
use crate::pki::Ca;
use crate::scene::{
    CERT_MANAGER, CERT_MANAGER_HEADERS, SOLVER, payload, payload_with, publish, until,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cert-manager-webhook-dnspod");

/// A program that runs, and its log.
struct Running {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    folder: TempDir,
    serving_ca: Ca,
}

impl Running {
    /// Starts it with a kubeconfig for `cluster`. Nobody listens at the proxy: kube-apiserver is reached without it, and
    /// DNSPod not at all.
    fn start(cluster: &Cluster, arguments: &[&str]) -> Self {
        Self::start_with(cluster, arguments, &[("HTTPS_PROXY", "http://127.0.0.1:9")])
    }

    fn start_with(cluster: &Cluster, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
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
            .envs(environment.iter().copied())
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

    /// Somebody without a certificate, and the front proxy, once it is ready.
    async fn callers(&mut self, front_proxy_ca: &Ca) -> [Client; 2] {
        let address = self.line("serving").await["address"].as_str().unwrap().to_owned();
        let url = format!("https://{address}");
        let anonymous = Client::new(&url, &self.serving_ca, None);
        until("it is ready", async || anonymous.get("/readyz", &[]).await.status == 200).await;
        let front_proxy = front_proxy_ca.client("front-proxy-client", &[]);
        [anonymous, Client::new(&url, &self.serving_ca, Some(&front_proxy))]
    }

    /// The next line of the log that says `message`.
    async fn line(&mut self, message: &str) -> Value {
        self.lines_until(message).await.pop().unwrap()
    }

    /// The next lines of the log, the last of which says `message`.
    async fn lines_until(&mut self, message: &str) -> Vec<Value> {
        let waiting = async {
            let mut lines = Vec::new();
            loop {
                let line = self.log.next_line().await.unwrap().expect("the log goes on");
                assert!(!line.contains(is_deceptive), "{line:?}");
                let line: Value = serde_json::from_str(&line).unwrap();
                let is_last = line["message"].as_str().unwrap().starts_with(message);
                lines.push(line);
                if is_last {
                    return lines;
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
    let [anonymous, proxy] = running.callers(&front_proxy_ca).await;
    let solver = running.line("Issuers name this webhook so").await;
    let solver: Value = serde_json::from_str(solver["solver"].as_str().unwrap()).unwrap();
    assert_eq!(solver["solvers"][0]["dns01"]["webhook"]["groupName"], "acme.a.example");

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

/// What some terminal or viewer takes for more than a character.
fn is_deceptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{202e}')
}

#[tokio::test]
async fn nobody_writes_lines_of_their_own_into_the_log() {
    const FORGED: &str = "x\n{\"level\":\"INFO\",\"message\":\"forged\"}\r\n\u{1b}[2J\u{2028}\u{85}\u{9b}\u{7f}\u{202e}";
    let cluster = Cluster::start().await;
    cluster.allow(CERT_MANAGER);
    let front_proxy_ca = Ca::new("front-proxy-ca");
    publish(&cluster, &Ca::new("kubernetes"), &front_proxy_ca);
    let mut running = Running::start(&cluster, &[]);
    let [_, proxy] = running.callers(&front_proxy_ca).await;
    let mut failures = 0;
    for field in [
        "uid",
        "action",
        "type",
        "dnsName",
        "key",
        "resourceNamespace",
        "resolvedFQDN",
        "resolvedZone",
    ] {
        let mut body: Value = serde_json::from_str(&payload("Present", "value")).unwrap();
        body["request"][field] = FORGED.into();
        body["request"]["config"][FORGED] = FORGED.into();
        let answer = proxy.post(SOLVER, &CERT_MANAGER_HEADERS, &body.to_string()).await;
        assert!(answer.status == 201 || answer.status == 400, "{field}: {}", answer.text);
        let message = &answer.json()["response"]["status"]["message"];
        assert!(!message.as_str().unwrap_or_default().contains(is_deceptive), "{field}: {message}");
        failures += usize::from(answer.status == 201);
    }
    let stranger = [("X-Remote-User", "\t{\"message\":\"forged\"}"), ("User-Agent", "\t\"forged")];
    assert_eq!(proxy.post(SOLVER, &stranger, "{}").await.status, 403);
    running.signal("-TERM");
    let lines = running.lines_until("stopped").await;
    let says = |message: &str| lines.iter().filter(|line| line["message"] == message).count();
    assert_eq!((says("forged"), says("a challenge failed")), (0, failures));
}

#[tokio::test]
async fn the_log_has_neither_values_nor_credentials() {
    let cluster = Cluster::start().await;
    cluster.allow(CERT_MANAGER);
    let front_proxy_ca = Ca::new("front-proxy-ca");
    publish(&cluster, &Ca::new("kubernetes"), &front_proxy_ca);
    let sandbox = Sandbox::builder().zone("ws.example").start().await.unwrap();
    let wrong = "0123456789abcdef0123456789abcdef";
    cluster.put_secret("cert-manager/good", &[("key", sandbox.secret_key())]);
    cluster.put_secret("cert-manager/wrong", &[("key", wrong)]);
    let endpoint = format!("--dnspod-endpoint={}", sandbox.dnspod_endpoint());
    let mut running = Running::start_with(&cluster, &[&endpoint], &[("LOG_LEVEL", "debug")]);
    let [_, proxy] = running.callers(&front_proxy_ca).await;
    for (action, secret, success) in
        [("Present", "good", true), ("CleanUp", "good", true), ("Present", "wrong", false)]
    {
        let config = json!({
            "secretId": sandbox.secret_id(),
            "secretKeyRef": { "name": secret, "key": "key" },
        });
        let body = payload_with(action, "the-value", &config).to_string();
        let answer = proxy.post(SOLVER, &CERT_MANAGER_HEADERS, &body).await;
        assert_eq!(answer.json()["response"]["success"], success, "{}", answer.text);
    }
    running.signal("-TERM");
    let log: String =
        running.lines_until("stopped").await.iter().map(ToString::to_string).collect();
    assert!(log.contains("_acme-challenge.ws.example"), "{log}");
    for secret in ["the-value", sandbox.secret_id(), sandbox.secret_key(), wrong] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
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
