//! The provider: how it is made, and its place in `acme-core`.

use std::sync::Arc;
use std::time::Duration;

use acme_core::dns01::{DnsProvider, DnsProviderError, TxtRecord};
use acme_core::http::{HttpError, HttpOptions};
use acme_core::{Clock, DnsName, SystemClock};
use async_trait::async_trait;
use url::{Host, Url};

use crate::api::Api;
use crate::api3::{Client, Transport};
use crate::credential::{Credential, CredentialError};
use crate::records::{Records, TTL_OF_EVERY_PLAN};
use crate::zone::Zones;

/// The API of the Chinese site, which serves all accounts of it.
const ENDPOINT: &str = "https://dnspod.tencentcloudapi.com";
/// What the API documents for `TTL`, in seconds; plans narrow it.
const TTLS: std::ops::RangeInclusive<u32> = 1..=604_800;

/// TXT records at DNSPod / Tencent Cloud DNS by API 3.0.
///
/// A clone shares connections, known zones and the ids of created records: make one for each account and clone it.
///
/// - The zone of a name is found by asking the account, longest suffix first, and is remembered for ten minutes.
///   `DescribeDomain`, `DescribeRecordList`, `CreateRecord` and `DeleteRecord` on the zone are all it needs.
/// - With the zone known, an append is one call, and so is a delete of what this instance has appended.
/// - Once eight names were asked for, the list of all zones is fetched, if the key may: one call in place of many.
/// - Calls of one action stay below the rate that Tencent publishes for it.
/// - An append ends within 25 s, a delete within 40 s. What Tencent documents as temporary is tried again within that time; a
///   refused credential never is, and for two minutes is refused again without a call, because Tencent bans accounts
///   that keep trying.
#[derive(Clone)]
pub struct DnsPod {
    records: Arc<Records>,
}

impl DnsPod {
    /// A provider for the account that `credential` belongs to.
    pub fn builder(credential: Credential) -> DnsPodBuilder {
        DnsPodBuilder {
            credential,
            endpoint: None,
            zone: None,
            http: HttpOptions::default(),
            clock: Arc::new(SystemClock),
            ttl: TTL_OF_EVERY_PLAN,
            time_limit: None,
        }
    }
}

#[async_trait]
impl DnsProvider for DnsPod {
    async fn append_txt(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        self.records.append(record).await
    }

    async fn delete_txt(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        self.records.delete(record).await
    }

    async fn find_zone(&self, name: &DnsName) -> Result<(), DnsProviderError> {
        self.records.find_zone(name).await
    }

    fn calls(&self) -> u64 {
        self.records.calls()
    }
}

/// Makes a [`DnsPod`].
#[must_use]
pub struct DnsPodBuilder {
    credential: Credential,
    endpoint: Option<Url>,
    zone: Option<DnsName>,
    http: HttpOptions,
    clock: Arc<dyn Clock>,
    ttl: u32,
    time_limit: Option<Duration>,
}

impl DnsPodBuilder {
    /// Calls the API at `endpoint` instead of `https://dnspod.tencentcloudapi.com`: the international site
    /// (`https://dnspod.intl.tencentcloudapi.com`), a region's host, or the sandbox.
    pub fn endpoint(mut self, endpoint: Url) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Uses this zone for every name in it, and refuses other names, instead of looking for the longest zone.
    pub fn zone(mut self, zone: DnsName) -> Self {
        self.zone = Some(zone);
        self
    }

    /// How HTTPS servers are reached: proxy, further roots, time limit of a request.
    pub fn http(mut self, http: HttpOptions) -> Self {
        self.http = http;
        self
    }

    /// The clock that requests are signed with. Where it is off, DNSPod's own time is used after the first refusal.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The TTL of records in seconds, 1 to 604800; 600 unless set, which every plan accepts. Where the zone's plan does
    /// not permit it, the record is created with 600.
    pub fn ttl(mut self, seconds: u32) -> Self {
        self.ttl = seconds;
        self
    }

    /// Ends each append and each delete within `limit`, instead of 25 s and 40 s. A delete that has less than that may
    /// report a record which was created within the last half minute as not listed yet.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Makes the provider. Nothing is sent yet.
    ///
    /// # Errors
    /// Where an option cannot be used.
    pub fn build(self) -> Result<DnsPod, BuildError> {
        let endpoint = match self.endpoint {
            Some(endpoint) => endpoint,
            None => Url::parse(ENDPOINT).expect("the default endpoint is a URL"),
        };
        check_endpoint(&endpoint)?;
        self.credential.check_token()?;
        if !TTLS.contains(&self.ttl) {
            return Err(BuildError::Ttl(self.ttl));
        }
        let transport = Transport::new(self.http.client()?, endpoint, self.clock);
        let api = Api::V3(Client::new(transport, self.credential));
        let records = Records::new(api, Zones::new(self.zone), self.ttl, self.time_limit);
        Ok(DnsPod { records: Arc::new(records) })
    }
}

/// Why a [`DnsPod`] cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The endpoint is not of the form `https://HOST[:PORT]`.
    #[error(
        "{0} is no DNSPod endpoint: https://HOST or https://HOST:PORT is needed, without a path"
    )]
    Endpoint(String),
    /// The endpoint is `http:` and not on this machine: records and session tokens would go out in clear.
    #[error("{0} is not encrypted: http:// is for 127.0.0.1, [::1] and localhost; use https://")]
    Unencrypted(String),
    /// The session token cannot be sent.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The TTL is outside what the API accepts.
    #[error("a TTL of {0} s is not accepted by DNSPod: it is 1 to 604800")]
    Ttl(u32),
    /// The options for HTTP cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// The signature covers the host and the path `/`, so there may be nothing else in the endpoint.
fn check_endpoint(endpoint: &Url) -> Result<(), BuildError> {
    let shown = || {
        endpoint
            .host_str()
            .map_or_else(String::new, |host| format!("{}://{host}", endpoint.scheme()))
    };
    let bare = endpoint.path() == "/"
        && endpoint.query().is_none()
        && endpoint.fragment().is_none()
        && endpoint.username().is_empty()
        && endpoint.password().is_none();
    let on_this_machine = match endpoint.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match endpoint.scheme() {
        "https" if bare => Ok(()),
        "http" if bare && on_this_machine => Ok(()),
        "http" if bare => Err(BuildError::Unencrypted(shown())),
        _ => Err(BuildError::Endpoint(shown())),
    }
}
