//! A DNS01 webhook made with cert-manager's own Go library, to tell what is wrong with ours from what is wrong with
//! everything else. Its solver is called `reference` and edits zones through a [`TxtHook`](crate::txt_hook::TxtHook).

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::{Value, json};

use super::parts::{NAMESPACE, SERVICE_ACCOUNT};
use crate::control_plane::{ControlPlane, flags, free_port, run};
use crate::daemon::{Daemon, Run};
use crate::real_part::RealPart;
use crate::txt_hook::TxtHook;

/// The Service, and the service account that it runs as.
const NAME: &str = "reference-webhook";

/// A running webhook; dropping it kills it. What it was registered as stays.
#[derive(Debug)]
pub struct ReferenceWebhook {
    _daemon: Daemon,
}

impl ReferenceWebhook {
    /// Starts it on loopback, registers it for `group` by way of a Service in `namespace`, and lets cert-manager call it.
    ///
    /// # Errors
    /// A sentence: it cannot be had, does not start, or kube-apiserver does not find it available.
    pub async fn start(plane: &ControlPlane, namespace: &str, group: &str) -> Result<Self, String> {
        plane.delegate_authentication(namespace, NAME).await?;
        let kubeconfig = plane.service_account_kubeconfig(namespace, NAME).await?;
        let dir = plane.dir().join(format!("{NAME}.{namespace}"));
        let own = plane.serving_certificate(namespace, NAME)?;
        let file = |name: &str| dir.join(name).display().to_string();
        let write = || {
            fs::create_dir_all(&dir)?;
            fs::write(file("tls.crt"), &own.certificate)?;
            fs::write(file("tls.key"), own.key.as_bytes())
        };
        write().map_err(|error: std::io::Error| format!("{}: {error}", dir.display()))?;
        let secure_port = free_port()?;
        let kubeconfig = kubeconfig.display().to_string();
        let places = [&secure_port.to_string(), &kubeconfig, &file("tls.crt"), &file("tls.key")];
        let arguments = arguments(places.map(String::as_str));
        let obtained = RealPart::CertManager.obtain().await.map_err(ToString::to_string)?;
        let variables = vec![("GROUP_NAME", group.to_owned())];
        let daemon =
            Daemon::start(Run { variables, ..run(NAME, &obtained.program, arguments, &dir) })
                .await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, secure_port));
        let port = plane.expose(namespace, NAME, address).await?;
        plane.register(group, namespace, NAME, port, &plane.ca_pem()).await?;
        plane.allow_create(group, NAMESPACE, SERVICE_ACCOUNT).await?;
        Ok(Self { _daemon: daemon })
    }
}

/// The webhook's command for [`Conformance`](crate::conformance::Conformance).
///
/// # Errors
/// A sentence: it cannot be had.
pub async fn reference_webhook_command() -> Result<Vec<String>, String> {
    let part = RealPart::CertManager.obtain().await.map_err(ToString::to_string)?;
    let program: &Path = &part.program;
    let arguments = arguments(["{port}", "{kubeconfig}", "{tls-cert}", "{tls-key}"]);
    Ok([vec![program.display().to_string()], arguments].concat())
}

/// What a solver of the reference webhook is configured with.
pub fn reference_config(hook: &TxtHook) -> Value {
    json!({ "endpoint": hook.endpoint() })
}

fn arguments([port, kubeconfig, certificate, key]: [&str; 4]) -> Vec<String> {
    let flags = flags([
        ("bind-address", "127.0.0.1".to_owned()),
        ("secure-port", port.to_owned()),
        ("kubeconfig", kubeconfig.to_owned()),
        ("authentication-kubeconfig", kubeconfig.to_owned()),
        ("authorization-kubeconfig", kubeconfig.to_owned()),
        ("tls-cert-file", certificate.to_owned()),
        ("tls-private-key-file", key.to_owned()),
    ]);
    [vec![NAME.to_owned()], flags].concat()
}
