//! The provider: how it is made, and its place in `acme-core`.

use std::sync::Arc;
use std::time::Duration;

use acme_core::dns01::{DnsProvider, DnsProviderError, TxtRecord};
use acme_core::http::HttpOptions;
use acme_core::{Clock, DnsName, SystemClock};
use async_trait::async_trait;
use tokio::time::Instant;
use url::Url;

use crate::api::Api;
use crate::build_error::BuildError;
use crate::credential::{CredentialSource, Credentials, Means, zone_policy};
use crate::error::NoCredential;
use crate::login_token::LoginToken;
use crate::records::{APPEND, Records, TTL_OF_EVERY_PLAN};
use crate::sts::{self, CallerIdentity};
use crate::zone::Zones;
use crate::{api3, endpoint, legacy};

/// What the API documents for `TTL`, in seconds; plans narrow it.
const TTLS: std::ops::RangeInclusive<u32> = 1..=604_800;

/// TXT records at DNSPod / Tencent Cloud DNS, by API 3.0 ([`DnsPod::builder`]) or by the legacy API
/// ([`DnsPod::legacy`]).
///
/// A clone shares connections, known zones and the ids of created records: make one for each account and clone it.
///
/// - The zone of a name is found by asking the account, longest suffix first, and is remembered for ten minutes.
///   By API 3.0, `DescribeDomain`, `DescribeRecordList`, `CreateRecord` and `DeleteRecord` on the zone are all it needs.
/// - With the zone known, an append is one call, and so is a delete of what this instance has appended.
/// - Once eight names were asked for, the list of all zones is fetched, if the key may: one call in place of many.
/// - Calls of one action stay below the rate that Tencent publishes for it.
/// - An append ends within 25 s, a delete within 40 s. What Tencent documents as temporary is tried again within that time; a
///   refused credential never is, and for two minutes is refused again without a call, because Tencent bans accounts
///   that keep trying.
#[derive(Clone)]
pub struct DnsPod {
    records: Arc<Records>,
    /// Absent where a DNSPod token is used.
    caller: Option<Arc<Caller>>,
}

/// Who calls API 3.0.
struct Caller {
    credentials: Arc<Credentials>,
    sts: api3::Client,
}

impl DnsPod {
    /// A provider for the account that `credential` belongs to, by Tencent Cloud API 3.0: a
    /// [`Credential`](crate::Credential), or a source that gives one.
    pub fn builder(credential: impl Into<CredentialSource>) -> DnsPodBuilder {
        DnsPodBuilder::new(Account::Credential(credential.into()))
    }

    /// A provider for the account that `token` belongs to, by the legacy DNSPod API
    /// (<https://docs.dnspod.cn/api/>): for accounts that have no other key yet.
    pub fn legacy(token: LoginToken) -> DnsPodBuilder {
        DnsPodBuilder::new(Account::LoginToken(token))
    }

    /// The same account, with its connections, its limits and what is known of it, for records of another TTL in seconds.
    ///
    /// # Errors
    /// As for [`DnsPodBuilder::ttl`], when it is built.
    pub fn with_ttl(&self, seconds: u32) -> Result<Self, BuildError> {
        check_ttl(seconds)?;
        let mut records = (*self.records).clone();
        records.ttl = seconds;
        Ok(Self { records: Arc::new(records), ..self.clone() })
    }

    /// The same account, with its connections, its limits and what is known of it, for records on another line
    /// ([`DnsPodBuilder::record_line`]).
    pub fn with_record_line(&self, name: impl Into<String>) -> Self {
        let mut records = (*self.records).clone();
        records.line = Some(name.into());
        Self { records: Arc::new(records), ..self.clone() }
    }

    /// Asks STS whose credential this is, fetching it first where it comes from a role. It needs no permission. A DNSPod
    /// token belongs to no caller of Tencent Cloud: `None`.
    ///
    /// # Errors
    /// Where there is no credential, where it is refused, and where STS or what gives it out cannot be reached.
    pub async fn caller_identity(&self) -> Result<Option<CallerIdentity>, DnsProviderError> {
        let Some(caller) = &self.caller else { return Ok(None) };
        let Caller { credentials, sts } = &**caller;
        sts::caller_identity(sts, credentials, Instant::now() + APPEND)
            .await
            .map(Some)
            .map_err(NoCredential::into_provider_error)
    }

    /// The CAM policy that allows what is needed for the zone of `name` and nothing else, as JSON
    /// ([`zone_policy`](crate::zone_policy)). `None` for a DNSPod token, which no policy applies to, and for a zone
    /// that was set by hand.
    ///
    /// # Errors
    /// As for [`DnsProvider::find_zone`] and [`caller_identity`](Self::caller_identity).
    pub async fn policy_for(&self, name: &DnsName) -> Result<Option<String>, DnsProviderError> {
        let Some(identity) = self.caller_identity().await? else { return Ok(None) };
        let id = self.records.zone_id(name).await?;
        Ok(id.map(|id| zone_policy(&identity.account_id, id)))
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
    account: Account,
    endpoint: Option<Url>,
    sts_endpoint: Option<Url>,
    metadata_endpoint: Option<Url>,
    contact: Option<String>,
    zone: Option<DnsName>,
    http: HttpOptions,
    clock: Arc<dyn Clock>,
    ttl: u32,
    record_line: Option<String>,
    time_limit: Option<Duration>,
}

/// What an account is reached with, which decides the API.
enum Account {
    Credential(CredentialSource),
    LoginToken(LoginToken),
}

impl DnsPodBuilder {
    fn new(account: Account) -> Self {
        Self {
            account,
            endpoint: None,
            sts_endpoint: None,
            metadata_endpoint: None,
            contact: None,
            zone: None,
            http: HttpOptions::default(),
            clock: Arc::new(SystemClock),
            ttl: TTL_OF_EVERY_PLAN,
            record_line: None,
            time_limit: None,
        }
    }

