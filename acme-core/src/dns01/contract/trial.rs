//! What one check works with: a name of its own, values nobody else has, and clean-up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;

use super::{Check, Outcome, Subject};
use crate::DnsName;
use crate::dns01::{DnsProvider, DnsProviderError, TxtRecord};

/// The longest a provider's call may take before a check fails: the trait's SHOULD.
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// One run of one check.
pub(super) struct Trial<'a> {
    pub(super) subject: &'a Subject,
    /// Below the subject's zone, with a random label: nobody else writes there.
    pub(super) name: DnsName,
    appended: Mutex<Vec<TxtRecord>>,
}

/// Why a check did not pass.
pub(super) enum Stop {
    Failed(String),
    NotApplicable(&'static str),
}

pub(super) type Verdict = Result<(), Stop>;

/// Runs one check and deletes what it appended, whatever its outcome.
pub(super) async fn run(
    name: &'static str,
    subject: &Subject,
    check: impl AsyncFnOnce(&Trial<'_>) -> Verdict,
) -> Check {
    let outcome = match fresh_name(&subject.zone) {
        Ok(fresh) => {
            let trial = Trial { subject, name: fresh, appended: Mutex::default() };
            let verdict = check(&trial).await;
            match verdict.and(trial.clean_up().await) {
                Ok(()) => Outcome::Passed,
                Err(Stop::Failed(seen)) => Outcome::Failed(seen),
                Err(Stop::NotApplicable(lacking)) => Outcome::NotApplicable(lacking),
            }
        }
        Err(stop) => Outcome::Failed(stop),
    };
    Check { name, outcome }
}

impl Trial<'_> {
    /// Appends through the provider under test.
    pub(super) async fn append(&self, value: &str) -> Verdict {
        self.append_at(&self.name, value).await
    }

    pub(super) async fn append_at(&self, name: &DnsName, value: &str) -> Verdict {
        let record = TxtRecord { name: name.clone(), value: value.to_owned() };
        // Before the call: one that fails may have written all the same.
        self.appended.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
        succeeded(&*self.subject.provider, Verb::Append, &record).await
    }

    /// Deletes through the provider under test.
    pub(super) async fn delete(&self, value: &str) -> Verdict {
        self.delete_at(&self.name, value, &*self.subject.provider).await
    }

    pub(super) async fn delete_at(
        &self,
        name: &DnsName,
        value: &str,
        provider: &dyn DnsProvider,
    ) -> Verdict {
        let record = TxtRecord { name: name.clone(), value: value.to_owned() };
        succeeded(provider, Verb::Delete, &record).await
    }

    /// The values at `name` in `zone`, seen past the provider.
    pub(super) async fn values(&self, zone: &DnsName, name: &DnsName) -> Result<Vec<String>, Stop> {
        let seen = (self.subject.view)(zone.clone(), name.clone()).await;
        seen.map_err(|why| Stop::Failed(format!("the values at {name} cannot be seen: {why}")))
    }

    /// Fails unless the zone holds exactly `expected` at the check's own name, in any order.
    pub(super) async fn expect(&self, expected: &[&str]) -> Verdict {
        self.expect_at(&self.subject.zone, &self.name, expected).await
    }

    pub(super) async fn expect_at(
        &self,
        zone: &DnsName,
        name: &DnsName,
        expected: &[&str],
    ) -> Verdict {
        let mut seen = self.values(zone, name).await?;
        let mut expected = expected.to_vec();
        seen.sort_unstable();
        expected.sort_unstable();
        if seen == expected {
            return Ok(());
        }
        let missing: Vec<_> =
            expected.iter().filter(|value| !seen.iter().any(|one| one == *value)).collect();
        Err(Stop::Failed(format!(
            "zone {zone} holds {} values at {name} where {} are right; missing {missing:?}, seen \
             {seen:?}",
            seen.len(),
            expected.len(),
        )))
    }

    async fn clean_up(&self) -> Verdict {
        let appended =
            std::mem::take(&mut *self.appended.lock().unwrap_or_else(PoisonError::into_inner));
        for record in &appended {
            succeeded(&*self.subject.provider, Verb::Delete, record).await?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Verb {
    Append,
    Delete,
}

/// One call, which must succeed.
async fn succeeded(provider: &dyn DnsProvider, verb: Verb, record: &TxtRecord) -> Verdict {
    call(provider, verb, record).await?.map_err(|error| {
        Stop::Failed(format!("{verb:?} of {} at {} failed: {error}", record.value, record.name))
    })
}

/// One call, which must return in time.
pub(super) async fn call(
    provider: &dyn DnsProvider,
    verb: Verb,
    record: &TxtRecord,
) -> Result<Result<(), DnsProviderError>, Stop> {
    let call = async {
        match verb {
            Verb::Append => provider.append_txt(record).await,
            Verb::Delete => provider.delete_txt(record).await,
        }
    };
    tokio::time::timeout(CALL_LIMIT, call).await.map_err(|_| {
        Stop::Failed(format!(
            "{verb:?} at {} did not return within {} s",
            record.name,
            CALL_LIMIT.as_secs()
        ))
    })
}

/// Values of the form that DNS-01 uses: 43 characters of base64url (RFC 8555 §8.4).
pub(super) fn fresh_values<const N: usize>() -> [String; N] {
    std::array::from_fn(|_| {
        (0..VALUE_LENGTH).map(|_| char::from(pick(BASE64URL))).collect::<String>()
    })
}

/// `_acme-challenge.<random>.` below `zone`.
pub(super) fn fresh_name(zone: &DnsName) -> Result<DnsName, String> {
    let random: u64 = rand::rng().random();
    zone.child(&format!("_acme-challenge.contract-{random:016x}"))
        .map_err(|error| format!("no name fits below the zone: {error}"))
}

fn pick(alphabet: &[u8]) -> u8 {
    alphabet[rand::rng().random_range(0..alphabet.len())]
}

const VALUE_LENGTH: usize = 43;
const BASE64URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
