//! `--self-signed`: a serving certificate without cert-manager's help, the same for all replicas.
//!
//! A Secret holds the CA, its key, and the serving certificate with its key. The replica that finds nothing, or
//! something that is about to expire, writes it; the Secret's resource version lets one of several win, and the others
//! read what that one wrote. Each tells the kube-apiserver of the CA, by `caBundle` of the APIServices.

mod authority;
mod kept;

use std::sync::Arc;
use std::time::Duration;

use acme_core::Clock;
use tokio::time::sleep;

use super::serving_certificate::ServingCertificate;
use super::webhook::StartError;
use crate::kubernetes::{CallError, set_ca_bundle};
use authority::{Pair, ca_is_good, make_ca, make_serving, serving_is_good};
use kept::Kept;

/// How often the Secret and the APIServices are looked at again.
const INTERVAL: Duration = Duration::from_secs(60);
/// The same after a failure.
const INTERVAL_AFTER_FAILURE: Duration = Duration::from_secs(2);
/// How often somebody else may have been quicker before something is wrong.
const TRIES: usize = 5;

/// Where the certificate is kept, and for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfSigned {
    /// The namespace of the Secret.
    pub namespace: String,
    /// The name of the Secret. It is made where it is absent.
    pub secret: String,
    /// The names that the kube-apiserver connects to: `SERVICE.NAMESPACE.svc`.
    pub dns_names: Vec<String>,
}

/// Why there is no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum SelfSignedError {
    #[error("Secret {name}: {source}")]
    Secret {
        /// Namespace and name.
        name: String,
        source: CallError,
    },
    #[error("a certificate cannot be made: {0}")]
    Make(String),
    #[error("Secret {0} is changed by somebody else all the time")]
    Contended(String),
}

/// Keeps the certificate of the Secret.
pub(super) struct SelfSigner {
    pub(super) options: SelfSigned,
    pub(super) groups: Vec<String>,
    pub(super) client: kube::Client,
    pub(super) clock: Arc<dyn Clock>,
}

