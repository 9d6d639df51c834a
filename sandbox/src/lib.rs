//! An ACME CA, authoritative DNS and the DNSPod API in one process on loopback, with named faults.
//!
//! All ports are chosen by the system, and everything is gone when the [`Sandbox`] is dropped. The sandbox shares no
//! code with the clients that are tried against it: it is a second opinion on what the protocols say.

mod acme;
mod builder;
mod clock;
mod dns;
mod fault;
mod front;
mod plan;
mod serve;
mod tencent;
mod tls;

/// The README, so that its example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use acme::AcmeServer;
pub use acme::Policy;
pub use builder::{Builder, StartError};
use clock::Clock;
use dns::{AddError, DEFAULT_LINE_ID, DnsServers, NewRecord, Owner, QueryLog, ZoneInfo, ZoneStore};
pub use dns::{LoggedQuery, ZoneStatus};
use fault::Faults;
pub use fault::{FAULTS, Fault, FaultError, FaultSpec, FaultValue};
pub use front::LoggedRequest;
pub use plan::Plan;
use serve::HttpServer;
pub use tencent::CamPolicyError;
use tencent::{CamPolicy, DnspodApi, UIN};

/// A running sandbox. Dropping it stops all its servers and closes their ports.
pub struct Sandbox {
    faults: Arc<Faults>,
    clock: Arc<Clock>,
    zones: Arc<ZoneStore>,
    queries: Arc<QueryLog>,
    dns: DnsServers,
    dnspod: Arc<DnspodApi>,
    dnspod_address: SocketAddr,
    dnspod_tls_address: SocketAddr,
    acme: AcmeServer,
    external_account: (String, String),
    root_pem: String,
    /// Of Tencent's side.
    servers: Vec<HttpServer>,
}

/// Why a record could not be put into a zone or taken out of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The name is in none of the sandbox's zones.
    #[error("{0} is in none of the sandbox's zones")]
    NoZone(String),
    /// The record is there already.
    #[error("{0} already has this record")]
    Exists(String),
    /// There is no such record.
    #[error("{0} has no such record")]
    Absent(String),
    /// The type is unknown, or the value is not one of this type.
    #[error("{value:?} is not the value of a {kind} record that the sandbox can serve")]
    Value {
        /// The type.
        kind: String,
        /// The value.
        value: String,
    },
}

impl Sandbox {
    /// What to start, with everything at its default.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a sandbox with everything at its default.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// The root certificate, in PEM, that a client of the sandbox's HTTPS servers has to trust.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// Sets a fault: `name` or `name=value` of [`FAULTS`]. Setting it again starts its count or time anew.
    pub fn set_fault(&self, spec: &str) -> Result<(), FaultError> {
        self.faults.set(spec)
    }

    /// Ends the fault of this name.
    pub fn clear_fault(&self, name: &str) -> Result<(), FaultError> {
        self.faults.clear(name)
    }

    /// Forgets all requests, connections, calls, refusals and questions that were counted.
    pub fn reset_counts(&self) {
        self.servers.iter().for_each(HttpServer::forget_connections);
        self.queries.clear();
        self.dnspod.clear_calls();
        self.dnspod.rates().clear();
        self.acme.forget_requests();
    }

    /// Makes the clock of the sandbox's servers differ from the machine's by so many seconds.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.clock.set_offset(seconds);
    }
}

/// External account binding.
impl Sandbox {
    /// An external account that the CA knows (RFC 8555 §7.3.4): the key identifier, and the MAC key in base64url.
    pub fn external_account(&self) -> (&str, &str) {
        (&self.external_account.0, &self.external_account.1)
    }
}

/// Tencent's side.
impl Sandbox {
    /// The URL without TLS of all of Tencent's side: API 3.0 of DNSPod, STS, the legacy API and the instance's metadata.
    pub fn dnspod_endpoint(&self) -> String {
        format!("http://{}", self.dnspod_address)
    }

    /// The same with TLS, for clients that trust [`Sandbox::root_pem`]. The certificate is for the names of Tencent's own
    /// endpoints too.
    pub fn dnspod_tls_endpoint(&self) -> String {
        format!("https://{}", self.dnspod_tls_address)
    }

