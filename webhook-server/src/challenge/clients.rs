//! Clients of DNSPod, one for each account, kept while they are in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use acme_core::Clock;
use dnspod_solver::{BuildError, DnsPod};
use tokio::time::Instant;

use super::options::DnspodOptions;
use super::secret_credential::AccountCredential;

/// How long a client is kept that nobody uses: longer than the pauses between the tries of one challenge, which grow to
/// half an hour.
const KEPT: Duration = Duration::from_secs(3600);
/// How many are kept at most; then the one that was used longest ago goes.
const MOST: usize = 128;

/// How records are made, as far as it belongs to a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct RecordOptions {
    /// In seconds.
    pub(super) ttl: Option<u32>,
    pub(super) line: Option<String>,
}

/// Clients by credential: not by the Secret it stands in, so that all Issuers of one account share its limits and its
/// connections. A credential that is replaced in its Secret is another one at once, and nobody gets a client without
/// having shown the whole credential of it.
pub(super) struct Clients {
    options: DnspodOptions,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<Key, Kept>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    holder: Holder,
    records: RecordOptions,
}

/// Who has shown a credential.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// Whoever can read a Secret with the credential of this fingerprint.
    Secret([u8; 32]),
    /// The webhook itself.
    Webhook,
}

struct Kept {
    dnspod: DnsPod,
    used: Instant,
}

impl Clients {
    pub(super) fn new(options: DnspodOptions, clock: Arc<dyn Clock>) -> Self {
        Self { options, clock, kept: Mutex::default() }
    }

    /// The client of the account that `credential` belongs to, which `holder` has shown.
    pub(super) fn client(
        &self,
        holder: Holder,
        credential: AccountCredential,
        records: &RecordOptions,
    ) -> Result<DnsPod, BuildError> {
        let key = Key { holder, records: records.clone() };
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get_mut(&key) {
            known.used = now;
            return Ok(known.dnspod.clone());
        }
        let dnspod = self.build(credential, records)?;
        kept.retain(|_, known| now - known.used < KEPT);
        if kept.len() >= MOST {
            let oldest =
                kept.iter().min_by_key(|(_, known)| known.used).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                kept.remove(&oldest);
            }
        }
        kept.insert(key, Kept { dnspod: dnspod.clone(), used: now });
        Ok(dnspod)
    }

    fn build(
        &self,
        credential: AccountCredential,
        records: &RecordOptions,
    ) -> Result<DnsPod, BuildError> {
        let (builder, endpoint) = match credential {
            AccountCredential::ApiKey(credential) => {
                (DnsPod::builder(credential), &self.options.endpoint)
            }
            AccountCredential::LoginToken(token) => {
                (DnsPod::legacy(token), &self.options.legacy_endpoint)
            }
        };
        let mut builder = builder
            .http(self.options.http.clone())
            .clock(Arc::clone(&self.clock))
            .time_limit(self.options.time_limit);
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint(endpoint.clone());
        }
        if let Some(ttl) = records.ttl {
            builder = builder.ttl(ttl);
        }
        if let Some(line) = &records.line {
            builder = builder.record_line(line);
        }
        builder.build()
    }
}
