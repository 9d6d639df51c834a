//! What a sandbox is made of, and its start.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hickory_proto::rr::RecordType;
use rand::distr::{Alphanumeric, SampleString};

use crate::Sandbox;
use crate::acme::{self, AcmeServer, Policy};
use crate::clock::Clock;
use crate::dns::{DnsServers, NAME_SERVER_ZONE, NewRecord, Owner, QueryLog, ZoneStore};
use crate::fault::{FaultError, Faults};
use crate::front::Front;
use crate::plan::Plan;
use crate::serve::Bound;
use crate::tencent::{
    Account, Cam, CamPolicy, CamPolicyError, Credentials, DnspodApi, Edition, Legacy, Rates, Sts,
    Trust, role_arn,
};
use crate::tls::ServerTls;

/// The zones of a sandbox that is not told which; the last one is an IDN.
const DEFAULT_ZONES: [&str; 4] =
    ["ws.example", "mygitpod.example", "example.test", "bücher.example"];

/// Makes a [`Sandbox`].
#[derive(Clone)]
pub struct Builder {
    zones: Vec<String>,
    foreign_zones: Vec<String>,
    shared_zones: Vec<String>,
    aliases: Vec<(String, String)>,
    plans: Vec<(String, Plan)>,
    cam_policy: Option<String>,
    published_rates: bool,
    name_servers: Vec<IpAddr>,
    name_server_port: u16,
    faults: Vec<String>,
    secret: Option<(String, String)>,
    further_secrets: Vec<(String, String)>,
    session_token: Option<String>,
    login_token: Option<String>,
    edition: Edition,
    roles: Vec<(String, Trust)>,
    web_identity_token: Option<String>,
    policy: Policy,
    nonce_rejection: u8,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A fault is not known, or its value is wrong.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// A zone's name is not a domain name.
    #[error("{0:?} cannot be a zone: it is not a domain name")]
    Zone(String),
    /// A plan or an alias is of a zone that the account does not have.
    #[error("{0:?} is not one of the account's zones")]
    NoZone(String),
    /// The CAM policy cannot be evaluated.
    #[error("the CAM policy of the sandbox")]
    CamPolicy(#[from] CamPolicyError),
    /// A sandbox needs a name server.
    #[error("a sandbox needs at least one name server")]
    NoNameServer,
    /// A port of the loopback could not be had.
    #[error("the sandbox could not listen for {what}")]
    Listen {
        /// What should be served.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The certificate of the sandbox's own HTTPS servers could not be made.
    #[error("the sandbox could not set up TLS: {0}")]
    Tls(String),
    /// The CA could not be started.
    #[error("the sandbox's CA could not be started: {0}")]
    Acme(String),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            zones: Vec::new(),
            foreign_zones: Vec::new(),
            shared_zones: Vec::new(),
            aliases: Vec::new(),
            plans: Vec::new(),
            cam_policy: None,
            published_rates: true,
            name_servers: vec![IpAddr::V4(Ipv4Addr::LOCALHOST); 2],
            name_server_port: 0,
            faults: Vec::new(),
            secret: None,
            further_secrets: Vec::new(),
            session_token: None,
            login_token: None,
            edition: Edition::Mainland,
            roles: Vec::new(),
            web_identity_token: None,
            policy: Policy::default(),
            // No client may take a nonce's acceptance for granted.
            nonce_rejection: 5,
        }
    }
}

impl Builder {
    /// Adds a zone of the account, in Unicode or A-labels. Without any there are `ws.example`, `mygitpod.example`,
    /// `example.test` and `bücher.example`.
    pub fn zone(mut self, name: impl Into<String>) -> Self {
        self.zones.push(name.into());
        self
    }

    /// Adds a zone of another account: served by the name servers, refused by the API.
    pub fn foreign_zone(mut self, name: impl Into<String>) -> Self {
        self.foreign_zones.push(name.into());
        self
    }

    /// Adds a zone of another account that is shared with this one: its records can be read and changed.
    pub fn shared_zone(mut self, name: impl Into<String>) -> Self {
        self.shared_zones.push(name.into());
        self
    }

    /// Adds a zone that is an alias of the account's zone `of`: the name servers answer it with the records of that
    /// zone, the API refuses it with `InvalidParameter.DomainIsAliaser`, and the list of domains leaves it out.
    pub fn alias_zone(mut self, name: impl Into<String>, of: impl Into<String>) -> Self {
        self.aliases.push((name.into(), of.into()));
        self
    }

    /// Puts a zone of the account, which may be shared, on a plan. Without, it is [`Plan::DpFree`].
    pub fn plan(mut self, zone: impl Into<String>, plan: Plan) -> Self {
        self.plans.push((zone.into(), plan));
        self
    }

    /// Gives the credentials no more permissions than this CAM policy does, a JSON document. Without, they are those of
    /// the main account, which may do everything.
    pub fn cam_policy(mut self, json: impl Into<String>) -> Self {
        self.cam_policy = Some(json.into());
        self
    }