    /// The `SecretId` that the API accepts.
    pub fn secret_id(&self) -> &str {
        &self.dnspod.credentials().id
    }

    /// The `SecretKey` that belongs to it.
    pub fn secret_key(&self) -> &str {
        &self.dnspod.credentials().key
    }

    /// The `login_token` that the legacy API accepts until [`Sandbox::set_login_token`], `ID,Token`.
    pub fn login_token(&self) -> &str {
        self.dnspod.legacy().login_token()
    }

    /// Makes this the one `login_token` that the legacy API accepts, `ID,Token`, as if the account were another one's.
    pub fn set_login_token(&self, token: &str) {
        self.dnspod.legacy().set_login_token(token);
    }

    /// How many requests the legacy API refused because they had no `User-Agent` or a browser's.
    pub fn refused_agents(&self) -> u64 {
        self.dnspod.legacy().refused_agents()
    }

    /// Makes this the one token that `AssumeRoleWithWebIdentity` accepts; the one before is as good as expired.
    pub fn set_web_identity_token(&self, token: &str) {
        self.dnspod.sts().set_web_identity_token(token);
    }

    /// How long credentials that STS and the instance's metadata issue from now on are valid, whatever is asked for; as
    /// the sandbox's clock has it.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.dnspod.sts().set_lifetime(lifetime);
    }

    /// The actions of Tencent's APIs that were asked for, those of the legacy API and of STS among them, oldest first,
    /// whatever was answered.
    pub fn dnspod_calls(&self) -> Vec<String> {
        self.dnspod.calls()
    }

    /// How many connections Tencent's side accepted, with TLS and without.
    pub fn dnspod_connections(&self) -> u64 {
        self.servers.iter().map(HttpServer::connections).sum()
    }

    /// How many requests were answered `RequestLimitExceeded`, those of the fault `dnspod-throttled` among them.
    pub fn dnspod_throttled(&self) -> u64 {
        self.dnspod.rates().refusals()
    }

    /// Makes this CAM policy, a JSON document, all that the credentials permit.
    pub fn set_cam_policy(&self, json: &str) -> Result<(), CamPolicyError> {
        self.dnspod.cam().set(CamPolicy::parse(json)?);
        Ok(())
    }

    /// The number of the account that owns the zones, as CAM's resources have it.
    pub fn uin(&self) -> &str {
        UIN
    }

    /// The `DomainId` of a zone, whoever owns it.
    pub fn domain_id(&self, zone: &str) -> Option<u64> {
        self.zones.zone_named(zone).map(|zone| zone.id)
    }

    /// Puts a zone on a plan; whether there is such a zone. Records that it has stay.
    pub fn set_plan(&self, zone: &str, plan: Plan) -> bool {
        self.zones.zone_named(zone).is_some_and(|zone| self.zones.set_plan(zone.id, plan))
    }
}

/// DNS.
impl Sandbox {
    /// The names of the zones that belong to the account, in Unicode.
    pub fn zones(&self) -> Vec<String> {
        let zones = self.zones.zones().into_iter();
        zones.filter(|zone| zone.owner == Owner::Account).map(|zone| zone.name).collect()
    }

    /// The addresses of the authoritative name servers, which serve every zone over UDP and TCP.
    pub fn name_servers(&self) -> &[SocketAddr] {
        &self.dns.addresses
    }

    /// The address of a recursive resolver for which the sandbox's zones are all there is. It always shows the newest
    /// state, and no fault concerns it.
    pub fn resolver(&self) -> SocketAddr {
        self.dns.resolver
    }

    /// The values of the TXT records at `name` now, in any of the zones; what a fresh authoritative server would show,
    /// wildcards and CNAME records aside.
    pub fn txt_values(&self, name: &str) -> Vec<String> {
        let Some((zone, sub_domain)) = self.locate(name) else { return Vec::new() };
        self.zones
            .records_at(zone.id, &sub_domain)
            .iter()
            .map(|record| &record.record)
            .filter(|record| record.enabled && record.kind == RecordType::TXT)
            .filter(|record| record.line_id == DEFAULT_LINE_ID)
            .map(|record| record.value.clone())
            .collect()
    }

