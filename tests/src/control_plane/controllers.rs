//! kube-controller-manager: namespaces finish being deleted, and what has lost its owner goes.

use std::time::Duration;

use super::plane::ControlPlane;
use super::programs::{flags, free_port, run};
use crate::daemon::Daemon;
use crate::real_part::RealPart;

const START_LIMIT: Duration = Duration::from_secs(60);

/// Those that a test can wait for; nothing here runs pods.
const CONTROLLERS: [&str; 6] = [
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "clusterrole-aggregation-controller",
];

/// A running kube-controller-manager; dropping it kills it.
#[derive(Debug)]
pub struct KubeControllerManager {
    daemon: Daemon,
}

impl KubeControllerManager {
    /// Starts it for a control plane and waits until it is healthy.
    ///
    /// # Errors
    /// A sentence: it cannot be had, or does not start; then with the end of its log.
    pub async fn start(plane: &ControlPlane) -> Result<Self, String> {
        let obtained =
            RealPart::KubeControllerManager.obtain().await.map_err(ToString::to_string)?;
        let port = free_port()?;
        let dir = plane.dir.path();
        let arguments = flags([
            ("kubeconfig", plane.admin_kubeconfig().display().to_string()),
            ("leader-elect", "false".to_owned()),
            ("bind-address", "127.0.0.1".to_owned()),
            ("secure-port", port.to_string()),
            ("cert-dir", dir.join("kube-controller-manager").display().to_string()),
            (
                "service-account-private-key-file",
                plane.pki.file("service-accounts.key").display().to_string(),
            ),
            ("root-ca-file", plane.pki.file("ca.crt").display().to_string()),
            ("controllers", CONTROLLERS.join(",")),
        ]);
        let run = run("kube-controller-manager", &obtained.program, arguments, dir);
        let mut daemon = Daemon::start(run).await?;
        let listens = async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        daemon.until("it listened", START_LIMIT, listens).await?;
        Ok(Self { daemon })
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        self.daemon.log()
    }
}
