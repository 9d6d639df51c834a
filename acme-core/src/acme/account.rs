//! What an account does at its CA: orders, challenges, certificates (RFC 8555 §7.4, §7.5).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::ready;
use url::Url;

use super::directory::{Directory, resource_url};
use super::error::AcmeError;
use super::key::AccountKey;
use super::order::{Authorization, Challenge, ChallengeStatus, Order, OrderStatus};
use super::retry::Attempts;
use super::session::{Failure, OnLostAnswer, Session};
use super::signer::{Payload, Signer};
use super::transport::{Answer, MAX_CHAIN, MAX_JSON};
use crate::Identifier;

/// An account at a CA. Cheap to clone; all its methods may run at once.
#[derive(Clone)]
pub(crate) struct Account(Arc<Parts>);

struct Parts {
    session: Arc<Session>,
    directory: Arc<Directory>,
    url: Url,
    signer: Signer,
}

/// What a CA answered, and how long it asks to wait before it is asked again.
#[derive(Clone, Debug)]
pub(crate) struct Reply<T> {
    pub(crate) body: T,
    pub(crate) retry_after: Option<Duration>,
}

/// A certificate as the CA sent it.
#[derive(Clone, Debug)]
pub(crate) struct CertificateReply {
    /// The chain in PEM, not looked at yet.
    pub(crate) pem: Bytes,
    /// Where the same certificate is with other chains (RFC 8555 §7.4.2).
    pub(crate) alternates: Vec<Url>,
}

impl Account {
    pub(super) fn new(
        session: Arc<Session>,
        directory: Arc<Directory>,
        url: Url,
        key: &AccountKey,
    ) -> Result<Self, AcmeError> {
        let signer = Signer::new(&directory, &url, key)?;
        Ok(Self(Arc::new(Parts { session, directory, url, signer })))
    }

    /// The account's URL.
    pub(crate) fn url(&self) -> &Url {
        &self.0.url
    }

    /// The TXT value that answers a DNS-01 challenge with this token (RFC 8555 §8.4).
    pub(crate) fn txt_value(&self, token: &str) -> String {
        self.0.signer.txt_value(token)
    }

    /// Says that so many calls at once will follow soon. Returns at once: the nonces for them come beside whatever is
    /// done until then, and the more of them there are, the more calls go at once.
    pub(crate) fn expect_calls(&self, calls: usize) {
        self.0.session.fetch_nonces_ahead(&self.0.directory, calls);
    }

    /// Sets the account's contacts (RFC 8555 §7.3.2).
    pub(super) async fn set_contacts(&self, contacts: &[&str]) -> Result<(), AcmeError> {
        let payload = Payload::Contact(contacts);
        self.post(&mut Attempts::new(), OnLostAnswer::Repeat, self.url(), &payload).await?;
        Ok(())
    }

    /// Creates an order (RFC 8555 §7.4). `replaces` (RFC 9773 §5) is left out where the CA does not know it.
    ///
    /// Repeated when the answer is lost. There may then be an order that nobody knows of; CAs give the same order for
    /// the same names while it is pending, or let it run out. The order that is known is what would be missed.
    pub(crate) async fn new_order(
        &self,
        identifiers: &[Identifier],
        profile: Option<&str>,
        replaces: Option<&str>,
    ) -> Result<(Url, Reply<Order>), AcmeError> {
        let parts = &self.0;
        // The authorizations will be fetched at once, and each takes a nonce.
        if identifiers.len() > 1 {
            self.expect_calls(identifiers.len());
        }
        let replaces = replaces.filter(|_| parts.directory.renewal_info.is_some());
        let payload = Payload::Order { identifiers, profile, replaces };
        let (mut attempts, url) = (Attempts::new(), &parts.directory.new_order);
        let answer = self.post(&mut attempts, OnLostAnswer::Repeat, url, &payload).await?;
        let location = answer
            .location()
            .ok_or_else(|| AcmeError::malformed("the new order has no address"))?;
        let url = resource_url(location, parts.session.local, "the order")?;
        Ok((url, self.reply(&answer, Order::parse)?))
    }

    /// An order as it is now.
    pub(crate) async fn order(&self, url: &Url) -> Result<Reply<Order>, AcmeError> {
        self.get_order(&mut Attempts::new(), url).await
    }

    /// An authorization as it is now.
    pub(crate) async fn authorization(&self, url: &Url) -> Result<Reply<Authorization>, AcmeError> {
        let answer = self.get(&mut Attempts::new(), url, MAX_JSON).await?;
        self.reply(&answer, Authorization::parse)
    }

