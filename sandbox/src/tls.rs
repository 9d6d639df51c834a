//! The root certificate of the sandbox's own HTTPS servers and the server certificate below it.
//!
//! Nothing of this is what the CA issues from: that is another hierarchy, made in `acme`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

/// How long both certificates are valid. A sandbox does not live that long.
const LIFETIME: Duration = Duration::days(365);

/// A name that nobody has (RFC 6761 §6.2), for whoever maps it to loopback to try how a client resolves names.
const HOST_NAME: &str = "sandbox.test";

/// What a client has to trust, and what a server serves with.
pub(crate) struct ServerTls {
    /// The root certificate in PEM.
    pub(crate) root_pem: String,
    /// TLS with a certificate for `localhost`, `sandbox.test`, `127.0.0.1` and `::1`, HTTP/2 preferred.
    pub(crate) config: Arc<ServerConfig>,
}

/// Why no TLS could be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("no certificate could be made for the sandbox's HTTPS servers: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("the sandbox's own certificate is refused by its TLS library: {0}")]
    Config(#[from] rustls::Error),
}

impl ServerTls {
    /// Makes a new root and a server certificate, valid from an hour before `now`.
    pub(crate) fn new(now: OffsetDateTime) -> Result<Self, TlsError> {
        let valid_from = now - Duration::hours(1);

        let mut root = CertificateParams::default();
        root.distinguished_name.push(DnType::CommonName, "sandbox HTTPS root");
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        root.not_before = valid_from;
        root.not_after = valid_from + LIFETIME;
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;

        let mut server = CertificateParams::new(["localhost".to_owned(), HOST_NAME.to_owned()])?;
        server.distinguished_name.push(DnType::CommonName, "sandbox HTTPS server");
        server.subject_alt_names.extend([
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ]);
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.use_authority_key_identifier_extension = true;
        server.not_before = valid_from;
        server.not_after = valid_from + LIFETIME;
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, &root)?;

        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { root_pem: root.pem(), config: Arc::new(config) })
    }
}