impl SelfSigner {
    /// The certificate that the Secret holds, made if need be.
    async fn certificate(&self) -> Result<Kept, SelfSignedError> {
        let SelfSigned { namespace, secret, dns_names } = &self.options;
        let failed =
            |source| SelfSignedError::Secret { name: format!("{namespace}/{secret}"), source };
        for _ in 0..TRIES {
            let now = self.clock.now();
            let kept = Kept::load(&self.client, namespace, secret).await.map_err(failed)?;
            let good_ca = kept.as_ref().filter(|kept| ca_is_good(&kept.bundle, now));
            if let Some(good) = good_ca
                && serving_is_good(&good.serving.certificate, &good.bundle, dns_names, now)
            {
                return Ok(kept.expect("a part of it was just looked at"));
            }
            let made = make(kept.as_ref(), dns_names, now)
                .map_err(|error| SelfSignedError::Make(error.to_string()))?;
            // The kube-apiserver has to know a new CA before anybody serves below it.
            if let Err(error) = self.publish(&made.bundle).await {
                tracing::warn!(error, "the kube-apiserver cannot be told of the CA yet");
            }
            match made.save(&self.client, namespace, secret).await {
                Ok(()) => tracing::info!(namespace, secret, "a new serving certificate was made"),
                // Another replica was quicker; what it made is as good.
                Err(error) if error.code() == Some(409) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(SelfSignedError::Contended(format!("{namespace}/{secret}")))
    }

    /// The certificate to begin with.
    pub(super) async fn first(&self) -> Result<ServingCertificate, StartError> {
        let failed = |error: &dyn std::fmt::Display| StartError::SelfSigned(error.to_string());
        let kept = self.certificate().await.map_err(|error| failed(&error))?;
        let Pair { certificate, key } = &kept.serving;
        ServingCertificate::new(certificate.as_bytes(), key.as_bytes())
            .map_err(|error| failed(&error))
    }

    /// Keeps `certificate` and the APIServices as the Secret has it, for ever.
    pub(super) async fn keep(self, certificate: Arc<ServingCertificate>) {
        let mut complaint = None;
        loop {
            let pause = match self.renew(&certificate).await {
                Ok(()) => {
                    complaint = None;
                    INTERVAL
                }
                Err(error) => {
                    if complaint.as_ref() != Some(&error) {
                        tracing::warn!(error, "the self-signed certificate is not as it should be");
                        complaint = Some(error);
                    }
                    INTERVAL_AFTER_FAILURE
                }
            };
            sleep(pause).await;
        }
    }

    async fn renew(&self, certificate: &ServingCertificate) -> Result<(), String> {
        let kept = self.certificate().await.map_err(|error| error.to_string())?;
        let Pair { certificate: chain, key } = &kept.serving;
        certificate.replace(chain.as_bytes(), key.as_bytes()).map_err(|error| error.to_string())?;
        self.publish(&kept.bundle).await
    }

    /// Tells the kube-apiserver to believe `bundle` about us, for every group.
    async fn publish(&self, bundle: &str) -> Result<(), String> {
        let mut published = Ok(());
        for group in &self.groups {
            let api_service = format!("{}.{group}", crate::api::VERSION);
            if let Err(error) = set_ca_bundle(&self.client, &api_service, bundle).await {
                published = Err(format!("caBundle of APIService {api_service}: {error}"));
            }
        }
        published
    }
}

/// What the Secret should hold: with the CA that it has, if that is good, else with another one besides.
fn make(
    kept: Option<&Kept>,
    dns_names: &[String],
    now: time::OffsetDateTime,
) -> Result<Kept, rcgen::Error> {
    let version = kept.and_then(|kept| kept.version.clone());
    if let Some(kept) = kept.filter(|kept| ca_is_good(&kept.bundle, now)) {
        let ca = Pair { certificate: kept.bundle.clone(), key: kept.ca_key.clone() };
        if let Ok(serving) = make_serving(&ca, dns_names, now) {
            return Ok(Kept { version, bundle: kept.bundle.clone(), ca_key: ca.key, serving });
        }
    }
    let ca = make_ca(now)?;
    let serving = make_serving(&ca, dns_names, now)?;
    // Until every replica has the new certificate, the old CA has to be believed too.
    let before = kept.map_or("", |kept| kept.bundle.as_str());
    let before = pem::parse(before).map(|first| pem::encode(&first)).unwrap_or_default();
    let bundle = format!("{}{before}", ca.certificate);
    Ok(Kept { version, bundle, ca_key: ca.key, serving })
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_new_certificate_comes_from_the_same_ca_and_a_new_ca_beside_the_old_one() {
        let now = datetime!(2026-11-23 12:00 UTC);
        let names = ["webhook.ns.svc".to_owned()];
        let first = make(None, &names, now).unwrap();
        assert!(serving_is_good(&first.serving.certificate, &first.bundle, &names, now));

        let later = now + Duration::days(300);
        let second = make(Some(&first), &names, later).unwrap();
        assert_eq!(second.bundle, first.bundle);
        assert!(serving_is_good(&second.serving.certificate, &second.bundle, &names, later));

        let much_later = now + Duration::days(3600);
        let third = make(Some(&second), &names, much_later).unwrap();
        let bundle = pem::parse_many(&third.bundle).unwrap();
        assert_eq!(bundle.len(), 2);
        assert_eq!(bundle[1], pem::parse(&first.bundle).unwrap());
        assert!(serving_is_good(&third.serving.certificate, &third.bundle, &names, much_later));
    }

    #[test]
    fn a_ca_whose_key_is_lost_is_replaced() {
        let now = datetime!(2026-11-23 12:00 UTC);
        let mut kept = make(None, &[], now).unwrap();
        kept.ca_key = zeroize::Zeroizing::new("nonsense".to_owned());
        let renewed = make(Some(&kept), &[], now).unwrap();
        assert_ne!(renewed.bundle, kept.bundle);
        assert!(serving_is_good(&renewed.serving.certificate, &renewed.bundle, &[], now));
    }
}
