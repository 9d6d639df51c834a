//! The keys and certificates of a control plane (<https://kubernetes.io/docs/setup/best-practices/certificates/>).

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use zeroize::Zeroizing;

/// The common name that kube-apiserver calls aggregated servers with.
pub(super) const FRONT_PROXY_CLIENT: &str = "front-proxy-client";

/// The CAs of one control plane, and a folder with what its programs read.
pub(super) struct Pki {
    dir: PathBuf,
    ca: Ca,
    front_proxy: Ca,
}

/// A CA that can issue.
pub(super) struct Ca(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub struct Pair {
    /// The certificate, in PEM.
    pub certificate: String,
    /// Its key, in PEM (PKCS #8).
    pub key: Zeroizing<String>,
}

impl Pki {
    /// Makes everything and writes it below `dir`.
    pub(super) fn create(dir: &Path) -> Result<Self, String> {
        fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        let pki = Self {
            dir: dir.to_owned(),
            ca: Ca::new("kubernetes-ca")?,
            front_proxy: Ca::new("front-proxy-ca")?,
        };
        pki.write("ca.crt", &pki.ca.pem())?;
        pki.write_pair("apiserver", &pki.apiserver()?)?;
        pki.write_pair("admin", &pki.ca.client("admin", &["system:masters"])?)?;
        let service_accounts = key()?;
        pki.write("service-accounts.key", &service_accounts.serialize_pem())?;
        pki.write("service-accounts.pub", &service_accounts.public_key_pem())?;
        pki.write("front-proxy-ca.crt", &pki.front_proxy.pem())?;
        pki.write_pair(FRONT_PROXY_CLIENT, &pki.front_proxy.client(FRONT_PROXY_CLIENT, &[])?)?;
        Ok(pki)
    }

    /// The path of a file.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The CA of the API server and of people.
    pub(super) fn ca(&self) -> &Ca {
        &self.ca
    }

    /// The CA of what the API server shows to aggregated servers.
    pub(super) fn front_proxy(&self) -> &Ca {
        &self.front_proxy
    }

    /// Replaces the front proxy's CA and lets the file hold the old one beside it, as an administrator does first.
    pub(super) fn renew_front_proxy_ca(&mut self) -> Result<(), String> {
        let old = self.front_proxy.pem();
        self.front_proxy = Ca::new("front-proxy-ca, the next")?;
        self.write("front-proxy-ca.crt", &format!("{old}{}", self.front_proxy.pem()))
    }

    /// Replaces the certificate that the API server shows to aggregated servers by one of the newest CA.
    pub(super) fn renew_front_proxy_client(&self) -> Result<(), String> {
        self.write_pair(FRONT_PROXY_CLIENT, &self.front_proxy.client(FRONT_PROXY_CLIENT, &[])?)
    }

    fn apiserver(&self) -> Result<Pair, String> {
        let names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
        let mut names: Vec<SanType> = names
            .into_iter()
            .map(|name| Ok(SanType::DnsName(name.try_into()?)))
            .collect::<Result<_, rcgen::Error>>()
            .map_err(|error| error.to_string())?;
        names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
        self.ca.server("kube-apiserver", names)
    }

    fn write_pair(&self, name: &str, pair: &Pair) -> Result<(), String> {
        self.write(&format!("{name}.key"), &pair.key)?;
        self.write(&format!("{name}.crt"), &pair.certificate)
    }

    /// Replaces a file as a whole: kube-apiserver reads some of them again while it runs.
    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        super::kubeconfig::write_private(&self.file(name), text)
    }
}

impl Ca {
    pub(super) fn new(name: &str) -> Result<Self, String> {
        let make = || {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            CertifiedIssuer::self_signed(params, KeyPair::generate()?)
        };
        make().map(Self).map_err(|error: rcgen::Error| error.to_string())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A client's certificate: Kubernetes reads the user from the common name and groups from organizations.
    pub(super) fn client(&self, user: &str, groups: &[&str]) -> Result<Pair, String> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        for group in groups {
            params.distinguished_name.push(DnType::OrganizationName, *group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params)
    }

    pub(super) fn server(&self, name: &str, names: Vec<SanType>) -> Result<Pair, String> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(&params)
    }

    pub(super) fn server_named(&self, name: &str) -> Result<Pair, String> {
        let san = name
            .try_into()
            .map(SanType::DnsName)
            .map_err(|error: rcgen::Error| error.to_string())?;
        self.server(name, vec![san])
    }

    fn issue(&self, params: &CertificateParams) -> Result<Pair, String> {
        let key = key()?;
        let certificate = params.signed_by(&key, &self.0).map_err(|error| error.to_string())?;
        Ok(Pair { certificate: certificate.pem(), key: Zeroizing::new(key.serialize_pem()) })
    }
}

fn key() -> Result<KeyPair, String> {
    KeyPair::generate().map_err(|error| error.to_string())
}