    /// Whether the DNSPod API holds the account to the rates that Tencent publishes, per action and second, and answers
    /// `RequestLimitExceeded` beyond. The default is that it does.
    pub fn published_rates(mut self, are_enforced: bool) -> Self {
        self.published_rates = are_enforced;
        self
    }

    /// How many name servers each zone has, all on 127.0.0.1 with a port each. The default is 2.
    pub fn name_servers(self, count: usize) -> Self {
        self.name_server_addresses(vec![IpAddr::V4(Ipv4Addr::LOCALHOST); count])
    }

    /// The addresses of the name servers, one server each. Distinct addresses share one port, so that a client that is
    /// given the port can follow the delegation: NS records, then the servers' A and AAAA records.
    pub fn name_server_addresses(mut self, addresses: Vec<IpAddr>) -> Self {
        self.name_servers = addresses;
        self
    }

    /// The port of all name servers, which then need distinct addresses. The system chooses otherwise.
    pub fn name_server_port(mut self, port: u16) -> Self {
        self.name_server_port = port;
        self
    }

    /// Sets a fault from the start on: `name` or `name=value` of [`crate::FAULTS`].
    pub fn fault(mut self, spec: impl Into<String>) -> Self {
        self.faults.push(spec.into());
        self
    }

    /// The `SecretId` and `SecretKey` that the API accepts. They are random otherwise.
    pub fn credentials(mut self, id: impl Into<String>, key: impl Into<String>) -> Self {
        self.secret = Some((id.into(), key.into()));
        self
    }

    /// Adds a further key of the same account, which may do what the first one may.
    pub fn further_credentials(mut self, id: impl Into<String>, key: impl Into<String>) -> Self {
        self.further_secrets.push((id.into(), key.into()));
        self
    }

    /// Makes the credentials temporary ones: each request has to bring this session token.
    pub fn session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// The `login_token` that the legacy API accepts: `ID,Token`. It is `12345,` and 32 random hexadecimal digits
    /// otherwise.
    pub fn login_token(mut self, token: impl Into<String>) -> Self {
        self.login_token = Some(token.into());
        self
    }

    /// Makes the legacy API answer as `api.dnspod.com` does where a client names neither that host nor `dnsapi.cn`. The
    /// default is to answer as `dnsapi.cn`.
    pub fn international(mut self) -> Self {
        self.edition = Edition::International;
        self
    }

    /// Adds a role that the account may assume, by its resource description: `qcs::cam::uin/<uin>:roleName/<name>`. The
    /// account that the sandbox is of has the uin `100000000001`.
    pub fn role(mut self, arn: impl Into<String>) -> Self {
        self.roles.push((arn.into(), Trust::Account { external_id: None }));
        self
    }

    /// The same, for callers that bring this `ExternalId`.
    pub fn role_with_external_id(
        mut self,
        arn: impl Into<String>,
        external_id: impl Into<String>,
    ) -> Self {
        let trust = Trust::Account { external_id: Some(external_id.into()) };
        self.roles.push((arn.into(), trust));
        self
    }

    /// Adds a role for who brings a token of an identity provider to `AssumeRoleWithWebIdentity`. One token is accepted at
    /// a time, whatever the provider: the last one given, here or by [`Sandbox::set_web_identity_token`].
    pub fn web_identity(
        mut self,
        provider_id: impl Into<String>,
        role_arn: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let trust = Trust::WebIdentity { provider_id: provider_id.into() };
        self.roles.push((role_arn.into(), trust));
        self.web_identity_token = Some(token.into());
        self
    }

    /// Gives the instance whose metadata the sandbox serves a role of this name. Without, there is none.
    pub fn instance_role(mut self, name: &str) -> Self {
        self.roles.push((role_arn(name), Trust::Instance));
        self
    }

    /// What the ACME CA does where the RFCs leave it open.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The share of nonces, in percent, that the CA rejects while `bad-nonce` is not set otherwise. The default is 5.
    pub fn nonce_rejection(mut self, percent: u8) -> Self {
        self.nonce_rejection = percent;
        self
    }

    /// Makes the CA ask new accounts for [`Sandbox::external_account`].
    pub fn require_external_account(mut self) -> Self {
        self.policy.external_account_required = true;
        self
    }

    /// Starts everything. The sandbox needs a tokio runtime with I/O and time enabled for as long as it lives.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let faults = Arc::new(Faults::default());
        faults.set(&format!("bad-nonce={}", self.nonce_rejection))?;
        for spec in &self.faults {
            faults.set(spec)?;
        }
        if self.name_servers.is_empty() {
            return Err(StartError::NoNameServer);
        }
        let cam_policy = self.cam_policy.as_deref().map(CamPolicy::parse).transpose()?;
        let clock = Arc::new(Clock::default());
        let zones = Arc::new(ZoneStore::new());
        let queries = Arc::new(QueryLog::default());
        let dns =
            DnsServers::start(&self.name_servers, self.name_server_port, &zones, &faults, &queries)
                .await
                .map_err(|source| StartError::Listen { what: "DNS", source })?;
        self.fill(&zones, &clock)?;

