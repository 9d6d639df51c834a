//! What an account can be asked to do, whichever of Tencent's APIs it is reached by.

use tokio::time::Instant;

use crate::api3;
use crate::error::CallError;
use crate::legacy;
use crate::zone::Zone;

/// The API that one account is reached by.
pub(crate) enum Api {
    /// Tencent Cloud API 3.0.
    V3(api3::Client),
    /// The legacy DNSPod API.
    Legacy(legacy::Client),
}

/// A zone as the account describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountZone {
    pub(crate) id: u64,
    /// The name in the form the account keeps it in.
    pub(crate) name: String,
    /// `enable`, `pause`, `spam` or `lock`, in either case.
    pub(crate) status: String,
}

/// A record as the account lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountRecord {
    pub(crate) id: u64,
    /// The name without the zone; `@` for the zone itself.
    pub(crate) name: String,
    pub(crate) record_type: String,
    pub(crate) value: String,
}

impl Api {
    /// How many HTTP requests were sent.
    pub(crate) fn calls(&self) -> u64 {
        match self {
            Self::V3(client) => client.calls(),
            Self::Legacy(client) => client.calls(),
        }
    }

    /// The zone of exactly this name, if the account has it.
    pub(crate) async fn zone(
        &self,
        name: &str,
        deadline: Instant,
    ) -> Result<Option<AccountZone>, CallError> {
        match self {
            Self::V3(client) => client.zone(name, deadline).await,
            Self::Legacy(client) => client.zone(name, deadline).await,
        }
    }

    /// All zones of the account, or `None` where there are more than `most`.
    pub(crate) async fn zones(
        &self,
        most: usize,
        deadline: Instant,
    ) -> Result<Option<Vec<AccountZone>>, CallError> {
        match self {
            Self::V3(client) => client.zones(most, deadline).await,
            Self::Legacy(client) => client.zones(most, deadline).await,
        }
    }

    /// The TXT records at `subdomain` of `zone` that `wanted` chooses, from all pages.
    pub(crate) async fn txt_records(
        &self,
        zone: &Zone,
        subdomain: &str,
        wanted: impl Fn(&AccountRecord) -> bool,
        deadline: Instant,
    ) -> Result<Vec<AccountRecord>, CallError> {
        match self {
            Self::V3(client) => client.txt_records(zone, subdomain, wanted, deadline).await,
            Self::Legacy(client) => client.txt_records(zone, subdomain, wanted, deadline).await,
        }
    }

    /// Creates a TXT record and gives its id. `ttl` is in seconds; without a `line` it is on the default one.
    pub(crate) async fn create_txt_record(
        &self,
        zone: &Zone,
        subdomain: &str,
        value: &str,
        ttl: u32,
        line: Option<&str>,
        deadline: Instant,
    ) -> Result<u64, CallError> {
        match self {
            Self::V3(client) => {
                client.create_txt_record(zone, subdomain, value, ttl, line, deadline).await
            }
            Self::Legacy(client) => {
                client.create_txt_record(zone, subdomain, value, ttl, line, deadline).await
            }
        }
    }

    /// Deletes a record; one that is gone already is success.
    pub(crate) async fn delete_record(
        &self,
        zone: &Zone,
        record_id: u64,
        deadline: Instant,
    ) -> Result<(), CallError> {
        match self {
            Self::V3(client) => client.delete_record(zone, record_id, deadline).await,
            Self::Legacy(client) => client.delete_record(zone, record_id, deadline).await,
        }
    }
}
