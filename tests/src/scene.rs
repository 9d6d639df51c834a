//! Our library put together for one test: DNSPod's API and DNS are a sandbox's, the CA is whatever the test says.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use acme_core::dns01::AuthoritativeLookup;
use acme_core::http::HttpOptions;
use acme_core::issue::{
    CertificateAuthority, Event, IssueError, IssueRequest, Issuer, Outcome, Summary,
};
use acme_core::store::{MemoryStore, Store, StoredAccount, StoredCertificate};
use acme_core::{Identifier, SystemClock};
use dnspod_solver::{Credential, DnsPod};
use sandbox::Sandbox;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::oracle::Issued;
use crate::pebble::Pebble;

/// Bounds of a test's requests: far above what is needed, far below a test's own bound.
const STEP_LIMIT: Duration = Duration::from_secs(60);

/// A sandbox and an issuer that publishes through it.
pub struct Scene {
    /// DNSPod's API and DNS, and a CA.
    pub sandbox: Arc<Sandbox>,
    /// Where the issuer keeps everything.
    pub store: Arc<MemoryStore>,
    issuer: Issuer,
    events: Mutex<Vec<Event>>,
    told: Notify,
}

impl Scene {
    /// An issuer that trusts the sandbox's HTTPS and, besides, `tls_roots`.
    ///
    /// # Errors
    /// A sentence, where the options do not fit together.
    pub fn new(sandbox: Sandbox, tls_roots: &[&str]) -> Result<Self, String> {
        let store = Arc::new(MemoryStore::new());
        let issuer = issuer(&sandbox, tls_roots, store.clone())?;
        Ok(Self {
            sandbox: Arc::new(sandbox),
            store,
            issuer,
            events: Mutex::default(),
            told: Notify::new(),
        })
    }

    /// A request for `names` from the sandbox's own CA.
    ///
    /// # Panics
    /// Where a name is none.
    pub fn request(&self, names: &[&str]) -> IssueRequest {
        let directory = Url::parse(self.sandbox.directory_url());
        request(directory.expect("the sandbox's address is an URL"), names)
    }

    /// Gets a certificate and returns it, as it was stored, with what it cost.
    ///
    /// # Errors
    /// Those of [`Issuer::issue`].
    ///
    /// # Panics
    /// Where nothing had to be issued, or nothing was stored.
    pub async fn issue(&self, request: &IssueRequest) -> Result<(Issued, Summary), IssueError> {
        let outcome = self.run(request, &CancellationToken::new()).await?;
        let Outcome::Issued(summary) = outcome else { panic!("nothing was issued: {outcome:?}") };
        let stored = self.stored(request).await.expect("an issued certificate is stored");
        Ok((stored, summary))
    }

    /// As [`issue`](Self::issue), until it is cancelled and with the outcome as it is.
    ///
    /// # Errors
    /// Those of [`Issuer::issue`].
    pub async fn run(
        &self,
        request: &IssueRequest,
        cancel: &CancellationToken,
    ) -> Result<Outcome, IssueError> {
        let progress = |event: &Event| {
            self.events().push(event.clone());
            self.told.notify_waiters();
        };
        self.issuer.issue(request, &progress, cancel).await
    }

    /// Issues until the events told so far `are` what is waited for, then cancels.
    ///
    /// # Errors
    /// Those of [`Issuer::issue`]; [`IssueError::Cancelled`] unless it was too late for that.
    pub async fn run_until(
        &self,
        request: &IssueRequest,
        are: impl Fn(&[Event]) -> bool,
    ) -> Result<Outcome, IssueError> {
        let cancel = CancellationToken::new();
        let watch = async {
            self.until(are).await;
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(self.run(request, &cancel), watch);
        outcome
    }

    /// Waits until the events told so far `are` what is waited for.
    pub async fn until(&self, are: impl Fn(&[Event]) -> bool) {
        loop {
            let told = self.told.notified();
            if are(&self.events()) {
                return;
            }
            told.await;
        }
    }

    /// As [`issue`](Self::issue), for what must fail.
    ///
    /// # Panics
    /// Where it succeeds.
    pub async fn fail(&self, request: &IssueRequest) -> IssueError {
        match self.run(request, &CancellationToken::new()).await {
            Ok(outcome) => panic!("it did not fail: {outcome:?}"),
            Err(error) => error,
        }
    }

    /// The stored certificate, where there is one.
    pub async fn stored(&self, request: &IssueRequest) -> Option<Issued> {
        let stored = StoredCertificate::load(&*self.store, &request.name).await;
        let stored = stored.expect("what is stored can be read")?;
        Some(Issued { fullchain: stored.fullchain_pem, privkey: stored.privkey_pem.to_string() })
    }

    /// What was told so far.
    pub fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().expect("no test panics while it holds this lock")
    }

    /// All TXT values at the challenge names of `names`.
    pub fn challenge_values(&self, names: &[&str]) -> Vec<String> {
        let bases = names.iter().map(|name| name.trim_start_matches("*."));
        bases.flat_map(|base| self.sandbox.txt_values(&format!("_acme-challenge.{base}"))).collect()
    }

    /// The account that was registered at the CA with this directory.
    pub async fn account(&self, directory: &Url) -> Option<StoredAccount> {
        let host = directory.host_str().unwrap_or_default();
        let name = format!("{host}_{}_{}", directory.port()?, directory.path().trim_matches('/'));
        StoredAccount::load(&*self.store, &name).await.expect("what is stored can be read")
    }
}

/// An issuer that publishes through `sandbox`, trusts its HTTPS and `tls_roots`, and keeps everything in `store`.
///
/// # Errors
/// A sentence, where the options do not fit together.
pub fn issuer(
    sandbox: &Sandbox,
    tls_roots: &[&str],
    store: Arc<dyn Store>,
) -> Result<Issuer, String> {
    let roots = tls_roots.iter().copied().chain([sandbox.root_pem()]);
    let http = HttpOptions {
        extra_roots: roots.map(ToOwned::to_owned).collect(),
        timeout: Duration::from_secs(10),
        ..HttpOptions::default()
    };
    let credential = Credential::new(sandbox.secret_id(), sandbox.secret_key())
        .map_err(|error| error.to_string())?;
    let endpoint = Url::parse(&sandbox.dnspod_endpoint()).map_err(|error| error.to_string())?;
    let provider = DnsPod::builder(credential)
        .endpoint(endpoint)
        .http(http.clone())
        .build()
        .map_err(|error| error.to_string())?;
    let lookup = AuthoritativeLookup::builder()
        .servers(sandbox.name_servers().iter().copied())
        .build()
        .map_err(|error| error.to_string())?;
    Ok(Issuer::new(http, Arc::new(provider), Arc::new(lookup), store, Arc::new(SystemClock)))
}

/// A request for `names` from the CA with this directory, its terms accepted.
///
/// # Panics
/// Where a name is none.
pub fn request(directory: Url, names: &[&str]) -> IssueRequest {
    let identifiers = Identifier::parse_list(names).expect("tests ask for names").identifiers;
    let ca = CertificateAuthority {
        directory,
        email: Some("a@ws.example".to_owned()),
        accept_tos: true,
        external_account: None,
    };
    let mut request = IssueRequest::new(identifiers, ca);
    request.propagation_timeout = STEP_LIMIT;
    request.ca_timeout = STEP_LIMIT;
    request
}

impl Pebble {
    /// A request for `names` from this Pebble.
    pub fn request(&self, names: &[&str]) -> IssueRequest {
        request(self.directory_url(), names)
    }
}
