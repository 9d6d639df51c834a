//! The root certificate of the sandbox's own HTTPS servers and the server certificate below it.
//!
//! Nothing of this is what the CA issues from: that is another hierarchy, made in `acme`.
//!
//! The server certificate is for the names of Tencent's own endpoints too. A client whose endpoints are fixed can then be
//! tried unmodified: through a proxy that connects it to the sandbox whatever host it asks for, or where its own hosts file
//! says that these names are loopback. Such a certificate is as good as its root is short-lived: the root's key is gone
//! before the first server starts, the root can vouch for no other names than these, and who trusts it trusts it in the one
//! process that is tried.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
    SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

/// How long both certificates are valid. A sandbox does not live that long.
const LIFETIME: Duration = Duration::days(365);

/// A name that nobody has (RFC 6761 §6.2), for whoever maps it to loopback to try how a client resolves names.
const HOST_NAME: &str = "sandbox.test";

/// The names of Tencent's endpoints: of each product, within a virtual network, abroad, and of one region.
const TENCENT_NAMES: [&str; 6] = [
    "*.tencentcloudapi.com",
    "*.internal.tencentcloudapi.com",
    "*.intl.tencentcloudapi.com",
    "*.ap-guangzhou.tencentcloudapi.com",
    "dnsapi.cn",
    "api.dnspod.com",
];

/// All names that the root can vouch for, with those below them.
const PERMITTED_NAMES: [&str; 5] =
    ["localhost", HOST_NAME, "tencentcloudapi.com", "dnsapi.cn", "api.dnspod.com"];

/// What a client has to trust, and what a server serves with.
pub(crate) struct ServerTls {
    /// The root certificate in PEM.
    pub(crate) root_pem: String,
    /// TLS with a certificate for `localhost`, `sandbox.test`, `127.0.0.1`, `::1` and the names of Tencent's endpoints,
    /// HTTP/2 preferred.
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
        root.name_constraints = Some(permitted());
        root.not_before = valid_from;
        root.not_after = valid_from + LIFETIME;
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;

        let names = ["localhost", HOST_NAME].into_iter().chain(TENCENT_NAMES);
        let mut server = CertificateParams::new(names.map(str::to_owned).collect::<Vec<_>>())?;
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

fn permitted() -> NameConstraints {
    let names = PERMITTED_NAMES.map(|name| GeneralSubtree::DnsName(name.to_owned()));
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let addresses = addresses.map(|address| {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits))
    });
    NameConstraints {
        permitted_subtrees: names.into_iter().chain(addresses).collect(),
        excluded_subtrees: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};

    use super::*;
    use crate::clock::Clock;

    /// The certificate that the server shows.
    fn shown(tls: &ServerTls, roots: RootCertStore) -> CertificateDer<'static> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut server = ServerConnection::new(Arc::clone(&tls.config)).unwrap();
        while client.is_handshaking() {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes).unwrap();
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            let mut bytes = Vec::new();
            server.write_tls(&mut bytes).unwrap();
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets().unwrap();
        }
        client.peer_certificates().unwrap()[0].clone()
    }

    #[test]
    fn the_certificate_is_good_for_tencents_names_and_for_no_others() {
        let now = Clock::default().now();
        let tls = ServerTls::new(now).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(tls.root_pem.as_bytes()).unwrap()).unwrap();
        let certificate = shown(&tls, roots.clone());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let seconds = u64::try_from(now.unix_timestamp()).unwrap();
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let is_good = |name: &'static str| {
            let name = ServerName::try_from(name).unwrap();
            verifier.verify_server_cert(&certificate, &[], &name, &[], time).is_ok()
        };
        for name in [
            "127.0.0.1",
            "::1",
            "localhost",
            "sandbox.test",
            "dnspod.tencentcloudapi.com",
            "dnspod.intl.tencentcloudapi.com",
            "sts.tencentcloudapi.com",
            "cam.tencentcloudapi.com",
            "dnsapi.cn",
            "api.dnspod.com",
        ] {
            assert!(is_good(name), "{name}");
        }
        for name in ["127.0.0.2", "example.com", "tencentcloud.com", "dnspod.com"] {
            assert!(!is_good(name), "{name}");
        }
    }
}
