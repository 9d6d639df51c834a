//! The program and its command lines.

use std::path::PathBuf;

use sandbox::Sandbox;
use tokio::sync::OnceCell;

use crate::control_plane::flags;
use crate::own_program;

/// The `solverName` of Issuers.
pub const SOLVER: &str = "dnspod";

/// Its file, and its path in the root of its image.
pub(super) const NAME: &str = "cert-manager-webhook-dnspod";

/// The path of the program, built from this source in the profile the tests have.
///
/// # Errors
/// What cargo says.
pub async fn program() -> Result<&'static PathBuf, String> {
    static PROGRAM: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    PROGRAM.get_or_init(|| own_program::build(NAME)).await.as_ref().map_err(Clone::clone)
}

/// Its command for [`Conformance`](crate::conformance::Conformance), with `sandbox` as DNSPod.
///
/// # Errors
/// What cargo says.
pub async fn conformance_command(sandbox: &Sandbox) -> Result<Vec<String>, String> {
    let program = program().await?.display().to_string();
    let places = ["127.0.0.1", "{port}", "{kubeconfig}", "{tls-cert}", "{tls-key}"];
    Ok([vec![program], arguments(places, sandbox)].concat())
}

/// Its arguments outside of a pod.
pub(super) fn arguments(
    [address, port, kubeconfig, certificate, key]: [&str; 5],
    sandbox: &Sandbox,
) -> Vec<String> {
    flags([
        ("bind-address", address.to_owned()),
        ("secure-port", port.to_owned()),
        ("kubeconfig", kubeconfig.to_owned()),
        ("tls-cert-file", certificate.to_owned()),
        ("tls-private-key-file", key.to_owned()),
        ("dnspod-endpoint", sandbox.dnspod_endpoint()),
        ("dnspod-legacy-endpoint", sandbox.dnspod_endpoint()),
        // Nobody has to learn that it goes.
        ("shutdown-delay-duration", "0s".to_owned()),
    ])
}
