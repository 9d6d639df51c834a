//! Certificates of CAs that client certificates are checked against.

use std::fmt;
use std::sync::Arc;

use acme_core::Clock;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// One or more CA certificates.
#[derive(Clone)]
pub(crate) struct CaBundle {
    cas: Vec<Ca>,
}

#[derive(Clone)]
struct Ca {
    not_before: i64,
    not_after: i64,
    /// Trusts this CA alone.
    verifier: Arc<dyn ClientCertVerifier>,
}

impl CaBundle {
    /// Reads the CERTIFICATE blocks of `text`. A certificate that cannot be a CA of client certificates is left out with
    /// a warning; a bundle without any other is an error.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let blocks = pem::parse_many(text).map_err(|error| format!("not PEM: {error}"))?;
        let mut cas = Vec::new();
        let mut last = None;
        for block in blocks.into_iter().filter(|block| block.tag() == "CERTIFICATE") {
            match Ca::new(CertificateDer::from(block.into_contents())) {
                Ok(ca) => cas.push(ca),
                Err(reason) => {
                    tracing::warn!(reason, "a CA certificate is left out");
                    last = Some(reason);
                }
            }
        }
        match last {
            Some(reason) if cas.is_empty() => Err(reason),
            None if cas.is_empty() => Err("there is no CERTIFICATE block in it".to_owned()),
            _ => Ok(Self { cas }),
        }
    }

    /// Checks that one of the CAs, itself valid now, has issued the first of `certificates` for a client, directly or
    /// through the others.
    pub(crate) fn verify(
        &self,
        certificates: &[CertificateDer<'_>],
        clock: &dyn Clock,
    ) -> Result<(), String> {
        let (end_entity, intermediates) =
            certificates.split_first().ok_or("there is no certificate")?;
        let now = clock.now();
        let mut reason = "the CA's own certificate is not valid now".to_owned();
        for ca in self.cas.iter().filter(|ca| ca.is_valid_at(now)) {
            match ca.verifier.verify_client_cert(end_entity, intermediates, unix_time(now)) {
                Ok(_) => return Ok(()),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(reason)
    }
}

impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaBundle").field("cas", &self.cas.len()).finish()
    }
}

impl Ca {
    fn new(certificate: CertificateDer<'static>) -> Result<Self, String> {
        let (_, parsed) = X509Certificate::from_der(&certificate)
            .map_err(|error| format!("not an X.509 certificate: {error}"))?;
        let validity = parsed.validity();
        let (not_before, not_after) =
            (validity.not_before.timestamp(), validity.not_after.timestamp());
        let mut roots = RootCertStore::empty();
        roots.add(certificate).map_err(|error| format!("not a CA certificate: {error}"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
            .build()
            .map_err(|error| format!("not a CA certificate: {error}"))?;
        Ok(Self { not_before, not_after, verifier })
    }

    fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&now.unix_timestamp())
    }
}

fn unix_time(now: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use acme_core::ManualClock;
    use time::Duration;

    use super::*;
    use crate::authentication::test_certificates::{NOW, TestCa};

    fn verify(bundle: &CaBundle, certificate: &CertificateDer<'_>, now: OffsetDateTime) -> String {
        match bundle.verify(std::slice::from_ref(certificate), &ManualClock::new(now)) {
            Ok(()) => "good".to_owned(),
            Err(reason) => reason,
        }
    }

    #[test]
    fn a_certificate_of_any_ca_in_the_bundle_is_good() {
        let (old, new) = (TestCa::new("old"), TestCa::new("new"));
        let bundle = CaBundle::parse(&format!("{}\n{}", old.pem(), new.pem())).unwrap();
        for ca in [&old, &new] {
            assert_eq!(verify(&bundle, &ca.client("someone", &[]), NOW), "good");
        }
        let other = TestCa::new("other").client("someone", &[]);
        assert_eq!(verify(&bundle, &other, NOW), "invalid peer certificate: UnknownIssuer");
    }

    #[test]
    fn time_is_what_the_clock_says() {
        let ca = TestCa::new("ca");
        let bundle = CaBundle::parse(&ca.pem()).unwrap();
        let certificate = ca.client("someone", &[]);
        let expired = verify(&bundle, &certificate, NOW + Duration::days(31));
        assert!(expired.contains("expired"), "{expired}");
        let ca_expired = verify(&bundle, &certificate, NOW + Duration::days(366));
        assert_eq!(ca_expired, "the CA's own certificate is not valid now");
    }

    #[test]
    fn a_server_certificate_is_no_client_certificate() {
        let ca = TestCa::new("ca");
        let bundle = CaBundle::parse(&ca.pem()).unwrap();
        let reason = verify(&bundle, &ca.server("someone"), NOW);
        assert!(reason.contains("extended key usage"), "{reason}");
    }

    #[test]
    fn a_bundle_without_a_ca_says_why() {
        assert_eq!(CaBundle::parse("").unwrap_err(), "there is no CERTIFICATE block in it");
        let nonsense = pem::encode(&pem::Pem::new("CERTIFICATE", *b"nonsense"));
        let reason = CaBundle::parse(&nonsense).unwrap_err();
        assert!(reason.starts_with("not an X.509 certificate"), "{reason}");
        let good = TestCa::new("ca").pem();
        assert!(CaBundle::parse(&(nonsense + &good)).is_ok());
    }
}
