//! The control plane that tests share.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::plane::{ControlPlane, ControlPlaneOptions};

static SHARED: Mutex<Option<Result<Arc<ControlPlane>, String>>> = Mutex::const_new(None);

/// The control plane of this program's tests, started when the first of them asks.
///
/// # Errors
/// As [`ControlPlane::start`], to every test that asks.
pub async fn shared() -> Result<Arc<ControlPlane>, String> {
    let mut shared = SHARED.lock().await;
    if let Some(plane) = &*shared {
        return plane.clone();
    }
    let plane = ControlPlane::start(ControlPlaneOptions::default()).await.map(Arc::new);
    shared.insert(plane).clone()
}

/// Ends it: what is static is never dropped.
pub(crate) fn stop_shared() {
    // Taken only between tests.
    if let Ok(mut shared) = SHARED.try_lock() {
        *shared = None;
    }
}
