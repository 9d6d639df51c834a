//! cert-manager's three programs and what they need in the cluster.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::{admission, rights};
use crate::control_plane::{
    CUSTOM_RESOURCE_DEFINITIONS, ControlPlane, KubeClient, KubeError, flags, free_port, run,
};
use crate::daemon::Daemon;
use crate::real_part::RealPart;

/// Where cert-manager is, and where it looks for what a `ClusterIssuer` refers to.
pub const NAMESPACE: &str = "cert-manager";

/// The service account, in [`NAMESPACE`], that calls webhooks.
pub const SERVICE_ACCOUNT: &str = "cert-manager";

/// How long its parts may take, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A running cert-manager; dropping it kills its programs.
#[derive(Debug)]
pub struct CertManager {
    controller: Daemon,
    cainjector: Daemon,
    webhook: Daemon,
}

impl CertManager {
    /// Installs cert-manager, starts it and waits until it takes objects. It looks names up at `dns` only, which has to
    /// know the SOA records of zones. `extra` are further flags of the controller.
    ///
    /// # Errors
    /// A sentence: it cannot be had, or does not start; then with the end of a log.
    pub async fn start(
        plane: &ControlPlane,
        dns: SocketAddr,
        extra: &[&str],
    ) -> Result<Self, String> {
        let obtained = RealPart::CertManager.obtain().await.map_err(ToString::to_string)?;
        let program = &obtained.program;
        install(plane, &program.with_file_name("crds"))
            .await
            .map_err(|error| format!("cert-manager: {error}"))?;

        let mut controller = flags([
            ("kubeconfig", kubeconfig(plane, SERVICE_ACCOUNT).await?),
            ("cluster-resource-namespace", NAMESPACE.to_owned()),
            ("dns01-recursive-nameservers", dns.to_string()),
            ("dns01-recursive-nameservers-only", "true".to_owned()),
            // Where it says why a webhook was not content.
            ("v", "4".to_owned()),
        ]);
        controller.extend(extra.iter().map(ToString::to_string));
        let cainjector =
            flags([("kubeconfig", kubeconfig(plane, "cert-manager-cainjector").await?)]);
        let port = free_port()?;
        let webhook = flags([
            ("kubeconfig", kubeconfig(plane, "cert-manager-webhook").await?),
            ("secure-port", port.to_string()),
            ("healthz-port", free_port()?.to_string()),
            ("metrics-listen-address", "0".to_owned()),
            ("dynamic-serving-ca-secret-namespace", NAMESPACE.to_owned()),
            ("dynamic-serving-ca-secret-name", admission::CA_SECRET.to_owned()),
            ("dynamic-serving-dns-names", "localhost".to_owned()),
        ]);
        let start = async |name, part: &str, arguments: Vec<String>| {
            let arguments = [vec![part.to_owned()], arguments].concat();
            Daemon::start(run(name, program, arguments, plane.dir())).await
        };
        let mut running = Self {
            controller: start("cert-manager", "controller", controller).await?,
            cainjector: start("cert-manager-cainjector", "cainjector", cainjector).await?,
            webhook: start("cert-manager-webhook", "webhook", webhook).await?,
        };
        for configuration in admission::configurations(port) {
            plane.admin().apply(&configuration).await.map_err(|error| error.to_string())?;
        }
        running.until_ready(plane).await?;
        Ok(running)
    }

    /// Ends all of it, in order.
    pub async fn stop(&mut self) {
        self.controller.stop().await;
        self.cainjector.stop().await;
        self.webhook.stop().await;
    }

    /// Starts what [`stop`](Self::stop) ended and waits until it takes objects.
    ///
    /// # Errors
    /// A sentence, with the end of a log.
    pub async fn start_again(&mut self, plane: &ControlPlane) -> Result<(), String> {
        for daemon in [&mut self.controller, &mut self.cainjector, &mut self.webhook] {
            daemon.start_again().await?;
        }
        self.until_ready(plane).await
    }

