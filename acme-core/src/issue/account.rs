//! The account at the CA: the stored one, else a new one.

use std::time::Duration;

use futures_util::FutureExt as _;
use url::Url;

use super::run::Run;
use super::{Event, ExternalAccountBinding, IssueError, Phase};
use crate::acme::{Account, AccountKey, AcmeError};
use crate::store::{Entry, StoredAccount};

impl Run<'_> {
    /// The account that orders are made with. It is created where there is none, under a lock, so that issuances at
    /// the same time share one.
    pub(super) async fn open_account(&self) -> Result<Account, IssueError> {
        self.timed(
            Phase::Account,
            self.unless_cancelled("opening the account", async {
                if let Some(account) = self.stored_account().await? {
                    return Ok(account);
                }
                let entry = Entry::Account(account_name(&self.request.ca.directory));
                let _lock = self.issuer.store.lock(&entry, LOCK_WAIT).await?;
                match self.stored_account().await? {
                    Some(account) => Ok(account),
                    None => Box::pin(self.create_account()).await,
                }
            }),
        )
        .await
    }

    /// Forgets the URL of an account that the CA does not know any more; its key stays.
    pub(super) async fn forget_account(&self) -> Result<(), IssueError> {
        let store = &*self.issuer.store;
        let name = account_name(&self.request.ca.directory);
        if let Some(mut stored) = StoredAccount::load(store, &name).await? {
            stored.url = None;
            stored.save(store, &name).await?;
        }
        Ok(())
    }

    async fn stored_account(&self) -> Result<Option<Account>, IssueError> {
        let name = account_name(&self.request.ca.directory);
        let Some(stored) = StoredAccount::load(&*self.issuer.store, &name).await? else {
            return Ok(None);
        };
        let Some(url) = stored.url else { return Ok(None) };
        let key = self.account_key(&stored.key_pem)?;
        let account = self
            .client
            .account(&url, &key)
            .await
            .map_err(|error| self.ca_error("read its directory", error))?;
        self.emit(Event::Account { url, created: false });
        Ok(Some(account))
    }

    /// Registers (RFC 8555 §7.3). The key is stored before the CA hears of it, so that a lost answer loses no
    /// account: the next run finds it again by its key.
    async fn create_account(&self) -> Result<Account, IssueError> {
        const DOING: &str = "create an account";
        let ca = &self.request.ca;
        let store = &*self.issuer.store;
        let name = account_name(&ca.directory);
        let email = ca.email.as_deref();
        let directory =
            self.client.directory().await.map_err(|e| self.ca_error("read its directory", e))?;
        if directory.terms_of_service.is_some() && !ca.accept_tos {
            return Err(self.terms_not_accepted(directory.terms_of_service.clone()));
        }

        let account = if let Some(eab) = &ca.external_account {
            self.create_bound_account(&name, eab).await?
        } else {
            if directory.external_account_required {
                return Err(IssueError::ExternalAccountRequired { ca: self.client.host() });
            }
            let key = match StoredAccount::load(store, &name).await? {
                Some(stored) => self.account_key(&stored.key_pem)?,
                None => AccountKey::generate()
                    .map_err(|error| IssueError::Internal { reason: error.to_string() })?,
            };
            let mut stored = StoredAccount::new(ca.directory.clone(), key.to_pem());
            stored.save(store, &name).await?;
            let account = self
                .client
                .create_account(&key, email)
                .await
                .map_err(|error| self.account_error(DOING, error))?;
            stored.url = Some(account.url().clone());
            stored.save(store, &name).await?;
            account
        };
        self.emit(Event::Account { url: account.url().clone(), created: true });
        Ok(account)
    }

    /// Registers with an external account binding (RFC 8555 §7.3.4), unless an earlier run did and was killed before
    /// it knew: the binding may be good for one account only.
    async fn create_bound_account(
        &self,
        name: &str,
        binding: &ExternalAccountBinding,
    ) -> Result<Account, IssueError> {
        const DOING: &str = "create an account";
        let store = &*self.issuer.store;
        let found = match StoredAccount::load(store, name).await? {
            Some(stored) => {
                let key = self.account_key(&stored.key_pem)?;
                let found = self.client.find_account(&key).await;
                found.map_err(|error| self.account_error(DOING, error))?
            }
            None => None,
        };
        let account = if let Some(account) = found {
            account
        } else {
            let keep = |key_pem| {
                let stored = StoredAccount::new(self.request.ca.directory.clone(), key_pem);
                async move { stored.save(store, name).await }.boxed()
            };
            let email = self.request.ca.email.as_deref();
            let (kid, hmac_key) = (&binding.kid, &binding.hmac_key);
            let created = self.client.create_account_with_eab(email, kid, hmac_key, &keep).await;
            created.map_err(|error| self.account_error(DOING, error))?
        };
        if let Some(mut stored) = StoredAccount::load(store, name).await? {
            stored.url = Some(account.url().clone());
            stored.save(store, name).await?;
        }
        Ok(account)
    }

    fn account_key(&self, pem: &str) -> Result<AccountKey, IssueError> {
        AccountKey::from_pkcs8_pem(pem).map_err(|error| {
            let name = account_name(&self.request.ca.directory);
            IssueError::Store(crate::store::StoreError::Damaged {
                location: self.issuer.store.location(&Entry::Account(name)),
                reason: format!("its key cannot be read: {error}"),
            })
        })
    }

    fn account_error(&self, doing: &'static str, error: AcmeError) -> IssueError {
        match error {
            error if error.is_external_account_required() => {
                IssueError::ExternalAccountRequired { ca: self.client.host() }
            }
            error if error.is_user_action_required() && !self.request.ca.accept_tos => {
                self.terms_not_accepted(None)
            }
            error => self.ca_error(doing, error),
        }
    }

    fn terms_not_accepted(&self, terms: Option<Url>) -> IssueError {
        IssueError::TermsNotAccepted { ca: self.client.host(), terms }
    }
}

/// The name an account is stored under: the directory's host, port and path.
fn account_name(directory: &Url) -> String {
    let host = directory.host_str().unwrap_or("ca");
    let port = directory.port().map(|port| format!("_{port}")).unwrap_or_default();
    let path = directory.path().trim_matches('/');
    format!("{host}{port}_{path}")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' })
        .collect()
}

/// How long another process may take to register.
const LOCK_WAIT: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_two_cas_never_share_a_name() {
        let name = |url| account_name(&Url::parse(url).unwrap());
        assert_eq!(
            name("https://acme-v02.api.letsencrypt.org/directory"),
            "acme-v02.api.letsencrypt.org_directory"
        );
        assert_eq!(name("https://127.0.0.1:14000/dir"), "127.0.0.1_14000_dir");
        assert_ne!(name("https://ca.example/a"), name("https://ca.example/b"));
    }
}
