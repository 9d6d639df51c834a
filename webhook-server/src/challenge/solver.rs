//! What is done for a challenge: credentials from the Secret, then the record at DNSPod.

use std::sync::Arc;
use std::time::Duration;

use acme_core::dns01::{DnsProvider as _, TxtRecord};
use acme_core::http::HttpOptions;
use acme_core::{Clock, DnsName};
use dnspod_solver::{Credential, DnsPod};
use url::Url;
use zeroize::Zeroizing;

use super::config::{IssuerConfig, SecretKeySelector};
use super::request::{Action, ChallengeRequest};
use super::solve_error::SolveError;
use crate::kubernetes::read_secret;

/// Time for DNSPod within a challenge's, so that its reason is told instead of that time was up.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// How DNSPod is reached.
#[derive(Clone, Debug, Default)]
pub struct DnspodOptions {
    /// Tencent Cloud API 3.0; the Chinese site unless set.
    pub endpoint: Option<Url>,
    /// The legacy DNSPod API; the Chinese site unless set.
    pub legacy_endpoint: Option<Url>,
    /// Whether credentials of the machine or the pod may be used where an Issuer names none and cert-manager allows it.
    pub ambient_credentials: bool,
    /// Proxy, roots, time limits.
    pub http: HttpOptions,
}

/// Presents challenges at DNSPod and cleans them up.
pub(crate) struct Solver {
    client: kube::Client,
    options: DnspodOptions,
    clock: Arc<dyn Clock>,
}

impl Solver {
    pub(crate) fn new(client: kube::Client, options: DnspodOptions, clock: Arc<dyn Clock>) -> Self {
        Self { client, options, clock }
    }

    /// Makes the record be there, or be gone. Both may be repeated.
    pub(crate) async fn solve(&self, request: &ChallengeRequest) -> Result<(), SolveError> {
        let record = record(request)?;
        let config = IssuerConfig::parse(request.config.as_ref())?;
        let dnspod = self.dnspod(&request.resource_namespace, &config).await?;
        match request.action {
            Action::Present => dnspod.append_txt(&record).await?,
            Action::CleanUp => dnspod.delete_txt(&record).await?,
        }
        Ok(())
    }

    async fn dnspod(&self, namespace: &str, config: &IssuerConfig) -> Result<DnsPod, SolveError> {
        let secret_id = self.secret(namespace, &config.secret_id_ref).await?;
        let secret_key = self.secret(namespace, &config.secret_key_ref).await?;
        let credential = Credential::new(&secret_id, &secret_key)
            .map_err(|error| secret_error(namespace, &config.secret_id_ref, &error.to_string()))?;
        let mut builder = DnsPod::builder(credential)
            .http(self.options.http.clone())
            .clock(Arc::clone(&self.clock))
            .time_limit(TIME_LIMIT);
        if let Some(endpoint) = &self.options.endpoint {
            builder = builder.endpoint(endpoint.clone());
        }
        if let Some(ttl) = config.ttl {
            builder = builder.ttl(ttl);
        }
        builder.build().map_err(|error| SolveError::Config(error.to_string()))
    }

    async fn secret(
        &self,
        namespace: &str,
        selector: &SecretKeySelector,
    ) -> Result<Zeroizing<String>, SolveError> {
        let failed = |reason: &str| secret_error(namespace, selector, reason);
        let secret = read_secret(&self.client, namespace, &selector.name)
            .await
            .map_err(|error| failed(&error.to_string()))?;
        let value = secret.value(&selector.key).ok_or_else(|| {
            let keys: Vec<&str> = secret.keys().collect();
            failed(&format!("it has no key {:?}; it has {}", selector.key, keys.join(", ")))
        })?;
        let text = std::str::from_utf8(&value)
            .map_err(|_| failed(&format!("the value of {:?} is not text", selector.key)))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

fn secret_error(namespace: &str, selector: &SecretKeySelector, reason: &str) -> SolveError {
    SolveError::Secret {
        namespace: namespace.to_owned(),
        name: selector.name.clone(),
        reason: reason.to_owned(),
    }
}

fn record(request: &ChallengeRequest) -> Result<TxtRecord, SolveError> {
    let name = DnsName::parse(request.resolved_fqdn.trim_end_matches('.')).map_err(|error| {
        SolveError::Request { field: "resolvedFQDN", reason: format!("cannot be used: {error}") }
    })?;
    if request.key.is_empty() {
        return Err(SolveError::Request { field: "key", reason: "is empty".to_owned() });
    }
    Ok(TxtRecord { name, value: request.key.clone() })
}
