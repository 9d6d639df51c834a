//! The cert-manager that tests share.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::parts::CertManager;
use crate::control_plane::{self, ControlPlane, KubeControllerManager};
use crate::dns_relay::DnsRelay;

static SHARED: Mutex<Option<Result<Arc<SharedCertManager>, String>>> = Mutex::const_new(None);

/// cert-manager and kube-controller-manager on the control plane that tests share.
pub struct SharedCertManager {
    /// The control plane.
    pub plane: Arc<ControlPlane>,
    /// Where cert-manager looks names up. A test gives its sandbox a zone of its own and says here who serves it.
    pub dns: DnsRelay,
    cert_manager: CertManager,
    controllers: KubeControllerManager,
}

impl SharedCertManager {
    /// What cert-manager's controllers wrote.
    pub fn log(&self) -> String {
        self.cert_manager.log()
    }

    /// What kube-controller-manager wrote.
    pub fn controllers_log(&self) -> String {
        self.controllers.log()
    }
}

/// The cert-manager of this program's tests, started when the first of them asks.
///
/// # Errors
/// As [`CertManager::start`], to every test that asks.
pub async fn shared() -> Result<Arc<SharedCertManager>, String> {
    let mut shared = SHARED.lock().await;
    if let Some(running) = &*shared {
        return running.clone();
    }
    let running = start().await.map(Arc::new);
    shared.insert(running).clone()
}

async fn start() -> Result<SharedCertManager, String> {
    let plane = control_plane::shared().await?;
    let dns = DnsRelay::start().await?;
    let controllers = KubeControllerManager::start(&plane).await?;
    let cert_manager = CertManager::start(&plane, dns.address(), &[]).await?;
    Ok(SharedCertManager { plane, dns, cert_manager, controllers })
}

/// Ends it: what is static is never dropped.
pub(crate) fn stop_shared() {
    // Taken only between tests.
    if let Ok(mut shared) = SHARED.try_lock() {
        *shared = None;
    }
}
