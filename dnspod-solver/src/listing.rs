//! The list of all zones of an account: one call that spares many, for who may make it.
//!
//! A key for one zone may not list, and a person with one zone gains nothing by it. So names are asked for one by one
//! until it is clear that there are many.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use acme_core::DnsName;
use tokio::time::{Instant, timeout_at};

use crate::api::{AccountZone, Api};
use crate::zone::{REMEMBERED, Zone};

/// Names asked for one by one before the list is. An issuance for an apex and two wildcards stays below it.
const WORTH_A_LIST: usize = 8;
/// Bound on the zones kept: about 2 MiB. An account with more is asked name by name.
const MOST: usize = 10_000;

/// What is known of the account's list of zones.
#[derive(Default)]
pub(crate) struct Listing {
    /// Names asked for one by one since the list was last forgotten.
    asked: AtomicUsize,
    /// Locked while the list is fetched, so that many orders fetch it once.
    listed: tokio::sync::Mutex<Option<Listed>>,
}

struct Listed {
    until: Instant,
    /// `None` where the list cannot be had.
    zones: Option<Arc<HashMap<DnsName, Arc<Zone>>>>,
}

impl Listing {
    /// A name is asked for by itself.
    pub(crate) fn count(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// All zones by name; `None` where the list is not worth its call or cannot be had.
    pub(crate) async fn zones(
        &self,
        api: &Api,
        deadline: Instant,
    ) -> Option<Arc<HashMap<DnsName, Arc<Zone>>>> {
        if self.asked.load(Ordering::Relaxed) < WORTH_A_LIST {
            return None;
        }
        let mut listed = timeout_at(deadline, self.listed.lock()).await.ok()?;
        if listed.as_ref().is_none_or(|listed| listed.until <= Instant::now()) {
            let zones = match api.zones(MOST, deadline).await {
                Ok(zones) => zones,
                Err(error) => {
                    tracing::debug!(?error, "zones are asked for one by one: there is no list");
                    None
                }
            };
            let zones =
                zones.map(|zones| Arc::new(zones.into_iter().filter_map(by_name).collect()));
            *listed = Some(Listed { until: Instant::now() + REMEMBERED, zones });
        }
        listed.as_ref().and_then(|listed| listed.zones.clone())
    }

    /// Forgets the list because it has shown to be wrong. Whether there was one.
    pub(crate) async fn forget(&self, deadline: Instant) -> bool {
        let Ok(mut listed) = timeout_at(deadline, self.listed.lock()).await else { return false };
        if listed.as_ref().is_none_or(|listed| listed.zones.is_none()) {
            return false;
        }
        *listed = None;
        self.asked.store(0, Ordering::Relaxed);
        true
    }
}

fn by_name(zone: AccountZone) -> Option<(DnsName, Arc<Zone>)> {
    let name = DnsName::parse(&zone.name).ok()?;
    Some((name.clone(), Arc::new(Zone::new(name, zone))))
}
