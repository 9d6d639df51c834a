//! A webhook as a program on loopback: ours as it is shipped, or a Go webhook.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use e2e::cert_manager;
use e2e::control_plane::{ControlPlane, secret};
use e2e::daemon::{Daemon, Run};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::caller::Caller;
use crate::fake::Reach;

/// The API group that is served.
pub(crate) const GROUP: &str = "acme.bench.example";

const NAME: &str = "bench-webhook";

/// How long a start may take, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The pause between two looks at whether it is ready: what a start is measured too long by, at most.
const POLL: Duration = Duration::from_millis(1);

/// Which program it is.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    /// Ours, with further arguments.
    Ours(PathBuf, Vec<String>),
    /// A Go webhook, which cannot be told where DNSPod is.
    Go(PathBuf),
}

/// Where a webhook is to run, one after the other.
pub(crate) struct Site {
    /// Of its Service, of its `ServiceAccount` and of the Secrets.
    pub(crate) namespace: String,
    host: String,
    address: SocketAddr,
    ca: String,
    kubeconfig: PathBuf,
    dir: TempDir,
}

/// How long a start took, from before the program was executed.
pub(crate) struct Start {
    /// Until `/readyz` was answered with 200.
    pub(crate) ready: Duration,
    /// Until discovery was, which asks who the caller is and what they may do.
    pub(crate) discovery: Duration,
}

impl Site {
    /// Makes one with all rights, certificates and the Secrets `account-0` and so on.
    pub(crate) async fn new(plane: &ControlPlane, reach: &Reach) -> Result<Self, String> {
        let namespace = plane.namespace(NAME).await.map_err(|error| error.to_string())?;
        plane.delegate_authentication(&namespace, NAME).await?;
        let secrets = json!([{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get"] }]);
        plane.grant_cluster_role(&namespace, &secrets, &namespace, NAME).await?;
        plane.allow_create(GROUP, cert_manager::NAMESPACE, cert_manager::SERVICE_ACCOUNT).await?;
        for (n, (id, key)) in reach.keys.iter().enumerate() {
            let account = secret(&namespace, &account(n), &[("id", id), ("key", key)]);
            plane.admin().apply(&account).await.map_err(|error| error.to_string())?;
        }
        let own = plane.serving_certificate(&namespace, NAME)?;
        let written = || {
            let dir = tempfile::tempdir()?;
            std::fs::write(dir.path().join("tls.crt"), &own.certificate)?;
            std::fs::write(dir.path().join("tls.key"), own.key.as_bytes())?;
            std::fs::write(dir.path().join("dnspod.crt"), &reach.root)?;
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
            std::io::Result::Ok((dir, port))
        };
        let (dir, address) = written().map_err(|error| error.to_string())?;
        Ok(Self {
            host: format!("{NAME}.{namespace}.svc"),
            kubeconfig: plane.service_account_kubeconfig(&namespace, NAME).await?,
            address,
            ca: plane.ca_pem(),
            namespace,
            dir,
        })
    }

    /// Starts a program and waits until it serves discovery.
    pub(crate) async fn start(
        &self,
        plane: &ControlPlane,
        program: &Program,
        reach: &Reach,
    ) -> Result<(Daemon, Start), String> {
        let caller = self.caller(plane, false)?;
        let run = self.run(program, reach);
        let begun = Instant::now();
        let mut daemon = Daemon::start(run).await?;
        let mut took = [Duration::ZERO; 2];
        let discovery = format!("/apis/{GROUP}/v1alpha1");
        for (took, path) in took.iter_mut().zip(["/readyz", &discovery]) {
            while caller.status_of(path).await != Some(200) {
                if let Some(status) = daemon.exit_status() {
                    return Err(format!("{program:?}: {status}\n{}", daemon.log()));
                }
                if begun.elapsed() > START_LIMIT {
                    return Err(format!("{program:?} does not serve {path}\n{}", daemon.log()));
                }
                sleep(POLL).await;
            }
            *took = begun.elapsed();
        }
        let [ready, discovery] = took;
        Ok((daemon, Start { ready, discovery }))
    }

    /// Registers the webhook for its group, so that cert-manager finds it.
    pub(crate) async fn register(&self, plane: &ControlPlane) -> Result<(), String> {
        let port = plane.expose(&self.namespace, NAME, self.address).await?;
        plane.register(GROUP, &self.namespace, NAME, port, &self.ca).await
    }

    /// Whoever calls it with the front proxy's certificate, as cert-manager's account.
    pub(crate) fn caller(&self, plane: &ControlPlane, http1: bool) -> Result<Caller, String> {
        let own = plane.front_proxy_certificate("front-proxy-client")?;
        Caller::new((&self.host, self.address), &self.ca, &own, http1)
    }

    fn run(&self, program: &Program, reach: &Reach) -> Run {
        let file = |name: &str| self.dir.path().join(name).display().to_string();
        let kubeconfig = self.kubeconfig.display().to_string();
        let mut arguments = vec![
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.address.port()),
            format!("--kubeconfig={kubeconfig}"),
            format!("--tls-cert-file={}", file("tls.crt")),
            format!("--tls-private-key-file={}", file("tls.key")),
        ];
        let mut variables = vec![("GROUP_NAME", GROUP.to_owned())];
        let program = match program {
            Program::Ours(program, more) => {
                arguments.push(format!("--dnspod-endpoint={}", reach.endpoint));
                arguments.extend(more.iter().cloned());
                variables.push(("no_proxy", "*".to_owned()));
                program
            }
            Program::Go(program) => {
                arguments.push(format!("--authentication-kubeconfig={kubeconfig}"));
                arguments.push(format!("--authorization-kubeconfig={kubeconfig}"));
                variables.push(("HTTPS_PROXY", reach.proxy.clone()));
                variables.push(("NO_PROXY", "127.0.0.1".to_owned()));
                variables.push(("SSL_CERT_FILE", file("dnspod.crt")));
                program
            }
        };
        let dir = self.dir.path().to_owned();
        Run { name: NAME, program: program.clone(), arguments, variables, dir }
    }
}

/// The Secret of an account.
pub(crate) fn account(number: usize) -> String {
    format!("account-{number}")
}
