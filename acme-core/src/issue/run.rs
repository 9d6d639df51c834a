//! What the steps of one issuance share.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::issuer::{Issuer, Outcome};
use super::published::{Deletion, Kept};
use super::{Event, IssueError, IssueRequest, Phase, Problem, Summary};
use crate::acme::{AcmeClient, AcmeError};
use crate::store::{CertificateState, Entry, NextAttempt, StoredCertificate, StoredRequest};

/// One issuance under way. It holds the lock of the certificate.
pub(super) struct Run<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) request: &'a IssueRequest,
    pub(super) client: AcmeClient,
    pub(super) kept: Arc<Kept>,
    pub(super) deletions: mpsc::UnboundedSender<JoinHandle<Vec<Deletion>>>,
    deletions_started: tokio::sync::Mutex<mpsc::UnboundedReceiver<JoinHandle<Vec<Deletion>>>>,
    progress: &'a (dyn Fn(&Event) + Send + Sync),
    cancel: &'a CancellationToken,
    begun: Instant,
    counts: Counts,
    phases: Mutex<BTreeMap<Phase, Duration>>,
}

impl<'a> Run<'a> {
    /// Takes the certificate's lock and reads its state.
    pub(super) async fn begin(
        issuer: &'a Issuer,
        request: &'a IssueRequest,
        progress: &'a (dyn Fn(&Event) + Send + Sync),
        cancel: &'a CancellationToken,
    ) -> Result<Self, IssueError> {
        let begun = Instant::now();
        let name = state_name(request);
        let entry = Entry::State(name.clone());
        let lock = tokio::select! {
            biased;
            lock = issuer.store.lock(&entry, LOCK_WAIT) => lock?,
            () = cancel.cancelled() => {
                let doing = "waiting for another run on this certificate to end".to_owned();
                return Err(IssueError::Cancelled { doing });
            }
        };
        let state = CertificateState::load(&*issuer.store, &name).await?;
        let client = issuer.client(&request.ca.directory).map_err(|error| {
            IssueError::InvalidRequest { field: error.field, reason: error.reason }
        })?;
        let (deletions, deletions_started) = mpsc::unbounded_channel();
        let kept = Kept::new(
            name,
            issuer.store.clone(),
            issuer.provider.clone(),
            state,
            cancel.clone(),
            lock,
        );
        Ok(Self {
            issuer,
            request,
            counts: Counts::now(issuer, &client),
            client,
            kept: Arc::new(kept),
            deletions,
            deletions_started: tokio::sync::Mutex::new(deletions_started),
            progress,
            cancel,
            begun,
            phases: Mutex::default(),
        })
    }

    /// The stored certificate, where it is good for this request and a new one is not forced.
    pub(super) async fn stored_certificate(&self) -> Result<Option<Outcome>, IssueError> {
        if self.request.force || self.request.dry_run {
            return Ok(None);
        }
        let store = &*self.issuer.store;
        let Some(stored) = StoredCertificate::load(store, &self.request.name).await? else {
            return Ok(None);
        };
        let good = match stored.is_good_for(
            &self.request.identifiers,
            self.request.key_type,
            self.issuer.clock.now(),
        ) {
            Ok(good) => good,
            Err(reason) => {
                tracing::info!(certificate = self.request.name, %reason, "the stored certificate is replaced");
                return Ok(None);
            }
        };
        // Names and key show in the certificate; the CA and its profile do not.
        let asked_before = StoredRequest::load(store, &self.request.name).await?;
        if asked_before.is_some_and(|before| {
            before.directory != self.request.ca.directory || before.profile != self.request.profile
        }) {
            tracing::info!(
                certificate = self.request.name,
                "the stored certificate is replaced: another CA or profile is asked for"
            );
            return Ok(None);
        }
        self.sweep_journal().await;
        let location = store.location(&Entry::Certificate(self.request.name.clone()));
        let (not_after, renew_at) = (good.not_after, good.renew_at);
        self.emit(Event::AlreadyGood { location: location.clone(), not_after });
        Ok(Some(Outcome::AlreadyGood { location, not_after, renew_at }))
    }