    /// Tells the CA that a challenge may be validated (RFC 8555 §7.5.1).
    ///
    /// When the answer is lost, the challenge is looked at before it is answered again: some CAs take a second answer
    /// for a mistake.
    pub(crate) async fn answer(&self, challenge: &Challenge) -> Result<Reply<()>, AcmeError> {
        let mut attempts = Attempts::new();
        let url = &challenge.url;
        loop {
            let error =
                match self.post(&mut attempts, OnLostAnswer::Return, url, &Payload::Answer).await {
                    Ok(answer) => return self.reply(&answer, |_, _| Ok(())),
                    Err(Failure { error, maybe_done: false }) => return Err(error),
                    Err(Failure { error, maybe_done: true }) => error,
                };
            let seen = self.get(&mut attempts, url, MAX_JSON).await?;
            if self.reply(&seen, Challenge::parse)?.body.status != ChallengeStatus::Pending {
                return self.reply(&seen, |_, _| Ok(()));
            }
            if !attempts.pause(None).await {
                return Err(error);
            }
        }
    }

    /// Sends the CSR for an order that is ready (RFC 8555 §7.4).
    ///
    /// When the answer is lost, the order is looked at before the CSR is sent again: an order that is no longer ready
    /// has taken it, and a second one would be refused.
    pub(crate) async fn finalize(
        &self,
        order_url: &Url,
        order: &Order,
        csr_der: &[u8],
    ) -> Result<Reply<Order>, AcmeError> {
        let mut attempts = Attempts::new();
        let payload = Payload::Csr(csr_der);
        loop {
            let error = match self
                .post(&mut attempts, OnLostAnswer::Return, &order.finalize, &payload)
                .await
            {
                Ok(answer) => return self.reply(&answer, Order::parse),
                Err(Failure { error, maybe_done: false }) => return Err(error),
                Err(Failure { error, maybe_done: true }) => error,
            };
            let seen = self.get_order(&mut attempts, order_url).await?;
            if !matches!(seen.body.status, OrderStatus::Pending | OrderStatus::Ready) {
                return Ok(seen);
            }
            if !attempts.pause(None).await {
                return Err(error);
            }
        }
    }

    /// A certificate with its chain (RFC 8555 §7.4.2).
    pub(crate) async fn certificate(&self, url: &Url) -> Result<CertificateReply, AcmeError> {
        let answer = self.get(&mut Attempts::new(), url, MAX_CHAIN).await?;
        let local = self.0.session.local;
        let alternates = answer
            .alternates(url)
            .into_iter()
            .filter(|url| resource_url(url.as_str(), local, "a chain").is_ok())
            .collect();
        Ok(CertificateReply { pem: answer.body, alternates })
    }

    async fn get_order(
        &self,
        attempts: &mut Attempts,
        url: &Url,
    ) -> Result<Reply<Order>, AcmeError> {
        let answer = self.get(attempts, url, MAX_JSON).await?;
        self.reply(&answer, Order::parse)
    }

    /// Reads a resource (POST-as-GET, RFC 8555 §6.3), which can be done any number of times.
    async fn get(
        &self,
        attempts: &mut Attempts,
        url: &Url,
        limit: usize,
    ) -> Result<Answer, Failure> {
        let Parts { session, signer, .. } = &*self.0;
        let sign = |nonce: String| ready(signer.sign(url, &Payload::Nothing, &nonce)).boxed();
        session.post(attempts, OnLostAnswer::Repeat, url, limit, &sign).await
    }

    async fn post(
        &self,
        attempts: &mut Attempts,
        on_lost_answer: OnLostAnswer,
        url: &Url,
        payload: &Payload<'_>,
    ) -> Result<Answer, Failure> {
        let Parts { session, signer, .. } = &*self.0;
        let sign = |nonce: String| ready(signer.sign(url, payload, &nonce)).boxed();
        session.post(attempts, on_lost_answer, url, MAX_JSON, &sign).await
    }

    fn reply<T>(
        &self,
        answer: &Answer,
        parse: impl FnOnce(&[u8], bool) -> Result<T, AcmeError>,
    ) -> Result<Reply<T>, AcmeError> {
        let session = &self.0.session;
        let body = parse(&answer.body, session.local)?;
        Ok(Reply { body, retry_after: answer.retry_after(session.clock.now()) })
    }
}
