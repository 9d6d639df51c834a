//! A CA: its directory and accounts at it (RFC 8555 §7.1.1, §7.3).

use std::sync::{Arc, Mutex};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use instant_acme::ExternalAccountKey;
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::account::Account;
use super::directory::{Directory, resource_url};
use super::error::AcmeError;
use super::key::AccountKey;
use super::retry::Attempts;
use super::session::{Failure, OnLostAnswer, Session, Sign};
use super::signer::{sign_bound_account, sign_new_account};
use super::transport::{Answer, MAX_JSON};
use crate::Clock;
use crate::http::{HttpError, HttpOptions};
use crate::store::StoreError;

/// Stores an account's key, in PEM, before the CA hears of it.
pub(crate) type KeepKey<'a> =
    &'a (dyn Fn(Zeroizing<String>) -> BoxFuture<'a, Result<(), StoreError>> + Send + Sync);

/// One CA as its clients see it: connections, nonces and the directory, shared by everything that clones it.
///
/// Make one for each directory and clone it for each issuance.
#[derive(Clone)]
pub struct AcmeClient(pub(super) Arc<Session>);

impl AcmeClient {
    /// For the CA with this directory (RFC 8555 §7.1.1). Sends nothing yet.
    ///
    /// The directory must be `https`; on this machine `http` will do.
    pub fn new(
        http: &HttpOptions,
        directory: Url,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HttpError> {
        Session::new(http, directory, clock).map(|session| Self(Arc::new(session)))
    }

    /// How many requests were sent to this CA so far, repeated ones and those for nonces included.
    pub fn requests(&self) -> u64 {
        self.0.transport.sent()
    }

    /// The directory's URL.
    pub fn directory_url(&self) -> &Url {
        &self.0.directory_url
    }

    /// The CA's host, as messages name it.
    pub fn host(&self) -> String {
        let url = &self.0.directory_url;
        let host = url.host_str().unwrap_or("the CA");
        url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The directory, from memory where it is not old.
    pub(crate) async fn directory(&self) -> Result<Arc<Directory>, AcmeError> {
        self.0.directory(&mut Attempts::new()).await
    }

    /// Creates an account with `key`, or finds the one that has it (RFC 8555 §7.3.1), and sets its contact where
    /// `email` is given. It says that the terms are agreed to: ask a person before.
    pub(crate) async fn create_account(
        &self,
        key: &AccountKey,
        email: Option<&str>,
    ) -> Result<Account, AcmeError> {
        let mut attempts = Attempts::new();
        let answer = self.new_account(&mut attempts, key, false).await?;
        let (account, contacts) = self.created(&mut attempts, &answer, key).await?;
        if let Some(email) = email {
            let contact = mailto(email);
            if contacts != [contact.as_str()] {
                account.set_contacts(&[&contact]).await?;
            }
        }
        Ok(account)
    }

    /// Creates an account that is bound to an external one (RFC 8555 §7.3.4). `hmac_key` is base64url, as CAs show it.
    /// It says that the terms are agreed to: ask a person before.
    ///
    /// The key is made here, another one for each try. `keep` is given it before the CA is, and nothing is sent when it
    /// fails; so whatever happens afterwards, [`find_account`](Self::find_account) finds the account.
    pub(crate) async fn create_account_with_eab(
        &self,
        email: Option<&str>,
        kid: &str,
        hmac_key: &str,
        keep: KeepKey<'_>,
    ) -> Result<Account, AcmeError> {
        let external = &ExternalAccountKey::new(kid.to_owned(), &decoded(hmac_key)?);
        let contact = email.map(mailto);
        let contacts = &contact.iter().map(String::as_str).collect::<Vec<_>>();

        let mut attempts = Attempts::new();
        let directory = &self.0.directory(&mut attempts).await?;
        let made = &Mutex::new(None);
        let sign: Sign<'_> = &|nonce| {
            async move {
                let (body, key) = sign_bound_account(directory, contacts, external, &nonce)?;
                keep(key.to_pem()).await?;
                *made.lock().expect("no code panics while it holds this lock") = Some(key);
                Ok(body)
            }
            .boxed()
        };
        loop {
            let url = &directory.new_account;
            let posted =
                self.0.post(&mut attempts, OnLostAnswer::Return, url, MAX_JSON, sign).await;
            let key = made.lock().expect("no code panics while it holds this lock").take();
            let error = match (posted, key) {
                (Ok(answer), Some(key)) => {
                    return Ok(self.created(&mut attempts, &answer, &key).await?.0);
                }
                (Err(Failure { error, maybe_done: true }), Some(key)) => {
                    match self.find(&mut attempts, &key).await {
                        Ok(Some(account)) => return Ok(account),
                        Ok(None) => error,
                        Err(_) => return Err(error),
                    }
                }
                (Err(failure), _) => return Err(failure.error),
                (Ok(_), None) => unreachable!("an answer comes to a signed request only"),
            };
            if !attempts.pause(None).await {
                return Err(error);
            }
        }
    }

    /// The account that has this key, where there is one (RFC 8555 §7.3.1).
    pub(crate) async fn find_account(
        &self,
        key: &AccountKey,
    ) -> Result<Option<Account>, AcmeError> {
        self.find(&mut Attempts::new(), key).await
    }

    /// An account from before. Sends nothing but for the directory, where it is not known.
    pub(crate) async fn account(&self, url: &Url, key: &AccountKey) -> Result<Account, AcmeError> {
        let directory = self.directory().await?;
        Account::new(Arc::clone(&self.0), directory, url.clone(), key)
    }

    async fn find(
        &self,
        attempts: &mut Attempts,
        key: &AccountKey,
    ) -> Result<Option<Account>, AcmeError> {
        match self.new_account(attempts, key, true).await {
            Ok(answer) => Ok(Some(self.created(attempts, &answer, key).await?.0)),
            Err(failure) if failure.error.is_account_does_not_exist() => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    /// Repeated when the answer is lost: the account is known by its key, so there will be one.
    async fn new_account(
        &self,
        attempts: &mut Attempts,
        key: &AccountKey,
        only_existing: bool,
    ) -> Result<Answer, Failure> {
        let directory = &self.0.directory(attempts).await?;
        let sign: Sign<'_> =
            &|nonce| ready(sign_new_account(directory, key, only_existing, &nonce)).boxed();
        self.0.post(attempts, OnLostAnswer::Repeat, &directory.new_account, MAX_JSON, sign).await
    }

    /// The account that an answer is about, and its contacts.
    async fn created(
        &self,
        attempts: &mut Attempts,
        answer: &Answer,
        key: &AccountKey,
    ) -> Result<(Account, Vec<String>), AcmeError> {
        #[derive(Default, Deserialize)]
        struct RawAccount {
            status: Option<String>,
            #[serde(default)]
            contact: Vec<String>,
        }

        let url = answer
            .location()
            .ok_or_else(|| AcmeError::malformed("the new account has no address"))?;
        let url = resource_url(url, self.0.local, "the account")?;
        let raw: RawAccount = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(status) = raw.status.filter(|status| status != "valid") {
            let status = super::problem::cleaned(&status, 40);
            return Err(AcmeError::malformed(format!(
                "the account {url} is {status}; use another key"
            )));
        }
        let directory = self.0.directory(attempts).await?;
        Ok((Account::new(Arc::clone(&self.0), directory, url, key)?, raw.contact))
    }
}

fn mailto(email: &str) -> String {
    format!("mailto:{email}")
}

/// Decodes base64url, with the padding or the other alphabet that some CAs show.
fn decoded(hmac_key: &str) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
    let plain: Zeroizing<String> =
        Zeroizing::new(hmac_key.trim().trim_end_matches('=').replace('+', "-").replace('/', "_"));
    let key =
        BASE64_URL_SAFE_NO_PAD.decode(plain.as_bytes()).map_err(|_| AcmeError::InvalidHmacKey)?;
    if key.is_empty() { Err(AcmeError::InvalidHmacKey) } else { Ok(Zeroizing::new(key)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;

    fn client(directory: &str) -> Result<AcmeClient, HttpError> {
        let directory = directory.parse().unwrap();
        AcmeClient::new(&HttpOptions::default(), directory, Arc::new(SystemClock))
    }

    #[test]
    fn a_directory_without_tls_is_refused_unless_it_is_on_this_machine() {
        for good in ["https://ca.example/", "http://127.0.0.1:1/", "http://localhost:1/"] {
            assert!(client(good).is_ok(), "{good}");
        }
        for bad in ["http://ca.example/", "ftp://ca.example/", "data:,"] {
            assert_eq!(client(bad).err().unwrap().field, "directory", "{bad}");
        }
    }

    #[test]
    fn messages_name_the_port_where_it_is_not_the_usual_one() {
        assert_eq!(client("https://ca.example/directory").unwrap().host(), "ca.example");
        assert_eq!(client("https://[::1]:14000/dir").unwrap().host(), "[::1]:14000");
    }

    #[test]
    fn hmac_keys_are_read_in_every_form_that_cas_show() {
        for text in ["-_8", "-_8=", " +/8=\n"] {
            assert_eq!(decoded(text).unwrap().as_slice(), [0xfb, 0xff], "{text}");
        }
        for bad in ["", "=", "a b", "é"] {
            assert!(matches!(decoded(bad), Err(AcmeError::InvalidHmacKey)), "{bad}");
        }
    }
}