    /// Refuses where the CA said to come back later and that time has not come.
    pub(super) async fn may_ask_the_ca(&self) -> Result<(), IssueError> {
        let Some(next_attempt) = self.kept.state().await.next_attempt else { return Ok(()) };
        let NextAttempt { at, directory, doing, problem } = next_attempt;
        if self.request.force
            || directory != self.request.ca.directory
            || at <= self.issuer.clock.now()
        {
            return Ok(());
        }
        let ca = self.client.host();
        Err(IssueError::TryLater { ca, doing: doing.into(), retry_at: at, problem: problem.into() })
    }

    /// Deletes the TXT records that a killed run left.
    pub(super) async fn sweep_journal(&self) {
        let left = self.kept.state().await.journal;
        if !left.is_empty() {
            let records: Vec<_> = left.into_iter().map(|entry| entry.record).collect();
            self.report(self.kept.delete(&records, &[]).await);
        }
    }

    /// Waits until the TXT records are deleted, and remembers how the run ended.
    pub(super) async fn finish(
        self,
        result: Result<Summary, IssueError>,
    ) -> Result<Summary, IssueError> {
        let mut started = self.deletions_started.lock().await;
        while let Ok(task) = started.try_recv() {
            // Each deletion has its own bound, so this wait has one too.
            if let Ok(deletions) = task.await {
                self.report(deletions);
            }
        }
        let next_attempt = match &result {
            Err(IssueError::TryLater { retry_at, doing, problem, .. }) => Some(NextAttempt {
                at: *retry_at,
                directory: self.request.ca.directory.clone(),
                doing: doing.clone().into_owned(),
                problem: Problem::clone(problem),
            }),
            _ => None,
        };
        let remembered = self
            .kept
            .update(|state| match &result {
                Ok(_) => {
                    state.failures = 0;
                    state.last_error = None;
                    state.next_attempt = None;
                }
                Err(IssueError::Cancelled { .. }) => {}
                // The CA's word from before: nobody was asked.
                Err(_) if next_attempt.is_some() && state.next_attempt == next_attempt => {}
                Err(error) => {
                    state.failures = state.failures.saturating_add(1);
                    state.last_error = Some(super::error::with_causes(error));
                    // What another CA said stands, unless this one says so too.
                    let other = |said: &NextAttempt| said.directory != self.request.ca.directory;
                    if next_attempt.is_some() || !state.next_attempt.as_ref().is_some_and(other) {
                        state.next_attempt = next_attempt;
                    }
                }
            })
            .await;
        if self.request.dry_run {
            self.kept.forget_unless_journalled().await;
        }
        let mut summary = match (result, remembered) {
            (Ok(summary), Ok(())) => summary,
            (Ok(_), Err(error)) => return Err(error.into()),
            // The failure itself matters more than that it could not be remembered.
            (Err(error), _) => return Err(error),
        };
        self.add_figures(&mut summary);
        self.emit(Event::Issued(summary.clone()));
        Ok(summary)
    }

    /// Tells the listener.
    #[expect(clippy::needless_pass_by_value, reason = "every caller makes the event for this call")]
    pub(super) fn emit(&self, event: Event) {
        (self.progress)(&event);
    }

