//! An issuance as plain as can be: every call of the client, with no care for propagation.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use sandbox::Sandbox;
use url::Url;

use super::super::account::CertificateReply;
use super::super::{
    Account, AccountKey, AcmeClient, AcmeError, Authorization, AuthorizationStatus, Challenge,
    Order, OrderStatus,
};
use crate::http::HttpOptions;
use crate::key::{KeyType, PrivateKey};
use crate::{Identifier, SystemClock};

/// Bound on the wait for the CA in tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// A sandbox, a client of its CA, and an account there.
pub(super) struct Ca {
    pub(super) sandbox: Sandbox,
    pub(super) client: AcmeClient,
    pub(super) account: Account,
}

impl Ca {
    /// All nonces are good until a fault says otherwise.
    pub(super) async fn start() -> Self {
        let sandbox = Sandbox::start().await.unwrap();
        sandbox.clear_fault("bad-nonce").unwrap();
        let client = client(&sandbox, HttpOptions::default());
        let key = AccountKey::generate().unwrap();
        let account = client.create_account(&key, None).await.unwrap();
        Self { sandbox, client, account }
    }

    /// Sets a fault from now on.
    pub(super) fn fault(&self, spec: &str) {
        self.sandbox.set_fault(spec).unwrap();
    }

    pub(super) async fn new_order(&self) -> Result<(Url, Order), AcmeError> {
        let (url, order) = self.account.new_order(&names(&["*.ws.example"]), None, None).await?;
        Ok((url, order.body))
    }

    /// An order for one wildcard up to the point where its challenge may be answered.
    pub(super) async fn published_challenge(&self) -> (Url, Order, Challenge) {
        let (url, order) = self.new_order().await.unwrap();
        let reply = self.account.authorization(&order.authorizations[0]).await.unwrap();
        self.publish(&reply.body);
        (url, order, dns_01(&reply.body).clone())
    }

    /// An order for one wildcard that waits for its CSR, and the CSR.
    pub(super) async fn ready_order(&self) -> (Url, Order, Vec<u8>) {
        let (url, _, challenge) = self.published_challenge().await;
        self.account.answer(&challenge).await.unwrap();
        let order = self.until(&url, OrderStatus::Ready).await.unwrap();
        (url, order, csr(&names(&["*.ws.example"])))
    }

    /// Gets a certificate.
    pub(super) async fn issue(&self, texts: &[&str]) -> Result<CertificateReply, AcmeError> {
        let (account, names) = (&self.account, names(texts));
        let (url, order) = account.new_order(&names, None, None).await?;
        let order = order.body;
        let all = order.authorizations.iter().map(|url| account.authorization(url));
        let all = try_join_all(all).await?.into_iter().map(|reply| reply.body);
        let pending: Vec<_> =
            all.filter(|one| one.status == AuthorizationStatus::Pending).collect();
        for authorization in &pending {
            self.publish(authorization);
        }
        try_join_all(pending.iter().map(|one| account.answer(dns_01(one)))).await?;
        self.until(&url, OrderStatus::Ready).await?;
        let mut order = account.finalize(&url, &order, &csr(&names)).await?.body;
        if order.status == OrderStatus::Processing {
            order = self.until(&url, OrderStatus::Valid).await?;
        }
        account.certificate(order.certificate.as_ref().unwrap()).await
    }

    /// Asks for the order until it has this status.
    pub(super) async fn until(&self, url: &Url, status: OrderStatus) -> Result<Order, AcmeError> {
        let asking = async {
            loop {
                let order = self.account.order(url).await?.body;
                assert_ne!(order.status, OrderStatus::Invalid, "{:?}", order.error);
                if order.status == status {
                    return Ok(order);
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the CA must get there in time")
    }

    /// How many requests with this method the CA received at paths that start so.
    pub(super) fn requests(&self, method: &str, path: &str) -> usize {
        let all = self.sandbox.acme_requests();
        all.iter().filter(|one| one.method == method && one.path.starts_with(path)).count()
    }

    fn publish(&self, authorization: &Authorization) {
        let name = format!("_acme-challenge.{}", authorization.identifier.base());
        let value = self.account.txt_value(&dns_01(authorization).token);
        self.sandbox.add_record(&name, "TXT", &value).unwrap();
    }
}

pub(super) fn client(sandbox: &Sandbox, options: HttpOptions) -> AcmeClient {
    let options = HttpOptions { extra_roots: vec![sandbox.root_pem().to_owned()], ..options };
    let directory = sandbox.directory_url().parse().unwrap();
    AcmeClient::new(&options, directory, Arc::new(SystemClock)).unwrap()
}

pub(super) fn names(texts: &[&str]) -> Vec<Identifier> {
    texts.iter().map(|text| Identifier::parse(text).unwrap()).collect()
}

pub(super) fn dns_01(authorization: &Authorization) -> &Challenge {
    authorization.challenges.iter().find(|challenge| challenge.kind == "dns-01").unwrap()
}

fn csr(names: &[Identifier]) -> Vec<u8> {
    PrivateKey::generate(KeyType::P256).unwrap().certificate_signing_request(names).unwrap()
}
