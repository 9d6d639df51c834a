//! A sandbox, and runs of the issuer against it. Each run is a new issuer, as in a new process; what they share is the
//! store.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use acme_core::dns01::AuthoritativeLookup;
use acme_core::http::HttpOptions;
use acme_core::issue::{
    CertificateAuthority, Event, IssueError, IssueRequest, Issuer, Outcome, Summary,
};
use acme_core::store::{CertificateState, MemoryStore, Store, StoredAccount, StoredCertificate};
use acme_core::{Clock as _, Identifier, ManualClock, SystemClock};
use dnspod_solver::{Credential, DnsPod};
use sandbox::{Builder, Policy, Sandbox};
use tokio_util::sync::CancellationToken;

/// Bound on everything that a run may wait for; far above what any of them needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Where the challenges of the names below `ws.example` are answered.
pub(crate) const CHALLENGE: &str = "_acme-challenge.ws.example";

/// A TXT value at [`CHALLENGE`] that is somebody else's.
pub(crate) const FOREIGN: &str = "somebody-elses";

/// One sandbox, one store, one clock that stands still.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    /// Bound on one HTTP request.
    pub(crate) http_timeout: Duration,
    /// What DNSPod is called with.
    pub(crate) secret_key: String,
}

impl Scene {
    pub(crate) async fn start() -> Self {
        Self::with(Sandbox::builder()).await
    }

    /// At this CA each order is a new one, also while a dead one looks pending.
    pub(crate) async fn without_order_reuse() -> Self {
        let mut policy = Policy::default();
        policy.order_reuse = false;
        Self::with(Sandbox::builder().policy(policy)).await
    }

    /// All nonces are good, so that requests can be counted, and [`FOREIGN`] is there.
    pub(crate) async fn with(builder: Builder) -> Self {
        let sandbox = builder.nonce_rejection(0).start().await.unwrap();
        sandbox.add_record(CHALLENGE, "TXT", FOREIGN).unwrap();
        let secret_key = sandbox.secret_key().to_owned();
        Self {
            sandbox,
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(ManualClock::new(SystemClock.now())),
            http_timeout: PATIENCE,
            secret_key,
        }
    }

    /// A request to the sandbox's CA.
    pub(crate) fn request(&self, names: &[&str]) -> IssueRequest {
        let ca = CertificateAuthority {
            directory: self.sandbox.directory_url().parse().unwrap(),
            email: None,
            accept_tos: true,
            external_account: None,
        };
        let names = names.iter().map(|name| Identifier::parse(name).unwrap());
        let mut request = IssueRequest::new(names.collect(), ca);
        request.propagation_timeout = PATIENCE;
        request.ca_timeout = PATIENCE;
        request
    }

    /// An issuer that knows nothing but the store.
    pub(crate) fn issuer(&self) -> Issuer {
        let http = HttpOptions {
            extra_roots: vec![self.sandbox.root_pem().to_owned()],
            timeout: self.http_timeout,
            ..HttpOptions::default()
        };
        let credential = Credential::new(self.sandbox.secret_id(), &self.secret_key).unwrap();
        let provider = DnsPod::builder(credential)
            .endpoint(self.sandbox.dnspod_endpoint().parse().unwrap())
            .build()
            .unwrap();
        let lookup = AuthoritativeLookup::builder()
            .servers(self.sandbox.name_servers().iter().copied())
            .build()
            .unwrap();
        let (provider, lookup) = (Arc::new(provider), Arc::new(lookup));
        Issuer::new(http, provider, lookup, self.store.clone(), self.clock.clone())
    }

    /// One run to its end.
    pub(crate) async fn run(&self, request: &IssueRequest) -> Result<Outcome, IssueError> {
        self.watched(request, |_| ()).await
    }

    /// As [`run`](Self::run), for runs that must issue.
    pub(crate) async fn issued(&self, request: &IssueRequest) -> Summary {
        match self.run(request).await.unwrap() {
            Outcome::Issued(summary) => summary,
            good @ Outcome::AlreadyGood { .. } => panic!("nothing was issued: {good:?}"),
        }
    }

