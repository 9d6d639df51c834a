//! How the kube-apiserver is reached: by kubeconfigs, or as a pod does it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use webhook_server::Kubernetes;

use crate::args::Args;
use crate::report::Report;

/// Bound on a connection; the kube-apiserver is near.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The kubeconfig for each purpose; `None` is the pod's ServiceAccount.
#[derive(Debug)]
pub(super) struct Kubeconfigs {
    core: Option<PathBuf>,
    authentication: Option<PathBuf>,
    authorization: Option<PathBuf>,
}

impl Kubeconfigs {
    pub(super) fn new(args: &Args) -> Self {
        let or_core =
            |file: &Option<String>| file.as_ref().or(args.kubeconfig.as_ref()).map(PathBuf::from);
        Self {
            core: args.kubeconfig.as_ref().map(PathBuf::from),
            authentication: or_core(&args.authentication_kubeconfig),
            authorization: or_core(&args.authorization_kubeconfig),
        }
    }

    /// Reads them all.
    pub(super) async fn read(&self) -> Result<Kubernetes, Report> {
        Ok(Kubernetes {
            core: read("kubeconfig", self.core.as_deref()).await?,
            authentication: read("authentication-kubeconfig", self.authentication.as_deref())
                .await?,
            authorization: read("authorization-kubeconfig", self.authorization.as_deref()).await?,
        })
    }
}

async fn read(flag: &str, path: Option<&Path>) -> Result<kube::Config, Report> {
    let mut config = match path {
        Some(path) => {
            let failed = |error: kube::config::KubeconfigError| {
                Report::failure(
                    format_args!("--{flag}: {}: {error}", path.display()),
                    "give a kubeconfig with a current context",
                )
            };
            let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
            let has_proxy = has_proxy(&kubeconfig);
            let options = KubeConfigOptions::default();
            let mut config =
                kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(failed)?;
            if !has_proxy {
                // The library has taken it from HTTPS_PROXY, which is for DNSPod.
                config.proxy_url = None;
            }
            config
        }
        None => kube::Config::incluster_env().map_err(|error| {
            Report::failure(
                format_args!("this is no pod with a ServiceAccount: {error}"),
                "outside of a cluster, give --kubeconfig FILE",
            )
        })?,
    };
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    Ok(config)
}

fn has_proxy(kubeconfig: &Kubeconfig) -> bool {
    let mut clusters = kubeconfig.clusters.iter().filter_map(|named| named.cluster.as_ref());
    clusters.any(|cluster| cluster.proxy_url.is_some())
}