        let tls =
            ServerTls::new(clock.now()).map_err(|error| StartError::Tls(error.to_string()))?;
        let (id, key) = self.secret.unwrap_or_else(random_secret);
        let credentials = Credentials { id, key, token: self.session_token };
        let login_token = self.login_token.unwrap_or_else(random_login_token);
        let further = self.further_secrets.into_iter();
        let account = Account {
            credentials,
            further_credentials: further
                .map(|(id, key)| (id.clone(), Credentials { id, key, token: None }))
                .collect(),
            cam: Cam::new(cam_policy),
            rates: Rates::new(self.published_rates),
            legacy: Legacy::new(login_token, self.edition),
            sts: Sts::new(self.roles, self.web_identity_token),
        };
        let dnspod = Arc::new(DnspodApi::new(
            account,
            Arc::clone(&zones),
            Arc::clone(&clock),
            Arc::clone(&faults),
        ));
        let front = Front {
            faults: Arc::clone(&faults),
            clock: Arc::clone(&clock),
            log: Arc::default(),
            faultless_paths: None,
        };
        let router = front.before(Arc::clone(&dnspod).router());
        let (external_account, mac_key) = random_external_account();
        let mut policy = self.policy;
        policy.external_account_keys.insert(external_account.0.clone(), mac_key);
        let config = acme::Config {
            base_url: String::new(),
            name_servers: dns.addresses.clone(),
            faults: Arc::clone(&faults),
            clock: Arc::clone(&clock),
            policy,
        };
        let acme = AcmeServer::start(config, Arc::clone(&tls.config))
            .await
            .map_err(|error| StartError::Acme(error.to_string()))?;
        let plain = listen("the DNSPod API").await?;
        let secure = listen("the DNSPod API").await?;
        Ok(Sandbox {
            dnspod_address: plain.address(),
            dnspod_tls_address: secure.address(),
            servers: vec![
                plain.serve(router.clone(), None, Arc::clone(&faults)),
                secure.serve(router, Some(tls.config), Arc::clone(&faults)),
            ],
            faults,
            clock,
            zones,
            queries,
            dns,
            acme,
            external_account,
            dnspod,
            root_pem: tls.root_pem,
        })
    }

    fn fill(&self, zones: &ZoneStore, clock: &Clock) -> Result<(), StartError> {
        let count = self.name_servers.len();
        let add = |name: &str, owner| {
            zones
                .add_zone(name, owner, count, clock.now())
                .ok_or_else(|| StartError::Zone(name.to_owned()))
        };
        let default_zones = DEFAULT_ZONES.map(str::to_owned);
        let own = if self.zones.is_empty() { &default_zones[..] } else { &self.zones };
        for name in own {
            add(name, Owner::Account)?;
        }
        for name in &self.shared_zones {
            add(name, Owner::Shared)?;
        }
        for name in &self.foreign_zones {
            add(name, Owner::Foreign)?;
        }
        let of_account = |name: &str| {
            zones
                .zone_named(name)
                .filter(|zone| matches!(zone.owner, Owner::Account | Owner::Shared))
                .ok_or_else(|| StartError::NoZone(name.to_owned()))
        };
        for (name, of) in &self.aliases {
            let of = of_account(of)?;
            zones
                .add_alias(name, of.id, clock.now())
                .ok_or_else(|| StartError::Zone(name.to_owned()))?;
        }
        for (name, plan) in &self.plans {
            zones.set_plan(of_account(name)?.id, *plan);
        }
        // Last, so that the ids of the account's zones do not depend on it.
        let host_zone = add(NAME_SERVER_ZONE, Owner::Nobody)?;
        for (index, address) in self.name_servers.iter().enumerate() {
            let kind = if address.is_ipv4() { RecordType::A } else { RecordType::AAAA };
            let host = NewRecord {
                default_ns: true,
                ..NewRecord::new(&format!("ns{}", index + 1), kind, &address.to_string())
            };
            zones
                .add(host_zone, host, clock.now())
                .expect("the zone was just added and an address is a valid value");
        }
        zones.open();
        Ok(())
    }
}

async fn listen(what: &'static str) -> Result<Bound, StartError> {
    Bound::new().await.map_err(|source| StartError::Listen { what, source })
}

/// A `SecretId` and a `SecretKey` in the form of Tencent's.
fn random_secret() -> (String, String) {
    let random = || Alphanumeric.sample_string(&mut rand::rng(), 32);
    (format!("AKID{}", random()), random())
}

/// A token of DNSPod's legacy API.
fn random_login_token() -> String {
    format!("12345,{:032x}", rand::random::<u128>())
}

/// A key identifier with its MAC key in base64url, and the key's bytes.
fn random_external_account() -> ((String, String), Vec<u8>) {
    let key: [u8; 32] = rand::random();
    let id = Alphanumeric.sample_string(&mut rand::rng(), 22);
    ((id, URL_SAFE_NO_PAD.encode(key)), key.to_vec())
}
