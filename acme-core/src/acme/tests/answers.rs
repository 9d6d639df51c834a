//! Answers that get lost after the CA acted on the request.

use std::sync::Mutex;

use futures_util::FutureExt as _;
use futures_util::future::ready;
use sandbox::{Policy, Sandbox};
use zeroize::Zeroizing;

use super::super::{Account, AccountKey, AcmeClient, AcmeError, OrderStatus};
use super::flow::{Ca, client, names};
use crate::http::HttpOptions;
use crate::store::StoreError;

#[tokio::test]
async fn an_account_whose_answer_was_lost_is_found_by_its_key() {
    let ca = Ca::start().await;
    ca.fault("truncated-body=1");
    let key = AccountKey::generate().unwrap();
    let account = ca.client.create_account(&key, Some("a@ws.example")).await.unwrap();
    let again = ca.client.create_account(&key, Some("a@ws.example")).await.unwrap();
    assert_eq!(account.url(), again.url());
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_there() {
    let ca = Ca::start().await;
    ca.fault("truncated-body=1");
    let (url, _) = ca.new_order().await.unwrap();
    assert_eq!(ca.account.order(&url).await.unwrap().body.status, OrderStatus::Pending);
}

#[tokio::test]
async fn a_challenge_whose_answer_was_lost_is_validated() {
    let ca = Ca::start().await;
    let (url, _, challenge) = ca.published_challenge().await;
    ca.fault("truncated-body=1");
    ca.account.answer(&challenge).await.unwrap();
    ca.until(&url, OrderStatus::Ready).await.unwrap();
}

#[tokio::test]
async fn a_csr_whose_answer_was_lost_is_sent_once() {
    let ca = Ca::start().await;
    let (url, order, csr) = ca.ready_order().await;
    ca.fault("truncated-body=1");
    ca.account.finalize(&url, &order, &csr).await.unwrap();
    let order = ca.until(&url, OrderStatus::Valid).await.unwrap();
    assert_eq!(ca.requests("POST", "/finalize"), 1);
    let reply = ca.account.certificate(order.certificate.as_ref().unwrap()).await.unwrap();
    assert!(reply.pem.starts_with(b"-----BEGIN CERTIFICATE-----"));
    assert_eq!(reply.alternates.len(), 1);
}

#[tokio::test]
async fn a_csr_that_never_arrived_is_sent_again() {
    let ca = Ca::start().await;
    let (url, order, csr) = ca.ready_order().await;
    ca.fault("html-502=1");
    ca.account.finalize(&url, &order, &csr).await.unwrap();
    ca.until(&url, OrderStatus::Valid).await.unwrap();
}

#[tokio::test]
async fn an_order_that_is_not_ready_says_so() {
    let ca = Ca::start().await;
    let (url, order, csr) = ca.ready_order().await;
    ca.fault("order-not-ready=1");
    let error = ca.account.finalize(&url, &order, &csr).await.unwrap_err();
    assert!(error.is_order_not_ready(), "{error}");
}

/// base64url of `secret`.
const HMAC_KEY: &str = "c2VjcmV0";

/// The last key that was given away to be kept.
#[derive(Default)]
struct Kept(Mutex<Option<String>>);

impl Kept {
    /// Creates an account bound to the external account `kid-1`.
    async fn create(&self, client: &AcmeClient, hmac_key: &str) -> Result<Account, AcmeError> {
        let keep = |pem: Zeroizing<String>| {
            *self.0.lock().unwrap() = Some(pem.to_string());
            ready(Ok(())).boxed()
        };
        client.create_account_with_eab(Some("a@ws.example"), "kid-1", hmac_key, &keep).await
    }

    fn key(&self) -> AccountKey {
        AccountKey::from_pkcs8_pem(self.0.lock().unwrap().as_ref().unwrap()).unwrap()
    }
}

async fn ca_with_external_accounts() -> (Sandbox, AcmeClient) {
    let mut policy = Policy::default();
    policy.external_account_required = true;
    policy.external_account_keys.insert("kid-1".to_owned(), b"secret".to_vec());
    let sandbox = Sandbox::builder().policy(policy).start().await.unwrap();
    let client = client(&sandbox, HttpOptions::default());
    client.directory().await.unwrap();
    (sandbox, client)
}

#[tokio::test]
async fn the_kept_key_is_the_bound_account_s_though_the_answer_was_lost() {
    for fault in [None, Some("truncated-body=1"), Some("html-502=1"), Some("bad-nonce=50")] {
        let (sandbox, client) = ca_with_external_accounts().await;
        if let Some(fault) = fault {
            sandbox.set_fault(fault).unwrap();
        }
        let kept = Kept::default();
        let account = kept.create(&client, HMAC_KEY).await.unwrap();
        let found = client.find_account(&kept.key()).await.unwrap().unwrap();
        assert_eq!(found.url(), account.url(), "{fault:?}");
        found.new_order(&names(&["ws.example"]), None, None).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_sent_when_the_key_could_not_be_kept() {
    let (sandbox, client) = ca_with_external_accounts().await;
    let keep = |_| {
        let error = StoreError::BadName { name: "x".to_owned(), reason: "a test" };
        ready(Err(error)).boxed()
    };
    let created = client.create_account_with_eab(None, "kid-1", HMAC_KEY, &keep).await;
    assert!(matches!(created.err(), Some(AcmeError::KeyNotKept(_))));
    assert!(sandbox.acme_requests().iter().all(|request| request.method != "POST"));
}

#[tokio::test]
async fn a_key_without_an_account_finds_none() {
    let ca = Ca::start().await;
    let found = ca.client.find_account(&AccountKey::generate().unwrap()).await.unwrap();
    assert!(found.is_none());
}
