//! A DNS provider that lives in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{DnsProvider, DnsProviderError, TxtRecord};
use crate::DnsName;

/// A [`DnsProvider`] that keeps its zones in memory: for tests of programs that use this library.
///
/// Clones share the zones, as two processes share an account.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use acme_core::DnsName;
/// use acme_core::dns01::{DnsProvider, MemoryProvider, TxtRecord};
///
/// let provider = MemoryProvider::new([DnsName::parse("ws.example")?]);
/// let name = DnsName::parse("_acme-challenge.ws.example")?;
/// provider.append_txt(&TxtRecord { name: name.clone(), value: "token".to_owned() }).await?;
/// assert_eq!(provider.values(&name), ["token"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct MemoryProvider {
    account: Arc<Mutex<Account>>,
}

impl MemoryProvider {
    /// A provider whose account holds these zones, without records.
    pub fn new(zones: impl IntoIterator<Item = DnsName>) -> Self {
        let zones = zones.into_iter().map(|zone| (zone, Zone::new())).collect();
        let account = Account { zones, failures: VecDeque::new(), refused: false, calls: 0 };
        Self { account: Arc::new(Mutex::new(account)) }
    }

    /// Makes the next call fail with `error` and change nothing. Failures queue: the second one given meets the second
    /// call.
    pub fn fail_next(&self, error: DnsProviderError) {
        self.lock().failures.push_back(error);
    }

    /// Makes every call from now on fail as one with a revoked credential does.
    pub fn refuse_credential(&self) {
        self.lock().refused = true;
    }

    /// The TXT values at `name` now, oldest first, in the zone that the provider would write to.
    pub fn values(&self, name: &DnsName) -> Vec<String> {
        self.values_since(name).into_iter().map(|(value, _)| value).collect()
    }

    /// The TXT values at `name` that `zone` holds, oldest first; empty where the account has no such zone.
    pub fn values_in(&self, zone: &DnsName, name: &DnsName) -> Vec<String> {
        let account = self.lock();
        let values = account.zones.get(zone).and_then(|zone| zone.get(name));
        values.into_iter().flatten().map(|(value, _)| value.clone()).collect()
    }

    /// The TXT values at `name` with the moment each was appended.
    pub(super) fn values_since(&self, name: &DnsName) -> Vec<(String, Instant)> {
        let mut account = self.lock();
        account.zone_of(name).and_then(|zone| zone.get(name)).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Account> {
        // Nothing panics while the lock is held, so what it guards is whole.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DnsProvider for MemoryProvider {
    async fn append_txt(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        let mut account = self.lock();
        let values = account.call(&record.name)?.entry(record.name.clone()).or_default();
        if !values.iter().any(|(value, _)| *value == record.value) {
            values.push((record.value.clone(), Instant::now()));
        }
        Ok(())
    }

    async fn delete_txt(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        let mut account = self.lock();
        if let Some(values) = account.call(&record.name)?.get_mut(&record.name) {
            values.retain(|(value, _)| *value != record.value);
        }
        Ok(())
    }

    fn calls(&self) -> u64 {
        self.lock().calls
    }
}

/// TXT values by name, each with the moment it was appended.
type Zone = BTreeMap<DnsName, Vec<(String, Instant)>>;

struct Account {
    zones: BTreeMap<DnsName, Zone>,
    failures: VecDeque<DnsProviderError>,
    refused: bool,
    calls: u64,
}

impl Account {
    /// Counts a call that writes to `name`, fails it where it must, and gives the zone.
    fn call(&mut self, name: &DnsName) -> Result<&mut Zone, DnsProviderError> {
        self.calls += 1;
        if self.refused {
            return Err(DnsProviderError::CredentialRefused {
                provider: PROVIDER.to_owned(),
                reason: "the credential was revoked".to_owned(),
            });
        }
        if let Some(error) = self.failures.pop_front() {
            return Err(error);
        }
        self.zone_of(name).ok_or_else(|| DnsProviderError::ZoneNotFound {
            provider: PROVIDER.to_owned(),
            name: name.to_string(),
            tried: tried(name),
        })
    }

    fn zone_of(&mut self, name: &DnsName) -> Option<&mut Zone> {
        let holding = self.zones.iter_mut().filter(|(zone, _)| name.is_in(zone));
        holding.max_by_key(|(zone, _)| zone.as_str().len()).map(|(_, records)| records)
    }
}

/// The name and every parent of it, longest first.
fn tried(name: &DnsName) -> String {
    let names: Vec<String> =
        std::iter::successors(Some(name.clone()), DnsName::parent).map(String::from).collect();
    names.join(", ")
}

const PROVIDER: &str = "memory";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns01::contract::{self, RefusedCredential, Subject};

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    fn record(name_: &str, value: &str) -> TxtRecord {
        TxtRecord { name: name(name_), value: value.to_owned() }
    }

    #[tokio::test]
    async fn fulfils_the_contract_of_a_provider() {
        let zones = ["ws.example", "nested.ws.example", "xn--bcher-kva.example"];
        let provider = MemoryProvider::new(zones.map(name));
        let crowded = name("_acme-challenge.crowded.ws.example");
        for n in 0..150 {
            provider.append_txt(&record(crowded.as_str(), &format!("foreign-{n}"))).await.unwrap();
        }
        let revoked = MemoryProvider::new([name("ws.example")]);
        revoked.refuse_credential();
        let calls = revoked.clone();

        let view = provider.clone();
        let mut subject =
            Subject::new(Arc::new(provider.clone()), name("ws.example"), move |zone, name| {
                let values = view.values_in(&zone, &name);
                async move { Ok(values) }
            });
        subject.second = Some(Arc::new(provider.clone()));
        subject.nested_zone = Some(name("nested.ws.example"));
        subject.idn_zone = Some(name("bücher.example"));
        subject.crowded_name = Some(crowded);
        subject.refused = Some(RefusedCredential {
            provider: Arc::new(revoked),
            requests: Arc::new(move || calls.calls()),
        });
        let report = contract::check(&subject).await;
        report.assert();
        assert_eq!(report.not_applicable().count(), 0, "{report}");
    }

    #[tokio::test]
    async fn fails_the_calls_it_is_told_to_fail_and_changes_nothing() {
        let provider = MemoryProvider::new([name("ws.example")]);
        let unavailable = DnsProviderError::Unavailable {
            provider: "memory".to_owned(),
            reason: "asked for by a test".to_owned(),
        };
        provider.fail_next(unavailable.clone());
        let txt = record("_acme-challenge.ws.example", "value");
        assert_eq!(provider.append_txt(&txt).await, Err(unavailable));
        assert!(provider.values(&txt.name).is_empty());
        assert_eq!(provider.append_txt(&txt).await, Ok(()));
        assert_eq!(provider.calls(), 2);
    }

    #[tokio::test]
    async fn names_the_zones_it_tried() {
        let provider = MemoryProvider::new([name("ws.example")]);
        let error = provider.append_txt(&record("_acme-challenge.other.example", "v")).await;
        let text = error.unwrap_err().to_string();
        assert!(text.contains("_acme-challenge.other.example, other.example, example"), "{text}");
    }
}