    /// Calls the API at `endpoint` instead of the Chinese site's. API 3.0 is at `https://dnspod.tencentcloudapi.com`; for
    /// the international site set `https://dnspod.intl.tencentcloudapi.com`, or a region's host. The legacy API is at
    /// `https://dnsapi.cn`; for the international site set `https://api.dnspod.com`. The sandbox serves both.
    pub fn endpoint(mut self, endpoint: Url) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Calls STS at `endpoint` for roles, instead of the STS of the site that the API's endpoint is on
    /// (`https://sts.tencentcloudapi.com`, `https://sts.intl.tencentcloudapi.com`): inside a VPC without a way out,
    /// `https://sts.internal.tencentcloudapi.com`.
    pub fn sts_endpoint(mut self, endpoint: Url) -> Self {
        self.sts_endpoint = Some(endpoint);
        self
    }

    /// Asks the metadata service at `endpoint` for the role of the instance, instead of
    /// `http://metadata.tencentyun.com`. No proxy is used for it.
    pub fn metadata_endpoint(mut self, endpoint: Url) -> Self {
        self.metadata_endpoint = Some(endpoint);
        self
    }

    /// Uses this zone for every name in it, and refuses other names, instead of looking for the longest zone.
    pub fn zone(mut self, zone: DnsName) -> Self {
        self.zone = Some(zone);
        self
    }

    /// The mail address of whoever runs this program, which the legacy API wants in the `User-Agent`
    /// (`Name/Version (mail)`, name and version being those of [`DnsPodBuilder::http`]). Without it the address is
    /// `nobody@certctl.invalid`, which nobody reads: DNSPod then cannot warn before it bans for too many calls.
    pub fn contact(mut self, address: &str) -> Self {
        self.contact = Some(address.to_owned());
        self
    }

    /// How HTTPS servers are reached: proxy, further roots, time limit of a request.
    pub fn http(mut self, http: HttpOptions) -> Self {
        self.http = http;
        self
    }

    /// The clock that requests of API 3.0 are signed with. Where it is off, DNSPod's own time is used after the first
    /// refusal. The legacy API needs no time.
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

    /// Creates records on the record line of this name (`境外`; `RecordLine` of `CreateRecord`), instead of the default
    /// line, which answers everybody. A line answers those who ask from where it is for: a CA asks from several places.
    pub fn record_line(mut self, name: impl Into<String>) -> Self {
        self.record_line = Some(name.into());
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
        check_ttl(self.ttl)?;
        let (api, caller) = match self.account {
            Account::Credential(source) => {
                if self.contact.is_some() {
                    return Err(BuildError::OfLegacy { option: "contact" });
                }
                source.check()?;
                let endpoint = endpoint::v3(self.endpoint)?;
                let http = self.http.client()?;
                let means = Means {
                    http: http.clone(),
                    sts: endpoint::sts(self.sts_endpoint, &endpoint)?,
                    metadata: endpoint::metadata(self.metadata_endpoint)?,
                    options: self.http,
                    clock: Arc::clone(&self.clock),
                };
                let credentials = Credentials::new(source, &means)?;
                let sts = means.sts(sts::REGION, Some(Arc::clone(&credentials)));
                let transport = api3::Transport::new(http, endpoint, self.clock);
                let client =
                    api3::Client::new(transport, api3::dnspod(), Some(Arc::clone(&credentials)));
                (Api::V3(client), Some(Arc::new(Caller { credentials, sts })))
            }
            Account::LoginToken(token) => {
                for (option, given) in [
                    ("sts_endpoint", self.sts_endpoint.is_some()),
                    ("metadata_endpoint", self.metadata_endpoint.is_some()),
                ] {
                    if given {
                        return Err(BuildError::OfV3 { option });
                    }
                }
                let user_agent =
                    legacy::user_agent(&self.http.user_agent, self.contact.as_deref())?;
                let http = HttpOptions { user_agent, ..self.http };
                let endpoint = endpoint::legacy(self.endpoint)?;
                let line = endpoint::default_line(&endpoint);
                let transport = legacy::Transport::new(http.client()?, endpoint);
                (Api::Legacy(legacy::Client::new(transport, token, line)), None)
            }
        };
        let records =
            Records::new(api, Zones::new(self.zone), self.ttl, self.record_line, self.time_limit);
        Ok(DnsPod { records: Arc::new(records), caller })
    }
}

fn check_ttl(seconds: u32) -> Result<(), BuildError> {
    if TTLS.contains(&seconds) { Ok(()) } else { Err(BuildError::Ttl(seconds)) }
}
