//! A credential that is valid now: kept, renewed ahead of its end, fetched once for all who wait.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme_core::Clock;
use acme_core::http::{HttpError, HttpOptions};
use time::OffsetDateTime;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::assume_role::AssumeRole;
use super::instance_role::{self, InstanceRole, Metadata};
use super::key::Credential;
use super::source::{CredentialSource, Kind};
use super::tccli::TccliProfile;
use super::web_identity::WebIdentity;
use crate::api3::{Client, Transport};
use crate::error::{CallError, TOO_LATE};
use crate::standing::REFUSAL_STANDS;
use crate::sts;

/// How long before its end a credential is renewed at the earliest: as Tencent's SDKs do, and as far as a clock may be
/// off.
const AHEAD: time::Duration = time::Duration::seconds(300);
/// How long a call waits for a renewal while the old credential is still valid.
const AHEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after a renewal ahead of the end the next one is tried, where the first brought nothing better.
const NEXT_AHEAD: Duration = Duration::from_secs(10);

/// What sources are reached with.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) http: reqwest::Client,
    pub(crate) sts: Url,
    /// The metadata service of the instance.
    pub(crate) metadata: Url,
    /// How `http` was made, for who needs another.
    pub(crate) options: HttpOptions,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Means {
    /// A client of STS that signs with `credentials`, or not at all.
    pub(crate) fn sts(&self, region: &str, credentials: Option<Arc<Credentials>>) -> Client {
        let clock = Arc::clone(&self.clock);
        let transport = Transport::new(self.http.clone(), self.sts.clone(), clock);
        Client::new(transport, sts::product(region), credentials)
    }

    /// A way to the metadata service, without a proxy: none reaches this machine's own.
    fn metadata(&self) -> Result<Metadata, HttpError> {
        let direct =
            HttpOptions { proxy: None, timeout: instance_role::TIMEOUT, ..self.options.clone() };
        Ok(Metadata { http: direct.client()?, endpoint: self.metadata.clone() })
    }
}

/// A credential that was fetched.
pub(crate) struct Temporary {
    pub(crate) credential: Credential,
    /// How long it is still valid; `None` for one without an end.
    pub(crate) remaining: Option<time::Duration>,
}

/// The credential of one source, kept valid.
pub(crate) struct Credentials {
    origin: Origin,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Held>>,
    /// When a credential was last given up because the server did not know its session.
    given_up: Mutex<Option<Instant>>,
    /// Held while a credential is fetched.
    flight: tokio::sync::Mutex<()>,
    /// How many fetches have ended.
    ended: AtomicU64,
    /// The fetch that failed last, by its number.
    failed: Mutex<Option<(u64, CallError)>>,
}

enum Origin {
    Fixed(Credential),
    InstanceRole(InstanceRole, Metadata),
    TccliProfile(TccliProfile),
    WebIdentity(WebIdentity, Client),
    /// The client signs with what assumes the role.
    AssumedRole(AssumeRole, Client),
}

#[derive(Clone)]
struct Held {
    credential: Credential,
    /// By our own clock; `None` for never.
    ends: Option<OffsetDateTime>,
    renew_at: Option<OffsetDateTime>,
    /// When a renewal ahead of the end may be tried.
    next_ahead: Instant,
    /// The server does not know its session.
    refused: bool,
}

impl Held {
    fn new(fetched: Temporary, now: OffsetDateTime) -> Self {
        let at = |span| now.checked_add(span);
        let remaining = fetched.remaining.map(|span| span.max(time::Duration::ZERO));
        Self {
            credential: fetched.credential,
            ends: remaining.and_then(at),
            renew_at: remaining.and_then(|span| at(span - AHEAD.min(span / 10))),
            next_ahead: Instant::now(),
            refused: false,
        }
    }

    fn is_valid(&self, now: OffsetDateTime) -> bool {
        !self.refused && self.ends.is_none_or(|ends| now < ends)
    }

    fn is_fresh(&self, now: OffsetDateTime) -> bool {
        !self.refused && self.renew_at.is_none_or(|at| now < at)
    }
}

impl Credentials {
    /// The credential of `source`, and of the roles that are assumed with it.
    ///
    /// # Errors
    /// Where the options for HTTP cannot be used.
    pub(crate) fn new(source: CredentialSource, means: &Means) -> Result<Arc<Self>, HttpError> {
        let CredentialSource { kind, roles } = source;
        let origin = match kind {
            Kind::Fixed(credential) => Origin::Fixed(credential),
            Kind::InstanceRole(role) => Origin::InstanceRole(role, means.metadata()?),
            Kind::TccliProfile(profile) => Origin::TccliProfile(profile),
            Kind::WebIdentity(identity) => {
                let sts = means.sts(&identity.region, None);
                Origin::WebIdentity(identity, sts)
            }
        };
        let first = Arc::new(Self::of(origin, means));
        Ok(roles.into_iter().fold(first, |base, role| {
            let sts = means.sts(sts::REGION, Some(base));
            Arc::new(Self::of(Origin::AssumedRole(role, sts), means))
        }))
    }

    fn of(origin: Origin, means: &Means) -> Self {
        Self {
            origin,
            clock: Arc::clone(&means.clock),
            held: Mutex::default(),
            given_up: Mutex::default(),
            flight: tokio::sync::Mutex::default(),
            ended: AtomicU64::new(0),
            failed: Mutex::default(),
        }
    }