    /// Adds a record behind the API's back: `add_record("_acme-challenge.ws.example", "CNAME", "a.example.test")`.
    pub fn add_record(&self, name: &str, kind: &str, value: &str) -> Result<(), RecordError> {
        let (zone, sub_domain) =
            self.locate(name).ok_or_else(|| RecordError::NoZone(name.to_owned()))?;
        let wrong = || RecordError::Value { kind: kind.to_owned(), value: value.to_owned() };
        let kind = kind.parse().map_err(|_| wrong())?;
        let record = NewRecord::new(&sub_domain, kind, value);
        match self.zones.add(zone.id, record, self.clock.now()) {
            Ok(_) => Ok(()),
            Err(AddError::Exists) => Err(RecordError::Exists(name.to_owned())),
            Err(AddError::Absent | AddError::SubDomain | AddError::NoDefaultLine) => {
                Err(RecordError::NoZone(name.to_owned()))
            }
            Err(AddError::Value) => Err(wrong()),
        }
    }

    /// Removes a record behind the API's back.
    pub fn remove_record(&self, name: &str, kind: &str, value: &str) -> Result<(), RecordError> {
        let (zone, sub_domain) =
            self.locate(name).ok_or_else(|| RecordError::NoZone(name.to_owned()))?;
        let is_wanted =
            |record: &NewRecord| record.kind.to_string() == kind && record.value == value;
        let mut records = self.zones.records_at(zone.id, &sub_domain).into_iter();
        match records.find(|record| is_wanted(&record.record)) {
            Some(record) if self.zones.remove(zone.id, record.id) => Ok(()),
            _ => Err(RecordError::Absent(name.to_owned())),
        }
    }

    /// Sets the state of a zone; whether there is such a zone.
    pub fn set_zone_status(&self, zone: &str, status: ZoneStatus) -> bool {
        self.zones.zone_named(zone).is_some_and(|zone| self.zones.set_status(zone.id, status))
    }

    /// Adds a zone to the account; whether `zone` is a domain name and was no zone yet. One that was removed is a new one,
    /// with another `DomainId` and without its records.
    pub fn add_zone(&self, zone: &str) -> bool {
        let count = self.dns.addresses.len();
        self.zones.zone_named(zone).is_none()
            && self.zones.add_zone(zone, Owner::Account, count, self.clock.now()).is_some()
    }

    /// Removes a zone with its records and its aliases, as when its owner takes it out of the account: DNS and the APIs
    /// answer from now on as if it had never been there, name servers that lag or are frozen among them. Whether there was
    /// such a zone.
    pub fn remove_zone(&self, zone: &str) -> bool {
        self.zones.zone_named(zone).is_some_and(|zone| self.zones.remove_zone(zone.id))
    }

    /// Holds the name server of this index in [`Sandbox::name_servers`] at what it shows now, until it is released;
    /// whether there is such a server.
    pub fn freeze_name_server(&self, index: usize) -> bool {
        self.dns.freeze(index, Some(self.zones.latest()))
    }

    /// Lets a frozen name server show the newest state again; whether there is such a server.
    pub fn release_name_server(&self, index: usize) -> bool {
        self.dns.freeze(index, None)
    }

    /// How many questions the name servers received, those of the sandbox's own CA among them.
    pub fn dns_queries(&self) -> u64 {
        self.queries.count()
    }

    /// The newest questions that the name servers received, oldest first.
    pub fn dns_query_log(&self) -> Vec<LoggedQuery> {
        self.queries.queries()
    }

    /// The zone that `name` is in, and the name relative to it; none for an alias, which has no records of its own.
    fn locate(&self, name: &str) -> Option<(ZoneInfo, String)> {
        let name = idna::domain_to_ascii(name.trim_end_matches('.')).ok()?;
        let zone = self.zones.zone_of(&name).filter(|zone| zone.alias_of.is_none())?;
        let below = name.strip_suffix(&zone.punycode)?.trim_end_matches('.');
        let sub_domain = if below.is_empty() { "@" } else { below };
        let sub_domain = sub_domain.to_owned();
        Some((zone, sub_domain))
    }
}
