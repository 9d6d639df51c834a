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

/// Clients by credential: not by the Secret it stands in, so that all Issuers of one account share its limits and its
/// connections. A credential that is replaced in its Secret is another one at once, and nobody gets a client without
/// having shown the whole credential of it.
pub(super) struct Clients {
    options: DnspodOptions,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<Holder, Kept>>,
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
    ) -> Result<DnsPod, BuildError> {
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get_mut(&holder) {
            known.used = now;
            return Ok(known.dnspod.clone());
        }
        let dnspod = self.build(credential)?;
        kept.retain(|_, known| now - known.used < KEPT);
        if kept.len() >= MOST {
            let oldest = kept.iter().min_by_key(|(_, known)| known.used);
            if let Some(oldest) = oldest.map(|(holder, _)| holder.clone()) {
                kept.remove(&oldest);
            }
        }
        kept.insert(holder, Kept { dnspod: dnspod.clone(), used: now });
        Ok(dnspod)
    }

    fn build(&self, credential: AccountCredential) -> Result<DnsPod, BuildError> {
        let (builder, endpoint) = match credential {
            AccountCredential::TencentCloud(source) => {
                (DnsPod::builder(source), &self.options.endpoint)
            }
            AccountCredential::LoginToken(token) => {
                let mut builder = DnsPod::legacy(token);
                if let Some(address) = &self.options.contact_email {
                    builder = builder.contact(address);
                }
                (builder, &self.options.legacy_endpoint)
            }
        };
        let mut builder = builder
            .http(self.options.http.clone())
            .clock(Arc::clone(&self.clock))
            .time_limit(self.options.time_limit);
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint(endpoint.clone());
        }
        builder.build()
    }
}

#[cfg(test)]
mod tests {
    use acme_core::ManualClock;
    use dnspod_solver::{Credential, LoginToken};

    use super::*;

    fn client(clients: &Clients, number: u8) {
        let credential = Credential::new("AKIDexample", "key").unwrap_or_else(|e| panic!("{e}"));
        let credential = AccountCredential::TencentCloud(credential.into());
        clients
            .client(Holder::Secret([number; 32]), credential)
            .unwrap_or_else(|error| panic!("{error}"));
    }

    #[tokio::test]
    async fn the_contact_is_told_the_legacy_api_alone() {
        let options = |address: &str| DnspodOptions {
            contact_email: Some(address.to_owned()),
            ..DnspodOptions::default()
        };
        let of_token = |address: &str| {
            let clock = Arc::new(ManualClock::new(time::OffsetDateTime::UNIX_EPOCH));
            let token = LoginToken::parse("12345,0a1b2c").unwrap_or_else(|e| panic!("{e}"));
            let credential = AccountCredential::LoginToken(token);
            Clients::new(options(address), clock).client(Holder::Webhook, credential).map(drop)
        };
        assert_eq!(of_token("ops@ws.example"), Ok(()));
        // What is refused was passed on.
        assert_eq!(of_token("ops"), Err(BuildError::Contact("ops".to_owned())));
        let clock = Arc::new(ManualClock::new(time::OffsetDateTime::UNIX_EPOCH));
        client(&Clients::new(options("ops@ws.example"), clock), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_nobody_uses_go_and_there_are_never_too_many() {
        let clock = Arc::new(ManualClock::new(time::OffsetDateTime::UNIX_EPOCH));
        let clients = Clients::new(DnspodOptions::default(), clock);
        let kept = || clients.kept.lock().unwrap().len();
        for number in 0..=u8::MAX {
            client(&clients, number);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(kept(), MOST);
        tokio::time::advance(KEPT / 2).await;
        client(&clients, u8::MAX);
        tokio::time::advance(KEPT / 2).await;
        client(&clients, 0);
        assert_eq!(kept(), 2);
    }
}
