//! What is done for a challenge: credentials from the Secret, then the record at DNSPod.

use std::sync::Arc;
use std::time::Duration;

use acme_core::dns01::{DnsProvider as _, DnsProviderError, TxtRecord};
use acme_core::{Clock, DnsName};
use dnspod_solver::DnsPod;
use tokio::time::Instant;

use super::ambient::AmbientCredential;
use super::clients::{Clients, Holder};
use super::events::Events;
use super::issuer_config::{CredentialConfig, IssuerConfig};
use super::notice::Notice;
use super::options::DnspodOptions;
use super::propagation::Propagation;
use super::request::{Action, ChallengeRequest};
use super::secret_credential::{SecretCredential, Secrets};
use super::secret_error::SecretError;
use super::solve_error::SolveError;

/// Bound on reading Secrets, which are a few milliseconds away; with the bound on DNSPod it is less than a challenge has.
const SECRETS: Duration = Duration::from_secs(4);

/// Presents challenges at DNSPod and cleans them up.
pub(crate) struct Solver {
    client: kube::Client,
    clients: Clients,
    propagation: Propagation,
    events: Events,
    ambient: Option<AmbientCredential>,
    clean_up_without_secret: bool,
    propagation_limit: Duration,
}

/// The client of an account, and where its credential stood.
struct Account {
    dnspod: DnsPod,
    origin: String,
}

impl Solver {
    /// Secrets are read with `client`.
    pub(crate) fn new(client: kube::Client, options: DnspodOptions, clock: Arc<dyn Clock>) -> Self {
        Self {
            events: Events::new(client.clone(), Arc::clone(&clock)),
            client,
            propagation: Propagation::new(options.lookup.clone()),
            ambient: options.ambient.clone(),
            clean_up_without_secret: options.clean_up_without_secret,
            propagation_limit: options.propagation_limit,
            clients: Clients::new(options, clock),
        }
    }

    /// Makes the record be there, or be gone. Both may be repeated. What people should hear of beside the outcome is
    /// added to `notices`.
    pub(super) async fn solve(
        &self,
        request: &ChallengeRequest,
        notices: &mut Vec<Notice>,
    ) -> Result<(), SolveError> {
        match request.action {
            Action::Present => self.present(request, notices).await,
            Action::CleanUp => self.clean_up(request, notices).await,
        }
    }

    /// Puts `notices` where people look who wonder about the Challenge.
    pub(super) async fn publish(&self, request: &ChallengeRequest, notices: &[Notice]) {
        self.events.write(request, notices).await;
    }

    async fn present(
        &self,
        request: &ChallengeRequest,
        notices: &mut Vec<Notice>,
    ) -> Result<(), SolveError> {
        let deadline = Instant::now() + self.propagation_limit;
        let record = record(request)?;
        let config = config(request)?;
        if !config.unknown_keys.is_empty() {
            let notice = Notice::unknown_keys(&config.unknown_keys);
            let namespace = &request.resource_namespace;
            tracing::warn!(name = %record.name, namespace, "{}", notice.message);
            notices.push(notice);
        }
        let Account { dnspod, origin } = self.account(request, &config).await?;
        let appended = dnspod.append_txt(&record).await;
        appended.map_err(|error| SolveError::Provider { error, origin })?;
        if config.wait_for_propagation {
            self.propagation.wait(&record, deadline).await?;
        }
        Ok(())
    }

    /// cert-manager keeps a Challenge, and so its namespace, until this has succeeded: where there can be nothing to
    /// delete, it has.
    async fn clean_up(
        &self,
        request: &ChallengeRequest,
        notices: &mut Vec<Notice>,
    ) -> Result<(), SolveError> {
        let record = match record(request) {
            Ok(record) => record,
            Err(error) => {
                tracing::info!(%error, "nothing to clean up: this was never presented");
                return Ok(());
            }
        };
        let config = config(request)?;
        let Account { dnspod, origin } = match self.account(request, &config).await {
            Err(error @ SolveError::Secret(SecretError::NotFound { .. }))
                if self.clean_up_without_secret =>
            {
                let notice = Notice::left_behind(record.name.as_str(), &error);
                tracing::warn!("{}", notice.message);
                notices.push(notice);
                return Ok(());
            }
            account => account?,
        };
        match dnspod.delete_txt(&record).await {
            Err(error @ DnsProviderError::ZoneNotFound { .. }) => {
                tracing::info!(%error, %origin, "nothing to clean up: the zone is gone");
                Ok(())
            }
            deleted => deleted.map_err(|error| SolveError::Provider { error, origin }),
        }
    }

    async fn account(
        &self,
        request: &ChallengeRequest,
        config: &IssuerConfig,
    ) -> Result<Account, SolveError> {
        let (holder, credential, origin) = match &config.credential {
            CredentialConfig::Ambient => {
                let AmbientCredential { credential, origin } = self.ambient(request)?.clone();
                (Holder::Webhook, credential, format!("the webhook, {origin}"))
            }
            CredentialConfig::ApiKey { secret_id, secret_key } => {
                let read = self.secrets(request)?.api_key(secret_id, secret_key).await?;
                let SecretCredential { credential, fingerprint, origin } = read;
                (Holder::Secret(fingerprint), credential, origin)
            }
            CredentialConfig::LoginToken { id, token } => {
                let read = self.secrets(request)?.login_token(id, token).await?;
                let SecretCredential { credential, fingerprint, origin } = read;
                (Holder::Secret(fingerprint), credential, origin)
            }
        };
        let mut dnspod = self.clients.client(holder, credential).map_err(SolveError::Options)?;
        if let Some(ttl) = config.ttl {
            dnspod = dnspod.with_ttl(ttl).map_err(SolveError::Options)?;
        }
        if let Some(line) = &config.record_line {
            dnspod = dnspod.with_record_line(line);
        }
        Ok(Account { dnspod, origin })
    }

    fn ambient(&self, request: &ChallengeRequest) -> Result<&AmbientCredential, SolveError> {
        if !request.allow_ambient_credentials {
            return Err(SolveError::AmbientNotAllowed);
        }
        self.ambient.as_ref().ok_or(SolveError::NoAmbient)
    }

    fn secrets<'a>(&'a self, request: &'a ChallengeRequest) -> Result<Secrets<'a>, SolveError> {
        let namespace = request.namespace().ok_or_else(|| SolveError::Request {
            field: "resourceNamespace",
            reason: "is not the name of a namespace".to_owned(),
        })?;
        Ok(Secrets { client: &self.client, namespace, within: SECRETS })
    }
}

fn config(request: &ChallengeRequest) -> Result<IssuerConfig, SolveError> {
    IssuerConfig::parse(request.config.as_ref()).map_err(SolveError::Config)
}

fn record(request: &ChallengeRequest) -> Result<TxtRecord, SolveError> {
    let unusable = |field, reason: String| SolveError::Request { field, reason };
    let name = DnsName::parse(request.resolved_fqdn.trim_end_matches('.'))
        .map_err(|error| unusable("resolvedFQDN", format!("cannot be used: {error}")))?;
    if request.key.is_empty() {
        return Err(unusable("key", "is empty".to_owned()));
    }
    Ok(TxtRecord { name, value: request.key.clone() })
}
