//! From a ready order to a stored certificate.

use std::collections::BTreeMap;

use tokio::time::{Instant, sleep};
use url::Url;

use super::order::OpenOrder;
use super::polling::Polls;
use super::run::Run;
use super::{Event, IssueError, KeyPolicy, Phase, Problem, Summary};
use crate::acme::{Account, AcmeError, OrderStatus};
use crate::certificate::{CertificateError, Chain, CheckedCertificate, Expected};
use crate::key::PrivateKey;
use crate::store::{Document, Entry, StoredCertificate, StoredRequest};

impl Run<'_> {
    /// The key for the certificate, stored before the CA can certify it: a run that is killed after that point
    /// finds it and the order again.
    pub(super) async fn certificate_key(
        &self,
        order: &OpenOrder,
    ) -> Result<PrivateKey, IssueError> {
        if order.resumed
            && let Some(key) = self.pending_key().await?
        {
            return Ok(key);
        }
        let key = match self.reused_key().await? {
            Some(key) => key,
            None => self.new_key().await?,
        };
        let document = Document::default().with("privkey.pem", key.to_pem().as_bytes());
        self.issuer.store.save(&self.kept.pending_key(), &document).await?;
        Ok(key)
    }

    /// The key that an earlier run stored for the order in flight.
    pub(super) async fn pending_key(&self) -> Result<Option<PrivateKey>, IssueError> {
        let entry = self.kept.pending_key();
        let Some(document) = self.issuer.store.load(&entry).await? else { return Ok(None) };
        let pem = document.get("privkey.pem").and_then(|pem| std::str::from_utf8(pem).ok());
        match pem.map(PrivateKey::from_pem) {
            Some(Ok(key)) => Ok(Some(key)),
            // It never left this directory, so nothing is lost by making another.
            _ => Ok(None),
        }
    }

    /// Asks for the certificate with our CSR, waits for it, and checks it (RFC 8555 §7.4).
    pub(super) async fn finalize(
        &self,
        account: &Account,
        order: &OpenOrder,
        key: &PrivateKey,
    ) -> Result<CheckedCertificate, IssueError> {
        let issue = async {
            let certificate = self.wait_for_certificate(account, order, key).await?;
            self.download(account, &certificate, key).await
        };
        self.timed(Phase::Finalize, self.unless_cancelled("waiting for the certificate", issue))
            .await
    }

    /// Stores certificate and key in one switch. On a dry run nothing is stored.
    pub(super) async fn store_certificate(
        &self,
        certificate: &CheckedCertificate,
        key: &PrivateKey,
    ) -> Result<Summary, IssueError> {
        let store = &*self.issuer.store;
        let name = &self.request.name;
        let entry = Entry::Certificate(name.clone());
        let location = store.location(&entry);
        let mut paths = BTreeMap::new();
        if !self.request.dry_run {
            let stored = StoredCertificate::new(certificate, key).save(store, name).await?;
            paths = stored
                .into_iter()
                .map(|(role, file)| (role, format!("{location}/{file}")))
                .collect();
            // After the certificate: a run that dies between the two issues again, and never keeps a certificate of
            // another CA or profile than the one that is asked for.
            self.stored_request().save(store, name).await?;
        }
        self.forget_order().await?;
        Ok(Summary {
            name: name.clone(),
            location,
            paths,
            not_after: certificate.not_after,
            serial: certificate.serial.clone(),
            identifiers: certificate.identifiers.clone(),
            acme_requests: 0,
            provider_calls: 0,
            dns_queries: 0,
            phases_ms: BTreeMap::new(),
            total_ms: 0,
        })
    }

    async fn reused_key(&self) -> Result<Option<PrivateKey>, IssueError> {
        if self.request.key_policy != KeyPolicy::Reuse {
            return Ok(None);
        }
        let stored = StoredCertificate::load(&*self.issuer.store, &self.request.name).await?;
        Ok(stored
            .and_then(|stored| stored.private_key().ok())
            .filter(|key| key.key_type() == self.request.key_type))
    }

    async fn new_key(&self) -> Result<PrivateKey, IssueError> {
        let key_type = self.request.key_type;
        // An RSA key takes seconds of computing.
        let made = tokio::task::spawn_blocking(move || PrivateKey::generate(key_type)).await;
        made.map_err(|error| error.to_string())
            .and_then(|made| made.map_err(|error| error.to_string()))
            .map_err(|reason| IssueError::Internal { reason })
    }

    async fn wait_for_certificate(
        &self,
        account: &Account,
        order: &OpenOrder,
        key: &PrivateKey,
    ) -> Result<Url, IssueError> {
        let csr = key
            .certificate_signing_request(&self.request.identifiers)
            .map_err(|error| IssueError::Internal { reason: error.to_string() })?;
        let begun = Instant::now();
        let mut polls = Polls::new();
        let mut body = order.reply.body.clone();
        let mut hint = order.reply.retry_after;
        let mut ask = true;
        loop {
            let reply = match body.status {
                OrderStatus::Ready if ask => {
                    let finalized = account.finalize(&order.url, &body, &csr).await;
                    if finalized.is_ok() {
                        self.emit(Event::Finalized { order: order.url.clone() });
                    }
                    match finalized {
                        Ok(reply) => reply,
                        // RFC 8555 §7.4: the order is to be polled, not replaced.
                        Err(error) if error.is_order_not_ready() => {
                            ask = false;
                            continue;
                        }
                        Err(error) => return Err(self.finalize_error(error).await?),
                    }
                }
                OrderStatus::Valid => {
                    let none = || Problem::stated("the order is valid and names no certificate");
                    return body.certificate.ok_or_else(|| self.order_failed(Some(none())));
                }
                OrderStatus::Invalid => {
                    self.forget_order().await?;
                    return Err(self.order_failed(body.error));
                }
                OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Ready => {
                    let wait = polls.next(hint);
                    if begun.elapsed() + wait > self.request.ca_timeout {
                        return Err(IssueError::TimedOut {
                            ca: self.client.host(),
                            waiting_for: "the certificate".to_owned(),
                            waited: begun.elapsed(),
                        });
                    }
                    let next_poll_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    self.emit(Event::WaitingForCa { identifier: None, next_poll_ms });
                    sleep(wait).await;
                    ask = true;
                    account
                        .order(&order.url)
                        .await
                        .map_err(|error| self.ca_error("show the order", error))?
                }
            };
            body = reply.body;
            hint = reply.retry_after;
        }
    }

    /// A CA that refuses the CSR refuses it again: the order is given up.
    async fn finalize_error(&self, error: AcmeError) -> Result<IssueError, IssueError> {
        let error = self.ca_error("issue", error);
        if matches!(error, IssueError::CaRefused { .. }) {
            self.forget_order().await?;
        }
        Ok(error)
    }

    /// Downloads the chain that is preferred, else the CA's own choice, and checks it.
    async fn download(
        &self,
        account: &Account,
        certificate: &Url,
        key: &PrivateKey,
    ) -> Result<CheckedCertificate, IssueError> {
        let failed = |error| self.ca_error("hand out the certificate", error);
        let reply = account.certificate(certificate).await.map_err(failed)?;
        let first = self.checked(&reply.pem, key).await?;
        let Some(preferred) = &self.request.preferred_chain else { return Ok(first) };
        if first.is_issued_by(preferred) {
            return Ok(first);
        }
        for alternate in reply.alternates.iter().take(MAX_ALTERNATES) {
            let reply = account.certificate(alternate).await.map_err(failed)?;
            let chain = self.checked(&reply.pem, key).await?;
            if chain.is_issued_by(preferred) {
                return Ok(chain);
            }
        }
        self.emit(Event::Warning {
            message: format!(
                "{} offers no chain with {preferred:?}; its first one is used, issued by {}",
                self.client.host(),
                first.issuers.join(", ")
            ),
        });
        Ok(first)
    }

    async fn checked(
        &self,
        pem: &[u8],
        key: &PrivateKey,
    ) -> Result<CheckedCertificate, IssueError> {
        let expected = Expected {
            identifiers: &self.request.identifiers,
            public_key: &key.public_key_der(),
            now: self.issuer.clock.now(),
        };
        let checked: Result<_, CertificateError> =
            Chain::from_pem(pem).and_then(|chain| chain.check(&expected));
        match checked {
            Ok(checked) => Ok(checked),
            Err(error) => {
                self.forget_order().await?;
                Err(IssueError::BadCertificate {
                    ca: self.client.host(),
                    reason: super::error::with_causes(&error),
                })
            }
        }
    }

    fn stored_request(&self) -> StoredRequest {
        StoredRequest {
            identifiers: self.request.identifiers.clone(),
            directory: self.request.ca.directory.clone(),
            key_type: self.request.key_type,
            profile: self.request.profile.clone(),
            preferred_chain: self.request.preferred_chain.clone(),
        }
    }
}

/// How many alternate chains are looked at; Let's Encrypt has one or two.
const MAX_ALTERNATES: usize = 5;
