//! etcd and kube-apiserver, started, restarted and given new keys.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use url::Url;

use super::client::{KubeClient, KubeError};
use super::object::CONFIG_MAPS;
use super::pki::{Pair, Pki};
use super::programs::{free_url, start_apiserver, start_etcd};
use crate::daemon::Daemon;
use crate::real_part::RealPart;

/// How long kube-apiserver may take, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);

/// Ports are chosen before kube-apiserver takes them, so that another process may be faster; then others are chosen.
const START_TRIES: u32 = 3;

/// How long kube-apiserver may take to publish a CA: it looks at its files every minute where the kernel does not tell.
const ROTATION_LIMIT: Duration = Duration::from_secs(90);

/// How a control plane is to behave.
#[derive(Clone, Copy, Debug, Default)]
pub struct ControlPlaneOptions {
    /// How kube-apiserver reaches aggregated servers.
    pub routing: Routing,
}

/// How kube-apiserver reaches aggregated servers: `--enable-aggregator-routing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Routing {
    /// By the Service's cluster IP or external name. A server behind an `ExternalName` Service may listen on loopback.
    #[default]
    ServiceAddress,
    /// By the addresses in a Service's `EndpointSlice`s, which may not be loopback: the Service can be as a chart makes
    /// it, and the server listens at [`RealPart::RoutableAddress`].
    Endpoints,
}

/// A running control plane; dropping it kills its programs.
pub struct ControlPlane {
    pub(super) apiserver: Daemon,
    etcd: Daemon,
    pub(super) pki: Pki,
    pub(super) url: Url,
    pub(super) routing: Routing,
    pub(super) admin: KubeClient,
    namespaces: AtomicU32,
    pub(super) dir: TempDir,
}

impl ControlPlane {
    /// Starts etcd and kube-apiserver and waits until kube-apiserver is ready.
    ///
    /// # Errors
    /// A sentence: they cannot be had, or do not start; then with the end of the log.
    pub async fn start(options: ControlPlaneOptions) -> Result<Self, String> {
        let mut reason = String::new();
        for _ in 0..START_TRIES {
            match Self::start_once(options).await {
                Ok(plane) => return Ok(plane),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    async fn start_once(options: ControlPlaneOptions) -> Result<Self, String> {
        let program = &RealPart::KubeApiserver.obtain().await.map_err(ToString::to_string)?.program;
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let pki = Pki::create(&dir.path().join("pki"))?;
        let etcd = start_etcd(&program.with_file_name("etcd"), dir.path()).await?;
        let url = free_url()?;
        let apiserver = start_apiserver(program, &url, options.routing, &pki, dir.path()).await?;
        let admin = KubeClient::with_certificate(
            &url,
            &pki.ca().pem(),
            &pki.ca().client("admin", &["system:masters"])?,
        )?;
        let namespaces = AtomicU32::new(0);
        let mut plane =
            Self { apiserver, etcd, pki, url, routing: options.routing, admin, namespaces, dir };
        plane.until_ready().await?;
        plane.write_admin_kubeconfig()?;
        Ok(plane)
    }

    /// Ends kube-apiserver, as [`crash_apiserver`](Self::crash_apiserver) but in order.
    pub async fn stop_apiserver(&mut self) {
        self.apiserver.stop().await;
    }

    /// Kills kube-apiserver.
    pub fn crash_apiserver(&mut self) {
        self.apiserver.kill();
    }

    /// Starts kube-apiserver again at its old address, with what etcd has kept, and waits until it is ready.
    ///
    /// # Errors
    /// A sentence, with the end of its log.
    pub async fn start_apiserver(&mut self) -> Result<(), String> {
        self.apiserver.start_again().await?;
        self.until_ready().await
    }

    /// Gives kube-apiserver a new CA for what it shows to aggregated servers, then a certificate of that CA, as an
    /// administrator does: first both CAs are published in the `ConfigMap`
    /// `kube-system/extension-apiserver-authentication`, then the new certificate is used, by new connections and within
    /// moments. Returns the new CA in PEM.
    ///
    /// # Errors
    /// A sentence: the new CA is not published.
    pub async fn rotate_front_proxy_ca(&mut self) -> Result<String, String> {
        self.pki.renew_front_proxy_ca()?;
        let new = self.pki.front_proxy().pem();
        let published = CONFIG_MAPS.within("kube-system", "extension-apiserver-authentication");
        let is_there = |text: &str| text.replace('\r', "").contains(new.replace('\r', "").trim());
        self.admin
            .until(&published, "with the new front proxy's CA", ROTATION_LIMIT, |object| {
                let field = object.and_then(|o| o["data"]["requestheader-client-ca-file"].as_str());
                field.is_some_and(is_there)
            })
            .await?;
        self.pki.renew_front_proxy_client()?;
        Ok(new)
    }

    /// Where kube-apiserver listens.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// How aggregated servers are reached.
    pub fn routing(&self) -> Routing {
        self.routing
    }

    /// A client with every right.
    pub fn admin(&self) -> &KubeClient {
        &self.admin
    }

    /// The CA, in PEM, of kube-apiserver's own certificate and of its clients'.
    pub fn ca_pem(&self) -> String {
        self.pki.ca().pem()
    }

    /// The CA, in PEM, of the certificate that kube-apiserver shows to aggregated servers.
    pub fn front_proxy_ca_pem(&self) -> String {
        self.pki.front_proxy().pem()
    }

    /// A client's certificate for this user and these groups.
    ///
    /// # Errors
    /// A sentence: it cannot be made.
    pub fn client_certificate(&self, user: &str, groups: &[&str]) -> Result<Pair, String> {
        self.pki.ca().client(user, groups)
    }

    /// A certificate as kube-apiserver shows it to aggregated servers, for calls that claim to come from there.
    ///
    /// # Errors
    /// A sentence: it cannot be made.
    pub fn front_proxy_certificate(&self, common_name: &str) -> Result<Pair, String> {
        self.pki.front_proxy().client(common_name, &[])
    }

    /// Makes a namespace that no other test has, with a name that begins so, and returns the name.
    ///
    /// # Errors
    /// Where kube-apiserver refuses.
    pub async fn namespace(&self, prefix: &str) -> Result<String, KubeError> {
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        let name = format!("{prefix}-{number}");
        let object =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        self.admin.create(&object).await?;
        Ok(name)
    }

    /// The folder that its programs write to; gone when this is dropped.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What etcd and kube-apiserver wrote.
    pub fn logs(&self) -> String {
        format!("{}\n{}", self.etcd.log(), self.apiserver.log())
    }

    async fn until_ready(&mut self) -> Result<(), String> {
        let admin = self.admin.clone();
        let ready = async || admin.request(Method::GET, "/readyz", None).await.is_ok();
        self.apiserver.until("it was ready", START_LIMIT, ready).await
    }
}
