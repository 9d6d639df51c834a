//! Appending and deleting one TXT record.

use std::sync::Arc;
use std::time::Duration;

use acme_core::DnsName;
use acme_core::dns01::{DnsProviderError, TxtRecord};
use tokio::time::{Instant, sleep};

use crate::api::{AccountRecord, Api};
use crate::class::Class;
use crate::created::Created;
use crate::error::{CallError, PROVIDER};
use crate::zone::{Zone, Zones};

/// The least TTL of the free plan, and so one that every plan accepts; in seconds.
pub(crate) const TTL_OF_EVERY_PLAN: u32 = 600;
/// Bound on one append or delete with all its calls and waits.
const OPERATION: Duration = Duration::from_secs(25);
/// A new record may be missing from lists for this long (Tencent documents 30 s).
const INDEX_DELAY: Duration = Duration::from_secs(40);

/// The TXT records of one account.
pub(crate) struct Records {
    api: Api,
    zones: Zones,
    ttl: u32,
    created: Created,
}

impl Records {
    pub(crate) fn new(api: Api, zones: Zones, ttl: u32) -> Self {
        Self { api, zones, ttl, created: Created::default() }
    }

    pub(crate) fn calls(&self) -> u64 {
        self.api.calls()
    }

    /// Finds the zone of `name` and remembers it for the append that follows.
    pub(crate) async fn find_zone(&self, name: &DnsName) -> Result<(), DnsProviderError> {
        self.zone_in_service(name, Instant::now() + OPERATION).await.map(drop)
    }

    /// Creates `record`; one call where the zone is known.
    pub(crate) async fn append(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        let deadline = Instant::now() + OPERATION;
        let mut zone = self.zone_in_service(&record.name, deadline).await?;
        // Before the call: a caller that stops waiting, or an answer that is lost, may leave a record behind, and a
        // delete must then not trust a list too soon.
        self.created.remember_unplaced(record);
        let mut created = self.create(&zone, record, deadline).await;
        if created.as_ref().is_err_and(|error| self.is_outdated(&zone, error)) {
            zone = self.zone_in_service(&record.name, deadline).await?;
            created = self.create(&zone, record, deadline).await;
        }
        match created {
            Ok(record_id) => {
                self.created.remember(record, zone, record_id);
                Ok(())
            }
            Err(error) if error.class() == Class::AlreadyThere => Ok(()),
            Err(error) => {
                if matches!(error, CallError::Answered { .. }) {
                    self.created.forget_unplaced(record);
                }
                Err(error.into_provider_error(&record.name, &zone.name))
            }
        }
    }

    /// Deletes `record`; one call where this instance has created it.
    pub(crate) async fn delete(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        let deadline = Instant::now() + OPERATION;
        let place = self.created.find(record).and_then(|known| known.place);
        let deleted = match &place {
            Some((zone, record_id)) => {
                match self.api.delete_record(zone, *record_id, deadline).await {
                    Ok(()) => true,
                    Err(error) if self.is_outdated(zone, &error) => false,
                    Err(error) => return Err(error.into_provider_error(&record.name, &zone.name)),
                }
            }
            None => false,
        };
        if !deleted {
            self.delete_by_value(record, deadline).await?;
        }
        self.created.forget(record);
        Ok(())
    }

    /// The zone of `name`, where records can be created in it.
    async fn zone_in_service(
        &self,
        name: &DnsName,
        deadline: Instant,
    ) -> Result<Arc<Zone>, DnsProviderError> {
        let zone = self.zones.find(&self.api, name, deadline).await?;
        match zone.out_of_service() {
            None => Ok(zone),
            Some(reason) => Err(DnsProviderError::ZoneUnusable {
                provider: PROVIDER.to_owned(),
                zone: zone.name.to_string(),
                reason: reason.to_owned(),
            }),
        }
    }

    async fn create(
        &self,
        zone: &Zone,
        record: &TxtRecord,
        deadline: Instant,
    ) -> Result<u64, CallError> {
        let subdomain = zone.subdomain(&record.name);
        let create =
            |ttl| self.api.create_txt_record(zone, subdomain, &record.value, ttl, deadline);
        match create(self.ttl).await {
            Err(error) if error.class() == Class::TtlLimit && self.ttl != TTL_OF_EVERY_PLAN => {
                create(TTL_OF_EVERY_PLAN).await
            }
            created => created,
        }
    }

    /// Lists the records at the name and deletes those of the equal value.
    ///
    /// A list that misses what was just created is asked again; if it still does at the end, that is an error: to
    /// report success would leave the record behind for ever.
    async fn delete_by_value(
        &self,
        record: &TxtRecord,
        deadline: Instant,
    ) -> Result<(), DnsProviderError> {
        let mut wait = Duration::from_secs(1);
        let mut zone_was_outdated = false;
        loop {
            let zone = self.zones.find(&self.api, &record.name, deadline).await?;
            let found = match self.delete_listed(&zone, record, deadline).await {
                Ok(found) => found,
                Err(error) if !zone_was_outdated && self.is_outdated(&zone, &error) => {
                    zone_was_outdated = true;
                    continue;
                }
                Err(error) => return Err(error.into_provider_error(&record.name, &zone.name)),
            };
            let created = self.created.find(record);
            let may_be_unlisted = created.is_some_and(|known| known.since.elapsed() < INDEX_DELAY);
            if found > 0 || !may_be_unlisted {
                return Ok(());
            }
            if Instant::now() + wait >= deadline {
                return Err(DnsProviderError::Unavailable {
                    provider: PROVIDER.to_owned(),
                    reason: format!(
                        "the new record {} is not in DNSPod's lists yet; delete it again in half a minute",
                        record.name
                    ),
                });
            }
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
        }
    }

    /// How many records of the equal value there were; they are gone now.
    async fn delete_listed(
        &self,
        zone: &Zone,
        record: &TxtRecord,
        deadline: Instant,
    ) -> Result<usize, CallError> {
        let subdomain = zone.subdomain(&record.name);
        // DNSPod has chosen by name and type already. Should it choose otherwise one day, others' records stay.
        let equal = |item: &AccountRecord| {
            item.record_type == "TXT"
                && item.value == record.value
                && zone.full_name(&item.name).as_ref() == Some(&record.name)
        };
        let found = self.api.txt_records(zone, subdomain, equal, deadline).await?;
        for item in &found {
            self.api.delete_record(zone, item.id, deadline).await?;
        }
        Ok(found.len())
    }

    /// Whether `error` says that the account has `zone` no more; it is then forgotten.
    fn is_outdated(&self, zone: &Zone, error: &CallError) -> bool {
        let gone = error.class() == Class::NotMyZone;
        if gone {
            self.zones.forget(&zone.name);
        }
        gone
    }
}
