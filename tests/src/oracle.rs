//! Judges issued certificates as a TLS client and a TLS server would, with rustls and none of our code.

use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate with its chain and its key, in PEM, as files hold them.
pub struct Issued {
    /// The certificate, then its issuers.
    pub fullchain: String,
    /// The key.
    pub privkey: String,
}

impl Issued {
    /// Checks that a TLS client which trusts `root` accepts a server with this certificate for each of `names` at
    /// `now`, and that a TLS server accepts the key as the certificate's.
    ///
    /// # Errors
    /// What a client or a server would say.
    pub fn verify(&self, root: &str, names: &[&str], now: OffsetDateTime) -> Result<(), String> {
        let chain = certificates(&self.fullchain)?;
        let (leaf, intermediates) = chain.split_first().ok_or("the chain is empty")?;
        let mut roots = RootCertStore::empty();
        for root in certificates(root)? {
            roots.add(root).map_err(|error| error.to_string())?;
        }
        let provider = Arc::new(default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| error.to_string())?;
        for name in names {
            let host = name.replace('*', "any");
            let host = ServerName::try_from(host).map_err(|error| format!("{name}: {error}"))?;
            verifier
                .verify_server_cert(leaf, intermediates, &host, &[], unix(now))
                .map_err(|error| format!("{name}: {error}"))?;
        }
        let key = PrivateKeyDer::from_pem_slice(self.privkey.as_bytes())
            .map_err(|error| format!("the key: {error}"))?;
        // Fails where the key does not belong to the certificate.
        CertifiedKey::from_der(chain, key, &provider)
            .map(drop)
            .map_err(|error| format!("the key and the certificate: {error}"))
    }
}

/// The certificates of a PEM text.
pub fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| format!("PEM: {error}"))
}

/// The common name of the first certificate of a PEM text.
pub fn common_name(pem: &str) -> Result<String, String> {
    let first = certificates(pem)?.into_iter().next().ok_or("there is no certificate")?;
    let (_, parsed) = X509Certificate::from_der(&first).map_err(|error| error.to_string())?;
    let name = parsed.subject().iter_common_name().next().ok_or("it has no common name")?;
    name.as_str().map(ToOwned::to_owned).map_err(|error| error.to_string())
}

/// The serial number of the first certificate of a PEM text, in hexadecimal.
pub fn serial(pem: &str) -> Result<String, String> {
    let first = certificates(pem)?.into_iter().next().ok_or("there is no certificate")?;
    let (_, parsed) = X509Certificate::from_der(&first).map_err(|error| error.to_string())?;
    Ok(parsed.serial.to_str_radix(16))
}

fn unix(time: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(time.unix_timestamp()).unwrap_or_default();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    fn issue(names: &[&str]) -> (Issued, String) {
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &root).unwrap();
        (Issued { fullchain: leaf.pem(), privkey: key.serialize_pem() }, root.pem())
    }

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-23 12:00 UTC);

    #[test]
    fn a_certificate_is_good_for_its_names_only() {
        let (issued, root) = issue(&["*.ws.example"]);
        issued.verify(&root, &["*.ws.example"], NOW).unwrap();
        let reason = issued.verify(&root, &["*.ws.example", "ws.example"], NOW).unwrap_err();
        assert!(reason.starts_with("ws.example: "), "{reason}");
    }

    #[test]
    fn another_key_is_found_out() {
        let (issued, root) = issue(&["ws.example"]);
        let (other, _) = issue(&["ws.example"]);
        let mixed = Issued { fullchain: issued.fullchain, privkey: other.privkey };
        assert!(mixed.verify(&root, &["ws.example"], NOW).is_err());
    }

    #[test]
    fn another_root_and_another_time_are_found_out() {
        let (issued, root) = issue(&["ws.example"]);
        let (_, other) = issue(&["ws.example"]);
        assert!(issued.verify(&other, &["ws.example"], NOW).is_err());
        let long_gone = time::macros::datetime!(1970-01-02 0:00 UTC);
        assert!(issued.verify(&root, &["ws.example"], long_gone).is_err());
    }
}
