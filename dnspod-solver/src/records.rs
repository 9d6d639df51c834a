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
/// Bound on one append, or search for a zone, with all its calls and waits.
pub(crate) const APPEND: Duration = Duration::from_secs(25);
/// Bound on one delete: long enough to see a record that lists show half a minute late.
const DELETION: Duration = Duration::from_secs(40);

/// The TXT records of one account. A clone is of the same account, and knows what this one knows.
#[derive(Clone)]
pub(crate) struct Records {
    api: Arc<Api>,
    zones: Arc<Zones>,
    /// In seconds.
    pub(crate) ttl: u32,
    /// The default line unless set.
    pub(crate) line: Option<String>,
    time_limit: Option<Duration>,
    created: Arc<Created>,
}

impl Records {
    /// `ttl` is in seconds; without a `line` records are on the default one; `time_limit` takes the place of the usual
    /// bounds on one append or delete.
    pub(crate) fn new(
        api: Api,
        zones: Zones,
        ttl: u32,
        line: Option<String>,
        time_limit: Option<Duration>,
    ) -> Self {
        let (api, zones) = (Arc::new(api), Arc::new(zones));
        Self { api, zones, ttl, line, time_limit, created: Arc::default() }
    }

    pub(crate) fn calls(&self) -> u64 {
        self.api.calls()
    }

    /// Finds the zone of `name` and remembers it for the append that follows.
    pub(crate) async fn find_zone(&self, name: &DnsName) -> Result<(), DnsProviderError> {
        self.zone_in_service(name, Instant::now() + self.time_limit.unwrap_or(APPEND))
            .await
            .map(drop)
    }

    /// Creates `record`; one call where the zone is known.
    pub(crate) async fn append(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        let deadline = Instant::now() + self.time_limit.unwrap_or(APPEND);
        let mut zone = self.zone_in_service(&record.name, deadline).await?;
        // Before the call: a caller that stops waiting, or an answer that is lost, may leave a record behind, and a
        // delete must then not trust a list too soon.
        self.created.remember_unplaced(record);
        let mut created = self.create(&zone, record, deadline).await;
        if let Err(error) = &created
            && self.is_outdated(&zone, error, deadline).await
        {
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
                if !matches!(error, CallError::NoAnswer { .. }) {
                    self.created.forget_unplaced(record);
                }
                Err(error.into_provider_error(&record.name, &zone.name))
            }
        }
    }

    /// Deletes `record`; one call where this instance has created it.
    pub(crate) async fn delete(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        let deadline = Instant::now() + self.time_limit.unwrap_or(DELETION);
        let place = self.created.find(record).and_then(|known| known.place);
        let deleted = match &place {
            Some((zone, record_id)) => {
                self.delete_placed(zone, *record_id, record, deadline).await?
            }
            None => false,
        };
        if !deleted {
            self.delete_by_value(record, deadline).await?;
        }
        self.created.forget(record);
        Ok(())
    }

    /// The id of the zone that holds `name`.
    pub(crate) async fn zone_id(&self, name: &DnsName) -> Result<Option<u64>, DnsProviderError> {
        let deadline = Instant::now() + self.time_limit.unwrap_or(APPEND);
        Ok(self.zone_in_service(name, deadline).await?.id)
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
        let create = |ttl| {
            self.api.create_txt_record(
                zone,
                subdomain,
                &record.value,
                ttl,
                self.line.as_deref(),
                deadline,
            )
        };
        match create(self.ttl).await {
            Err(error) if error.class() == Class::TtlLimit && self.ttl != TTL_OF_EVERY_PLAN => {
                create(TTL_OF_EVERY_PLAN).await
            }
            created => created,
        }
    }

    /// Deletes the record of this id; `false` where the account has its zone no more.
    async fn delete_placed(
        &self,
        zone: &Zone,
        record_id: u64,
        record: &TxtRecord,
        deadline: Instant,
    ) -> Result<bool, DnsProviderError> {
        match self.api.delete_record(zone, record_id, deadline).await {
            Ok(()) => Ok(true),
            Err(error) if self.is_outdated(zone, &error, deadline).await => Ok(false),
            Err(error) => Err(error.into_provider_error(&record.name, &zone.name)),
        }
    }

    /// Lists the records at the name and deletes those of the equal value.
    ///
    /// A list may miss what was created less than half a minute ago, by this process or by another. So where it shows
    /// nothing, [`Records::exists`] tells, and tells again before this is given up; to report success would leave the
    /// record behind for ever.
    async fn delete_by_value(
        &self,
        record: &TxtRecord,
        deadline: Instant,
    ) -> Result<(), DnsProviderError> {
        let mut wait = Duration::from_secs(1);
        let mut zone_was_outdated = false;
        let mut exists = false;
        loop {
            let zone = self.zones.find(&self.api, &record.name, deadline).await?;
            let gone = match self.delete_listed(&zone, record, deadline).await {
                Ok(0) if exists => Ok(false),
                Ok(0) if self.created.is_listed_by_now(record) => Ok(true),
                Ok(0) => self.exists(&zone, record, deadline).await.map(|exists| !exists),
                Ok(_) => Ok(true),
                Err(error) => Err(error),
            };
            match gone {
                Ok(true) => return Ok(()),
                Ok(false) => exists = true,
                Err(error)
                    if !zone_was_outdated && self.is_outdated(&zone, &error, deadline).await =>
                {
                    zone_was_outdated = true;
                    continue;
                }
                Err(error) => return Err(error.into_provider_error(&record.name, &zone.name)),
            }
            if Instant::now() + wait >= deadline {
                // Whoever has created it may have deleted it meanwhile.
                if let Ok(false) = self.exists(&zone, record, deadline).await {
                    return Ok(());
                }
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

    /// Whether `record`, which no list shows, is there all the same: DNSPod refuses to create an equal one at once,
    /// however late its lists are. One that was not there is not there afterwards either.
    async fn exists(
        &self,
        zone: &Arc<Zone>,
        record: &TxtRecord,
        deadline: Instant,
    ) -> Result<bool, CallError> {
        self.created.remember_unplaced(record);
        match self.create(zone, record, deadline).await {
            Ok(record_id) => {
                self.created.remember(record, Arc::clone(zone), record_id);
                self.api.delete_record(zone, record_id, deadline).await?;
                Ok(false)
            }
            Err(error) => match error.class() {
                Class::AlreadyThere => Ok(true),
                // Where nothing can be created, nothing was created just now: the list is right.
                Class::NotPermitted | Class::Permanent | Class::Request | Class::TtlLimit => {
                    Ok(false)
                }
                _ => Err(error),
            },
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
    async fn is_outdated(&self, zone: &Zone, error: &CallError, deadline: Instant) -> bool {
        let gone = error.class() == Class::NotMyZone;
        if gone {
            self.zones.forget(&zone.name, deadline).await;
        }
        gone
    }
}