    /// `step`, unless the run is cancelled first. Only for steps that may be dropped at any point.
    pub(super) async fn unless_cancelled<T>(
        &self,
        doing: &str,
        step: impl Future<Output = Result<T, IssueError>>,
    ) -> Result<T, IssueError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(self.cancelled(doing)),
            result = step => result,
        }
    }

    /// Returns `grace` after the run is cancelled.
    pub(super) async fn cancelled_for(&self, grace: Duration) {
        self.cancel.cancelled().await;
        tokio::time::sleep(grace).await;
    }

    /// The error of a cancelled run.
    #[expect(clippy::unused_self, reason = "reads as what the run says")]
    pub(super) fn cancelled(&self, doing: &str) -> IssueError {
        IssueError::Cancelled { doing: doing.to_owned() }
    }

    /// Adds the time that `step` takes to `phase`.
    pub(super) async fn timed<T>(&self, phase: Phase, step: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let result = step.await;
        *self
            .phases
            .lock()
            .expect("no code panics while it holds this lock")
            .entry(phase)
            .or_default() += begun.elapsed();
        result
    }

    /// What an error of the CA means to the caller.
    pub(super) fn ca_error(&self, doing: &'static str, error: AcmeError) -> IssueError {
        let ca = self.client.host();
        match error {
            AcmeError::Problem { problem, retry_after } => {
                let asks_to_wait = retry_after.is_some()
                    || problem.status == 429
                    || problem.status >= 500
                    || matches!(problem.acme_kind(), Some("rateLimited" | "serverInternal"));
                if asks_to_wait {
                    let wait = retry_after.unwrap_or(DEFAULT_RETRY_AFTER).min(MAX_RETRY_AFTER);
                    let retry_at = self.issuer.clock.now() + wait;
                    IssueError::TryLater {
                        ca,
                        doing: doing.into(),
                        retry_at,
                        problem: problem.into(),
                    }
                } else {
                    IssueError::CaRefused { ca, doing, problem: problem.into() }
                }
            }
            AcmeError::Unreachable { .. } | AcmeError::TimedOut { .. } => {
                IssueError::CaUnreachable { ca, doing, reason: error.to_string() }
            }
            AcmeError::Malformed { what } => IssueError::UnusableAnswer { ca, doing, reason: what },
            AcmeError::KeyNotKept(error) => error.into(),
            AcmeError::InvalidHmacKey => {
                let reason = error.to_string();
                IssueError::InvalidRequest { field: "external_account", reason }
            }
            AcmeError::Unsigned { .. } => IssueError::Internal { reason: error.to_string() },
        }
    }

    fn report(&self, deletions: Vec<Deletion>) {
        for Deletion { record, failure } in deletions {
            match failure {
                None => self.emit(Event::TxtDeleted { record }),
                Some(failure) => self.emit(Event::Warning {
                    message: format!(
                        "the TXT record {} with value {} may still be there ({}); the next run deletes it",
                        record.name,
                        record.value,
                        super::error::with_causes(&failure)
                    ),
                }),
            }
        }
    }

    fn add_figures(&self, summary: &mut Summary) {
        let now = Counts::now(self.issuer, &self.client);
        summary.acme_requests = now.acme_requests - self.counts.acme_requests;
        summary.provider_calls = now.provider_calls - self.counts.provider_calls;
        summary.dns_queries = now.dns_queries - self.counts.dns_queries;
        summary.total_ms = millis(self.begun.elapsed());
        let phases = self.phases.lock().expect("no code panics while it holds this lock");
        summary.phases_ms = phases.iter().map(|(phase, spent)| (*phase, millis(*spent))).collect();
    }
}

/// What was sent so far, to tell at the end what one issuance cost. Issuances at the same time count into each
/// other's figures.
struct Counts {
    acme_requests: u64,
    provider_calls: u64,
    dns_queries: u64,
}

impl Counts {
    fn now(issuer: &Issuer, client: &AcmeClient) -> Self {
        Self {
            acme_requests: client.requests(),
            provider_calls: issuer.provider.calls(),
            dns_queries: issuer.lookup.queries(),
        }
    }
}

impl Problem {
    /// A problem that we state ourselves, where the server's answer had none.
    pub(super) fn stated(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::default() }
    }
}

/// The name that the state is stored under. A dry run leaves alone what a real one has in flight.
fn state_name(request: &IssueRequest) -> String {
    const SUFFIX: &str = ".dry-run";
    if !request.dry_run {
        return request.name.clone();
    }
    // Names that are equal so far are tried one after the other, which does no harm.
    let kept = request.name.chars().take(Entry::MAX_NAME - SUFFIX.len());
    kept.chain(SUFFIX.chars()).collect()
}

fn millis(spent: Duration) -> u64 {
    u64::try_from(spent.as_millis()).unwrap_or(u64::MAX)
}

/// How long another process may hold the certificate's lock: one whole issuance, with a slow provider.
const LOCK_WAIT: Duration = Duration::from_secs(600);

/// Waited after a 429 or 5xx without Retry-After: Let's Encrypt's integration guide starts its backoff here.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(60);

/// The longest Retry-After that is believed; a certificate would expire while a wrong one is obeyed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);
