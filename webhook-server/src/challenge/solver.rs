//! What is done for a challenge: credentials from the Secret, then the record at DNSPod.

use std::sync::Arc;
use std::time::Duration;

use acme_core::dns01::{DnsProvider as _, DnsProviderError, TxtRecord};
use acme_core::{Clock, DnsName};
use dnspod_solver::DnsPod;
use tokio::time::Instant;

use super::clients::{Clients, RecordOptions};
use super::issuer_config::{CredentialConfig, IssuerConfig};
use super::options::DnspodOptions;
use super::propagation::Propagation;
use super::request::{Action, ChallengeRequest};
use super::secret_credential::Secrets;
use super::secret_error::SecretError;
use super::solve_error::SolveError;

/// Parts of the time that a challenge has, in twenty-fifths (seconds, where it is [`crate::CHALLENGE_BUDGET`]). Together
/// they leave some of it, so that what took too long is named in the answer.
const SECRETS: u32 = 4;
/// See [`SECRETS`].
const DNSPOD: u32 = 19;

/// Presents challenges at DNSPod and cleans them up.
pub(crate) struct Solver {
    client: kube::Client,
    clients: Clients,
    propagation: Propagation,
    clean_up_without_secret: bool,
    secrets_within: Duration,
    propagated_within: Duration,
}

/// The client of an account, and where its credential stood.
struct Account {
    dnspod: DnsPod,
    origin: String,
}

impl Solver {
    /// Secrets are read with `client`; each challenge should end within `budget`.
    pub(crate) fn new(
        client: kube::Client,
        options: DnspodOptions,
        clock: Arc<dyn Clock>,
        budget: Duration,
    ) -> Self {
        let part = budget / 25;
        Self {
            client,
            propagation: Propagation::new(options.lookup.clone()),
            clean_up_without_secret: options.clean_up_without_secret,
            clients: Clients::new(options, clock, part * DNSPOD),
            secrets_within: part * SECRETS,
            propagated_within: part * (SECRETS + DNSPOD),
        }
    }

    /// Makes the record be there, or be gone. Both may be repeated.
    pub(crate) async fn solve(&self, request: &ChallengeRequest) -> Result<(), SolveError> {
        match request.action {
            Action::Present => self.present(request).await,
            Action::CleanUp => self.clean_up(request).await,
        }
    }

    async fn present(&self, request: &ChallengeRequest) -> Result<(), SolveError> {
        let deadline = Instant::now() + self.propagated_within;
        let record = record(request)?;
        let config = config(request)?;
        if !config.unknown_keys.is_empty() {
            tracing::warn!(
                keys = config.unknown_keys.join(", "),
                name = request.resolved_fqdn,
                namespace = request.resource_namespace,
                "the Issuer's webhook config has keys that mean nothing here"
            );
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
    async fn clean_up(&self, request: &ChallengeRequest) -> Result<(), SolveError> {
        let record = match record(request) {
            Ok(record) => record,
            Err(error) => {
                tracing::info!(%error, "nothing to clean up: this was never presented");
                return Ok(());
            }
        };
        let config = config(request)?;
        let Account { dnspod, origin } = match self.account(request, &config).await {
            Err(SolveError::Secret(error @ SecretError::NotFound { .. }))
                if self.clean_up_without_secret =>
            {
                tracing::warn!(%error, name = %record.name, "the TXT record is left behind");
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
        let secrets = Secrets {
            client: &self.client,
            namespace: &request.resource_namespace,
            within: self.secrets_within,
        };
        let credential = match &config.credential {
            CredentialConfig::ApiKey { secret_id, secret_key } => {
                secrets.api_key(secret_id, secret_key).await?
            }
            CredentialConfig::LoginToken { id, token } => secrets.login_token(id, token).await?,
            CredentialConfig::Ambient if !request.allow_ambient_credentials => {
                return Err(SolveError::AmbientNotAllowed);
            }
            CredentialConfig::Ambient => return Err(SolveError::NoAmbient),
        };
        let origin = credential.origin.clone();
        let records = RecordOptions { ttl: config.ttl };
        let dnspod = self.clients.client(credential, &records).map_err(SolveError::Options)?;
        Ok(Account { dnspod, origin })
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