    /// As [`run`](Self::run), with what was told on the way.
    pub(crate) async fn told(
        &self,
        request: &IssueRequest,
    ) -> (Result<Outcome, IssueError>, Vec<Event>) {
        let events = Mutex::new(Vec::new());
        let result =
            self.watched(request, |event| events.lock().unwrap().push(event.clone())).await;
        (result, events.into_inner().unwrap())
    }

    /// As [`run`](Self::run), with something done at each event, while the run stands still.
    pub(crate) async fn watched(
        &self,
        request: &IssueRequest,
        watch: impl Fn(&Event) + Send + Sync,
    ) -> Result<Outcome, IssueError> {
        self.cancellable(request, watch, &CancellationToken::new()).await
    }

    /// As [`watched`](Self::watched), until it is cancelled.
    pub(crate) async fn cancellable(
        &self,
        request: &IssueRequest,
        watch: impl Fn(&Event) + Send + Sync,
        cancel: &CancellationToken,
    ) -> Result<Outcome, IssueError> {
        let issuer = self.issuer();
        let run = issuer.issue(request, &watch, cancel);
        tokio::time::timeout(PATIENCE * 2, run).await.expect("every wait of a run has a bound")
    }

    /// Drops the run at the first point where it waits after it told of `event`. Whether it told of it.
    pub(crate) async fn dropped_at(&self, request: &IssueRequest, event: &str) -> bool {
        let seen = AtomicBool::new(false);
        let watch = |told: &Event| {
            if kind(told) == event {
                seen.store(true, Ordering::SeqCst);
            }
        };
        let mut run = pin!(self.watched(request, watch));
        poll_fn(|context| {
            let polled = run.as_mut().poll(context).map(drop);
            if seen.load(Ordering::SeqCst) { Poll::Ready(()) } else { polled }
        })
        .await;
        seen.load(Ordering::SeqCst)
    }

    pub(crate) fn fault(&self, spec: &str) {
        self.sandbox.set_fault(spec).unwrap();
    }

    /// Makes the next run tell of `event`, where that takes something unusual, until [`relent`](Self::relent).
    pub(crate) fn provoke(&self, event: &str) {
        match event {
            "waiting_for_dns" => assert!(self.sandbox.freeze_name_server(1)),
            "waiting_for_ca" => self.fault("order-not-ready=1"),
            _ => {}
        }
    }

    pub(crate) fn relent(&self) {
        assert!(self.sandbox.release_name_server(1));
        self.sandbox.clear_fault("order-not-ready").unwrap();
    }

    /// How many requests the CA received at paths that start so.
    pub(crate) fn requests(&self, path: &str) -> usize {
        self.sandbox.acme_requests().iter().filter(|one| one.path.starts_with(path)).count()
    }

    /// The TXT values at [`CHALLENGE`] without [`FOREIGN`], which must be there.
    pub(crate) fn our_txt(&self) -> Vec<String> {
        let mut values = self.sandbox.txt_values(CHALLENGE);
        let foreign = values.iter().position(|value| value == FOREIGN);
        values.remove(foreign.expect("records of others are never touched"));
        values
    }

    pub(crate) async fn state(&self, request: &IssueRequest) -> CertificateState {
        CertificateState::load(&*self.store, &request.name).await.unwrap()
    }

    /// The account at the sandbox's CA, which is stored under its address.
    pub(crate) async fn account(&self) -> Option<StoredAccount> {
        let directory = self.sandbox.directory_url().trim_start_matches("https://");
        let name = directory.replace([':', '/'], "_");
        StoredAccount::load(&*self.store, &name).await.unwrap()
    }

    pub(crate) async fn stored(&self, request: &IssueRequest) -> Option<StoredCertificate> {
        StoredCertificate::load(&*self.store, &request.name).await.unwrap()
    }
}

/// The event's name in JSON.
pub(crate) fn kind(event: &Event) -> String {
    let json = serde_json::to_value(event).unwrap();
    json["event"].as_str().unwrap().to_owned()
}
