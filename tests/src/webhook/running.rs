//! The webhook, behind a Service of a control plane.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use sandbox::Sandbox;
use serde_json::{Value, json};

use super::caller::Caller;
use super::program::{NAME, arguments, program};
use super::secret_volume::SecretVolume;
use crate::cert_manager;
use crate::control_plane::{ControlPlane, Pair, Routing, free_port, run};
use crate::daemon::{Daemon, Run};
use crate::real_part::routable_address;

/// How long it may take to be ready, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running webhook; dropping it kills it. What it was registered as stays, so that a test ends with
/// [`unregister`](Self::unregister).
pub struct Webhook {
    daemon: Daemon,
    namespace: String,
    groups: Vec<String>,
    certificate: SecretVolume,
    host: String,
    address: SocketAddr,
    ca: String,
}

impl Webhook {
    /// Starts it with `sandbox` as DNSPod, lets it read the Secrets of `namespace`, registers it for `groups` by way of a
    /// Service there, and lets cert-manager call it.
    ///
    /// # Errors
    /// A sentence: it cannot be built, does not start, or kube-apiserver does not find it available.
    pub async fn start(
        plane: &ControlPlane,
        namespace: &str,
        groups: &[&str],
        sandbox: &Sandbox,
    ) -> Result<Self, String> {
        plane.delegate_authentication(namespace, NAME).await?;
        allow_secrets(plane, namespace, namespace).await?;
        let webhook = Self::run(plane, namespace, groups, sandbox).await?;
        let port = plane.expose(namespace, NAME, webhook.address).await?;
        for group in groups {
            plane.register(group, namespace, NAME, port, &webhook.ca).await?;
            let account = cert_manager::SERVICE_ACCOUNT;
            plane.allow_create(group, cert_manager::NAMESPACE, account).await?;
        }
        Ok(webhook)
    }

    /// Starts another replica of it. Where kube-apiserver looks at [`Routing::Endpoints`] it stands behind the same
    /// Service; elsewhere nothing but its own address leads to it.
    ///
    /// # Errors
    /// A sentence: it does not start, or kube-apiserver refuses.
    pub async fn another(&self, plane: &ControlPlane, sandbox: &Sandbox) -> Result<Self, String> {
        let groups: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        let replica = Self::run(plane, &self.namespace, &groups, sandbox).await?;
        if plane.routing() == Routing::Endpoints {
            plane.expose(&self.namespace, NAME, replica.address).await?;
        }
        Ok(replica)
    }

    async fn run(
        plane: &ControlPlane,
        namespace: &str,
        groups: &[&str],
        sandbox: &Sandbox,
    ) -> Result<Self, String> {
        let kubeconfig = plane.service_account_kubeconfig(namespace, NAME).await?;
        let ip = match plane.routing() {
            Routing::ServiceAddress => Ipv4Addr::LOCALHOST,
            Routing::Endpoints => routable_address::find().ok_or("there is no routable address")?,
        };
        let port = free_port()?;
        let dir = plane.dir().join(format!("webhook.{namespace}.{port}"));
        let own = plane.serving_certificate(namespace, NAME)?;
        let certificate = SecretVolume::mount(dir.join("tls"), None, &files(&own));
        let certificate = certificate.map_err(|error| format!("{}: {error}", dir.display()))?;
        let path = |path: &Path| path.display().to_string();
        let places = [
            &ip.to_string(),
            &port.to_string(),
            &path(&kubeconfig),
            &path(&certificate.file("tls.crt")),
            &path(&certificate.file("tls.key")),
        ];
        let variables = vec![
            ("GROUP_NAME", groups.join(",")),
            ("LOG_LEVEL", "debug".to_owned()),
            // The sandbox is reached without a proxy, whatever the machine has.
            ("no_proxy", "*".to_owned()),
        ];
        let arguments = arguments(places.map(String::as_str), sandbox);
        let run = Run { variables, ..run(NAME, program().await?, arguments, &dir) };
        let mut webhook = Self {
            daemon: Daemon::start(run).await?,
            namespace: namespace.to_owned(),
            groups: groups.iter().map(ToString::to_string).collect(),
            certificate,
            host: format!("{NAME}.{namespace}.svc"),
            address: SocketAddr::from((ip, port)),
            ca: plane.ca_pem(),
        };
        webhook.until_ready().await?;
        Ok(webhook)
    }

    /// Takes its groups from it again: those of a server that is gone hold up the deletion of every namespace.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn unregister(self, plane: &ControlPlane) -> Result<(), String> {
        for group in &self.groups {
            plane.unregister(group).await?;
        }
        Ok(())
    }

    /// Lets it read the Secrets of another namespace too: those of a `ClusterIssuer` are in cert-manager's.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn allow_secrets(&self, plane: &ControlPlane, namespace: &str) -> Result<(), String> {
        allow_secrets(plane, &self.namespace, namespace).await
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(&mut self) {
        self.daemon.stop().await;
    }

    /// Kills it and takes it out from behind its Service, as a cluster does when its machine is gone.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn lose(&mut self, plane: &ControlPlane) -> Result<(), String> {
        self.kill();
        plane.remove_endpoints(&self.namespace, NAME, self.address).await
    }

    /// Starts it again, killed first where it still runs, and waits until it is ready.
    ///
    /// # Errors
    /// A sentence, with the end of its log.
    pub async fn start_again(&mut self) -> Result<(), String> {
        self.daemon.start_again().await?;
        self.until_ready().await
    }

    /// Gives it another serving certificate, as the kubelet does when the Secret has changed.
    ///
    /// # Errors
    /// Where the files cannot be made.
    pub fn change_certificate(&mut self, own: &Pair) -> std::io::Result<()> {
        self.certificate.replace(&files(own))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Someone who calls it at its own address, with this certificate or none.
    ///
    /// # Errors
    /// A sentence: the certificate cannot be used.
    pub fn caller(&self, own: Option<&Pair>) -> Result<Caller, String> {
        Caller::new(&self.host, self.address, &self.ca, own)
    }

    /// The lines that it wrote since it was last started, as the JSON that they are.
    pub fn log(&self) -> Vec<Value> {
        self.daemon.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    async fn until_ready(&mut self) -> Result<(), String> {
        let anyone = self.caller(None)?;
        let ready = async || anyone.get("/readyz").await.is_ok_and(|answer| answer.code == 200);
        self.daemon.until("it was ready", START_LIMIT, ready).await
    }
}

fn files(own: &Pair) -> [(&str, &[u8]); 2] {
    [("tls.crt", own.certificate.as_bytes()), ("tls.key", own.key.as_bytes())]
}

/// The right that the chart gives it for each of `rbac.secretNamespaces`; it is in the namespace `own` itself.
async fn allow_secrets(plane: &ControlPlane, own: &str, namespace: &str) -> Result<(), String> {
    let group = "rbac.authorization.k8s.io";
    let name = format!("{NAME}.{own}:secret-reader");
    let metadata = json!({ "namespace": namespace, "name": name });
    let role = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "Role",
        "metadata": metadata,
        "rules": [{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get"] }],
    });
    let binding = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": { "apiGroup": group, "kind": "Role", "name": name },
        "subjects": [{ "kind": "ServiceAccount", "namespace": own, "name": NAME }],
    });
    for object in [role, binding] {
        plane.admin().apply(&object).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}