    /// The controllers' process, for tests that crash it.
    pub fn controller(&mut self) -> &mut Daemon {
        &mut self.controller
    }

    /// What the controllers wrote.
    pub fn log(&self) -> String {
        self.controller.log()
    }

    async fn until_ready(&mut self, plane: &ControlPlane) -> Result<(), String> {
        let asked = async || admission::is_asked(plane.admin()).await;
        self.webhook.until("kube-apiserver got an answer", START_LIMIT, asked).await?;
        self.controller.until_logged("controllers started", START_LIMIT).await
    }
}

async fn kubeconfig(plane: &ControlPlane, account: &str) -> Result<String, String> {
    let file = plane.service_account_kubeconfig(NAMESPACE, account).await?;
    Ok(file.display().to_string())
}

/// Makes cert-manager's kinds known, for tests that need objects of them and nobody who acts on them.
///
/// # Errors
/// A sentence: cert-manager cannot be had, or kube-apiserver refuses.
pub async fn define_kinds(plane: &ControlPlane) -> Result<(), String> {
    let obtained = RealPart::CertManager.obtain().await.map_err(ToString::to_string)?;
    define_all(plane.admin(), &obtained.program.with_file_name("crds")).await
}

async fn define_all(admin: &KubeClient, definitions: &Path) -> Result<(), String> {
    let files =
        fs::read_dir(definitions).map_err(|error| format!("{}: {error}", definitions.display()))?;
    let files: Vec<PathBuf> = files.flatten().map(|entry| entry.path()).collect();
    futures_util::future::try_join_all(files.iter().map(|file| define(admin, file))).await.map(drop)
}

/// Its resource definitions, its namespace, and the rights of its service accounts.
async fn install(plane: &ControlPlane, definitions: &Path) -> Result<(), String> {
    let admin = plane.admin();
    let words = |error: KubeError| error.to_string();
    define_all(admin, definitions).await?;

    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
    admin.apply(&namespace).await.map_err(words)?;
    for (name, rules, account) in [
        ("cert-manager-controller", rights::controller(), SERVICE_ACCOUNT),
        ("cert-manager-cainjector", rights::cainjector(), "cert-manager-cainjector"),
        ("cert-manager-webhook:subjectaccessreviews", rights::webhook(), "cert-manager-webhook"),
    ] {
        plane.grant_cluster_role(name, &rules, NAMESPACE, account).await?;
    }
    for object in webhook_role() {
        admin.apply(&object).await.map_err(words)?;
    }
    Ok(())
}

/// Applies a resource definition and waits until its kind can be used.
async fn define(admin: &KubeClient, file: &Path) -> Result<(), String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let yaml = fs::read_to_string(file).map_err(|error| wrong(&error))?;
    // A file is named <group>_<plural>.yaml, and its definition <plural>.<group>.
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let (group, plural) =
        stem.split_once('_').ok_or_else(|| wrong(&"not named as a resource definition"))?;
    let path = CUSTOM_RESOURCE_DEFINITIONS.named(&format!("{plural}.{group}"));
    admin.apply_yaml(&path, yaml).await.map_err(|error| wrong(&error))?;
    admin.until_condition(&path, "Established", START_LIMIT).await.map(drop)
}

fn webhook_role() -> [Value; 2] {
    let name = "cert-manager-webhook:dynamic-serving";
    let metadata = json!({ "namespace": NAMESPACE, "name": name });
    let group = "rbac.authorization.k8s.io";
    let api_version = format!("{group}/v1");
    [
        json!({
            "apiVersion": api_version,
            "kind": "Role",
            "metadata": metadata,
            "rules": rights::webhook_in_its_namespace(admission::CA_SECRET),
        }),
        json!({
            "apiVersion": api_version,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": { "apiGroup": group, "kind": "Role", "name": name },
            "subjects": [{ "kind": "ServiceAccount", "namespace": NAMESPACE, "name": "cert-manager-webhook" }],
        }),
    ]
}
