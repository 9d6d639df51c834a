//! A server behind kube-apiserver that says yes to everything and remembers what was asked and by whom.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use e2e::control_plane::ControlPlane;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ServerConfig;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use x509_parser::parse_x509_certificate;

/// The server; it is gone when dropped.
pub(crate) struct AggregatedServer {
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The common name of who issued the caller's certificate.
    pub(crate) peer_issuer: String,
    /// The request's first line and headers.
    pub(crate) head: String,
}

impl AggregatedServer {
    /// Starts the server at `address` and registers it for `group`, behind the Service `echo` of a namespace.
    pub(crate) async fn start(
        plane: &ControlPlane,
        namespace: &str,
        group: &str,
        address: IpAddr,
    ) -> Result<Self, String> {
        let own = plane.serving_certificate(namespace, "echo")?;
        let certificate = CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let builder = builder.with_client_cert_verifier(Arc::new(AnyCertificate));
                builder.with_single_cert(vec![certificate], key)
            })
            .map_err(|error| error.to_string())?;
        let listener = TcpListener::bind((address, 0)).await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let seen = Arc::default();
        let serve = serve(
            listener,
            TlsAcceptor::from(Arc::new(config)),
            Arc::clone(&seen),
            group.to_owned(),
        );
        let server = Self { seen, task: tokio::spawn(serve) };
        server.register(plane, namespace, group, address).await?;
        Ok(server)
    }

    async fn register(
        &self,
        plane: &ControlPlane,
        namespace: &str,
        group: &str,
        address: SocketAddr,
    ) -> Result<(), String> {
        let port = plane.expose(namespace, "echo", address).await?;
        plane.register(group, namespace, "echo", port, &plane.ca_pem()).await
    }

    /// The newest request with this method.
    pub(crate) fn last(&self, method: &str) -> Seen {
        let seen = self.seen.lock().unwrap();
        let last = seen.iter().rev().find(|seen| seen.head.starts_with(method));
        last.unwrap_or_else(|| panic!("no {method}: {seen:?}")).clone()
    }
}

impl Drop for AggregatedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    tls: TlsAcceptor,
    seen: Arc<Mutex<Vec<Seen>>>,
    group: String,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (tls, seen, group) = (tls.clone(), Arc::clone(&seen), group.clone());
        tokio::spawn(async move {
            // Who closes early is of no interest.
            let _ = answer(stream, &tls, &seen, &group).await;
        });
    }
}

/// Answers one request and closes: every call then shows the certificate that is used now.
async fn answer(
    stream: TcpStream,
    tls: &TlsAcceptor,
    seen: &Mutex<Vec<Seen>>,
    group: &str,
) -> io::Result<()> {
    let mut stream = tls.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let peer = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let peer = peer.ok_or(io::ErrorKind::PermissionDenied)?;
    let (_, peer) = parse_x509_certificate(peer).map_err(io::Error::other)?;
    let issuer = peer.issuer().iter_common_name().next().and_then(|name| name.as_str().ok());
    let peer_issuer = issuer.unwrap_or_default().to_owned();
    seen.lock().unwrap().push(Seen { peer_issuer, head });
    let body = json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": format!("{group}/v1alpha1"),
        "resources": [{ "name": "echo", "singularName": "echo", "namespaced": false, "kind": "Echo", "verbs": ["create"] }],
    })
    .to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.shutdown().await
}

/// Asks for a certificate and takes any.
#[derive(Debug)]
struct AnyCertificate;

impl ClientCertVerifier for AnyCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