    /// The credential to sign with now.
    pub(crate) async fn current(&self, deadline: Instant) -> Result<Credential, CallError> {
        if let Origin::Fixed(credential) = &self.origin {
            return Ok(credential.clone());
        }
        let now = self.clock.now();
        match self.held() {
            Some(held) if held.is_fresh(now) => Ok(held.credential),
            Some(held) if held.is_valid(now) => Ok(self.ahead(held, deadline).await),
            _ => self.fetched(deadline).await,
        }
    }

    /// When [`current`](Self::current) ends by itself, as far as is known; `None` for never.
    pub(crate) fn ends(&self) -> Option<OffsetDateTime> {
        self.held().and_then(|held| held.ends)
    }

    /// Takes in that the server does not know the session of `refused`; `false` where another would not help: for a
    /// fixed credential, and where the last one was given up as well, a moment ago.
    pub(crate) fn renew(&self, refused: &Credential) -> bool {
        if matches!(self.origin, Origin::Fixed(_)) {
            return false;
        }
        let mut held = self.held.lock().expect("no code panics while it holds this lock");
        // Somebody else has got another meanwhile.
        let Some(held) = held.as_mut().filter(|held| held.credential.is_same_as(refused)) else {
            return true;
        };
        let mut given_up = self.given_up.lock().expect("no code panics while it holds this lock");
        if given_up.is_some_and(|at| at.elapsed() < REFUSAL_STANDS) {
            return held.refused;
        }
        *given_up = Some(Instant::now());
        held.refused = true;
        true
    }

    /// A new credential, or the old one, which is still valid, while somebody else gets one or nobody can.
    async fn ahead(&self, old: Held, deadline: Instant) -> Credential {
        let Ok(_flight) = self.flight.try_lock() else { return old.credential };
        // The last flight may have landed since we looked.
        let now = self.clock.now();
        let old = self.held().filter(|held| held.is_valid(now)).unwrap_or(old);
        if old.is_fresh(now) || Instant::now() < old.next_ahead {
            return old.credential;
        }
        let until = deadline.min(Instant::now() + AHEAD_TIMEOUT);
        let fetched = timeout_at(until, self.fetch(until)).await;
        match fetched.unwrap_or_else(|_| Err(CallError::no_answer(TOO_LATE))) {
            Ok(credential) => credential,
            Err(error) => {
                let reason = error.reason(sts::PROVIDER);
                tracing::warn!(
                    reason,
                    "the credential was not renewed; the present one is used until it ends"
                );
                self.hold(Held { next_ahead: Instant::now() + NEXT_AHEAD, ..old.clone() });
                old.credential
            }
        }
    }

    /// A credential where there is no valid one: fetched by the first who comes, for all who come meanwhile.
    async fn fetched(&self, deadline: Instant) -> Result<Credential, CallError> {
        let ended = self.ended.load(Ordering::Acquire);
        let _flight = timeout_at(deadline, self.flight.lock())
            .await
            .map_err(|_| CallError::no_answer(TOO_LATE))?;
        if let Some(held) = self.held().filter(|held| held.is_valid(self.clock.now())) {
            return Ok(held.credential);
        }
        let failed = self.failed.lock().expect("no code panics while it holds this lock").clone();
        if let Some((number, error)) = failed
            && number > ended
        {
            return Err(error);
        }
        let fetched = timeout_at(deadline, self.fetch(deadline)).await;
        let fetched = fetched.unwrap_or_else(|_| Err(CallError::no_answer(TOO_LATE)));
        let number = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        if let Err(error) = &fetched {
            let mut failed = self.failed.lock().expect("no code panics while it holds this lock");
            *failed = Some((number, error.clone()));
        }
        fetched
    }

    /// Fetches a credential and keeps it.
    async fn fetch(&self, deadline: Instant) -> Result<Credential, CallError> {
        let fetched = self.ask_origin(deadline).await?;
        let mut held = Held::new(fetched, self.clock.now());
        if !held.is_fresh(self.clock.now()) {
            held.next_ahead = Instant::now() + NEXT_AHEAD;
        }
        let credential = held.credential.clone();
        self.hold(held);
        Ok(credential)
    }

    /// Boxed, because what assumes a role has a credential of its own.
    fn ask_origin(
        &self,
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Result<Temporary, CallError>> + Send + '_>> {
        Box::pin(async move {
            let now = self.clock.now();
            match &self.origin {
                Origin::Fixed(credential) => {
                    Ok(Temporary { credential: credential.clone(), remaining: None })
                }
                Origin::InstanceRole(role, metadata) => metadata.credential(role, now).await,
                Origin::TccliProfile(profile) => profile.credential(now),
                Origin::WebIdentity(identity, client) => {
                    let token = identity.token().await.map_err(CallError::NoCredential)?;
                    sts::assume_role_with_web_identity(client, identity, &token, deadline).await
                }
                Origin::AssumedRole(role, client) => sts::assume_role(client, role, deadline).await,
            }
            .map_err(CallError::NoCredential)
        })
    }

    fn held(&self) -> Option<Held> {
        self.held.lock().expect("no code panics while it holds this lock").clone()
    }

    fn hold(&self, held: Held) {
        *self.held.lock().expect("no code panics while it holds this lock") = Some(held);
    }
}
