//! The command lines of etcd and kube-apiserver
//! (<https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/>).

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use url::Url;

use super::pki::{FRONT_PROXY_CLIENT, Pki};
use super::plane::Routing;
use crate::daemon::{Daemon, Run};

/// How long etcd may take, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Where etcd answers kube-apiserver.
const ETCD_SOCKET: &str = "etcd.sock";

pub(super) async fn start_etcd(program: &Path, dir: &Path) -> Result<Daemon, String> {
    // Sockets in a folder of our own: no ports to be chosen, and nobody else on the machine reads the Secrets. What etcd
    // advertises has to have a port; this one is the name of a socket in the folder that it runs in.
    let peers = "unix://peer:1".to_owned();
    let socket = dir.join(ETCD_SOCKET);
    let arguments = flags([
        ("name", "e2e".to_owned()),
        ("data-dir", dir.join("etcd").display().to_string()),
        // What is left when the machine goes down is of no interest.
        ("unsafe-no-fsync", "true".to_owned()),
        ("log-level", "warn".to_owned()),
        ("listen-client-urls", format!("unix://{}", socket.display())),
        ("advertise-client-urls", "unix://not-used:1".to_owned()),
        ("listen-peer-urls", peers.clone()),
        ("initial-advertise-peer-urls", peers.clone()),
        ("initial-cluster", format!("e2e={peers}")),
    ]);
    let mut etcd = Daemon::start(run("etcd", program, arguments, dir)).await?;
    let listens = async || tokio::net::UnixStream::connect(&socket).await.is_ok();
    etcd.until("it listened", START_LIMIT, listens).await?;
    Ok(etcd)
}

pub(super) async fn start_apiserver(
    program: &Path,
    url: &Url,
    routing: Routing,
    pki: &Pki,
    dir: &Path,
) -> Result<Daemon, String> {
    let file = |name: &str| pki.file(name).display().to_string();
    let fixed = |text: &str| text.to_owned();
    let arguments = flags([
        ("etcd-servers", format!("unix://{}", dir.join(ETCD_SOCKET).display())),
        ("bind-address", fixed("127.0.0.1")),
        ("advertise-address", fixed("127.0.0.1")),
        ("secure-port", url.port().unwrap_or_default().to_string()),
        // Its own Service would need an address that is not loopback.
        ("endpoint-reconciler-type", fixed("none")),
        ("tls-cert-file", file("apiserver.crt")),
        ("tls-private-key-file", file("apiserver.key")),
        ("client-ca-file", file("ca.crt")),
        ("authorization-mode", fixed("RBAC")),
        ("service-cluster-ip-range", fixed("10.0.0.0/16")),
        ("service-account-issuer", fixed("https://kubernetes.default.svc")),
        ("service-account-key-file", file("service-accounts.pub")),
        ("service-account-signing-key-file", file("service-accounts.key")),
        // It would wait for accounts that only kube-controller-manager makes.
        ("disable-admission-plugins", fixed("ServiceAccount")),
        ("requestheader-client-ca-file", file("front-proxy-ca.crt")),
        ("requestheader-allowed-names", fixed(FRONT_PROXY_CLIENT)),
        ("requestheader-username-headers", fixed("X-Remote-User")),
        ("requestheader-uid-headers", fixed("X-Remote-Uid")),
        ("requestheader-group-headers", fixed("X-Remote-Group")),
        ("requestheader-extra-headers-prefix", fixed("X-Remote-Extra-")),
        ("proxy-client-cert-file", file(&format!("{FRONT_PROXY_CLIENT}.crt"))),
        ("proxy-client-key-file", file(&format!("{FRONT_PROXY_CLIENT}.key"))),
        ("enable-aggregator-routing", (routing == Routing::Endpoints).to_string()),
        ("profiling", fixed("false")),
    ]);
    Daemon::start(run("kube-apiserver", program, arguments, dir)).await
}

/// A program that needs no variables.
pub(crate) fn run(name: &'static str, program: &Path, arguments: Vec<String>, dir: &Path) -> Run {
    Run { name, program: program.to_owned(), arguments, variables: Vec::new(), dir: dir.to_owned() }
}

/// Flags as Go programs read them.
pub(crate) fn flags<const N: usize>(flags: [(&str, String); N]) -> Vec<String> {
    flags.into_iter().map(|(name, value)| format!("--{name}={value}")).collect()
}

/// A TCP port of loopback that nothing listens on now.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| error.to_string())
}

pub(super) fn free_url() -> Result<Url, String> {
    let url = format!("https://127.0.0.1:{}", free_port()?);
    Url::parse(&url).map_err(|error| error.to_string())
}
