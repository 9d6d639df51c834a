//! The certificate that the server shows, replaced while it runs.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::pki_types::{PrivatePkcs1KeyDer, PrivateSec1KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::watched_file::{REREAD_INTERVAL, WatchedFile};

/// A certificate chain with its key. Connections that are made from now on get what it holds now.
pub(super) struct ServingCertificate {
    current: RwLock<Arc<CertifiedKey>>,
}

/// Why a certificate cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// There is no certificate in the text.
    #[error("there is no certificate (a CERTIFICATE block of PEM)")]
    NoCertificate,
    /// There is no private key in the text.
    #[error("there is no private key (a PRIVATE KEY block of PEM, not encrypted)")]
    NoKey,
    /// They do not fit together, or cannot be used.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(String),
}

impl ServingCertificate {
    /// Serves this chain and key, both in PEM.
    pub(super) fn new(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        Ok(Self { current: RwLock::new(Arc::new(certified_key(chain, key)?)) })
    }

    /// From now on serves this chain and key, both in PEM. What cannot be served leaves everything as it was.
    pub(super) fn replace(&self, chain: &[u8], key: &[u8]) -> Result<(), CertificateError> {
        let renewed = Arc::new(certified_key(chain, key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }
}

impl fmt::Debug for ServingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServingCertificate").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The two files that a certificate is read from.
pub(super) struct CertificateFiles {
    chain: WatchedFile,
    key: WatchedFile,
    /// A change was seen that nobody was told of: the other file could not be read.
    changed: bool,
}

impl CertificateFiles {
    pub(super) fn new(chain: PathBuf, key: PathBuf) -> Self {
        Self { chain: WatchedFile::new(chain), key: WatchedFile::new(key), changed: false }
    }

    /// Reads both files for the first time.
    pub(super) fn read(&mut self) -> Result<ServingCertificate, CertificateError> {
        self.reread()?;
        let (chain, key) = self.contents();
        ServingCertificate::new(chain, key)
    }

    /// Keeps `certificate` as the files have it, for ever. A pair that does not fit is half of a change: the rest comes.
    pub(super) async fn keep(mut self, certificate: Arc<ServingCertificate>) {
        let mut ticks = tokio::time::interval(REREAD_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut complaint = None;
        loop {
            ticks.tick().await;
            let renewed = match self.reread() {
                Ok(false) => continue,
                Ok(true) => {
                    let (chain, key) = self.contents();
                    certificate.replace(chain, key)
                }
                Err(error) => Err(error),
            };
            match renewed {
                Ok(()) => {
                    tracing::info!("a new serving certificate is in use");
                    complaint = None;
                }
                Err(error) if complaint.as_ref() != Some(&error) => {
                    tracing::warn!(%error, "the serving certificate stays as it was");
                    complaint = Some(error);
                }
                Err(_) => {}
            }
        }
    }

    /// Whether either file has changed since this said so last.
    fn reread(&mut self) -> Result<bool, CertificateError> {
        for file in [&mut self.chain, &mut self.key] {
            self.changed |= file.reread().map_err(|error| CertificateError::Unreadable {
                path: file.path.display().to_string(),
                reason: error.to_string(),
            })?;
        }
        Ok(std::mem::take(&mut self.changed))
    }

    fn contents(&self) -> (&[u8], &[u8]) {
        (self.chain.content().unwrap_or_default(), self.key.content().unwrap_or_default())
    }
}

fn certified_key(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, CertificateError> {
    let chain: Vec<CertificateDer<'static>> = pem::parse_many(chain)
        .map_err(|_| CertificateError::NoCertificate)?
        .into_iter()
        .filter(|block| block.tag() == "CERTIFICATE")
        .map(|block| CertificateDer::from(block.into_contents()))
        .collect();
    if chain.is_empty() {
        return Err(CertificateError::NoCertificate);
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    CertifiedKey::from_der(chain, private_key(key)?, &provider)
        .map_err(|error| CertificateError::Unusable(error.to_string()))
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, CertificateError> {
    for block in pem::parse_many(text).map_err(|_| CertificateError::NoKey)? {
        let tag = block.tag().to_owned();
        let der = Zeroizing::new(block.into_contents());
        match tag.as_str() {
            "PRIVATE KEY" => return Ok(PrivatePkcs8KeyDer::from(der.to_vec()).into()),
            "RSA PRIVATE KEY" => return Ok(PrivatePkcs1KeyDer::from(der.to_vec()).into()),
            "EC PRIVATE KEY" => return Ok(PrivateSec1KeyDer::from(der.to_vec()).into()),
            _ => {}
        }
    }
    Err(CertificateError::NoKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        (parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn a_change_of_one_file_is_not_lost_while_the_other_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let [chain, key, away] =
            ["tls.crt", "tls.key", "away"].map(|name| folder.path().join(name));
        std::fs::write(&chain, "chain").unwrap();
        std::fs::write(&key, "key").unwrap();
        let mut files = CertificateFiles::new(chain.clone(), key.clone());
        assert!(files.reread().unwrap());
        std::fs::write(&chain, "renewed with the same key").unwrap();
        std::fs::rename(&key, &away).unwrap();
        assert!(files.reread().is_err());
        std::fs::rename(&away, &key).unwrap();
        assert!(files.reread().unwrap());
        assert!(!files.reread().unwrap());
    }

    #[test]
    fn a_pair_that_does_not_fit_changes_nothing() {
        let ((chain, key), (other_chain, other_key)) = (pair("one.example"), pair("two.example"));
        let certificate = ServingCertificate::new(chain.as_bytes(), key.as_bytes()).unwrap();
        let served = || certificate.current.read().unwrap().cert.clone();
        let before = served();
        let half = certificate.replace(other_chain.as_bytes(), key.as_bytes());
        assert!(matches!(half, Err(CertificateError::Unusable(_))), "{half:?}");
        assert_eq!(certificate.replace(b"", key.as_bytes()), Err(CertificateError::NoCertificate));
        assert_eq!(certificate.replace(chain.as_bytes(), b""), Err(CertificateError::NoKey));
        assert_eq!(served(), before);
        certificate.replace(other_chain.as_bytes(), other_key.as_bytes()).unwrap();
        assert_ne!(served(), before);
    }
}
