//! How long cert-manager takes from a Certificate to its being ready, with our webhook: a zone's apex and its wildcard.
//!
//! Both have one challenge name, so that cert-manager works on their challenges one after the other.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use e2e::cert_manager::{self, CertManager, acme_cluster_issuer};
use e2e::control_plane::{CERTIFICATES, CLUSTER_ISSUERS, ControlPlane, secret};
use e2e::dns_relay::DnsRelay;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::webhook::SOLVER;
use sandbox::Sandbox;
use serde_json::json;
use tokio::time::Instant;

use crate::fake::Reach;
use crate::webhook::{GROUP, Program, Site};

/// The bound on one certificate.
const LIMIT: Duration = Duration::from_secs(300);

/// How a certificate is got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The webhook waits for every name server, and cert-manager a second instead of its own check; Pebble asks to be
    /// asked again after so many seconds, by default 3 and 5.
    Propagated { retry_after: Option<u8> },
    /// cert-manager checks by itself, then sleeps for 60 s.
    SelfCheck,
}

impl Way {
    const ALL: [Self; 3] = [
        Self::Propagated { retry_after: Some(1) },
        Self::Propagated { retry_after: None },
        Self::SelfCheck,
    ];

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Propagated { retry_after: Some(_) } => {
                "waitForPropagation, waitInsteadOfSelfCheck 1s, Retry-After 1"
            }
            Self::Propagated { retry_after: None } => {
                "waitForPropagation, waitInsteadOfSelfCheck 1s, Pebble's Retry-After"
            }
            Self::SelfCheck => "cert-manager's self check, Pebble's Retry-After",
        }
    }

    /// In seconds.
    pub(crate) fn bar(self) -> Option<f64> {
        match self {
            Self::Propagated { retry_after: Some(_) } => Some(4.0),
            Self::Propagated { retry_after: None } => Some(8.0),
            Self::SelfCheck => None,
        }
    }

    /// What differs takes minutes in one way and seconds in the others.
    fn runs(self) -> usize {
        if self == Self::SelfCheck { 1 } else { 5 }
    }
}

/// What it took.
pub(crate) struct Issued {
    pub(crate) way: Way,
    /// In seconds, sorted.
    seconds: Vec<f64>,
}

impl Issued {
    pub(crate) fn median(&self) -> f64 {
        self.seconds[self.seconds.len() / 2]
    }

    fn print(&self) {
        println!(
            "  {:<68} {:>6.2} {:>6.2} {:>6.2} {:>5}",
            self.way.name(),
            self.median(),
            self.seconds[0],
            self.seconds[self.seconds.len() - 1],
            self.seconds.len()
        );
    }
}

/// Measures every way, on a control plane on which no cert-manager runs yet.
pub(crate) async fn measure(plane: &ControlPlane, program: &Path) -> Result<Vec<Issued>, String> {
    let (sandbox, relay) = dns().await?;
    let reach = Reach {
        endpoint: sandbox.dnspod_endpoint(),
        proxy: String::new(),
        root: String::new(),
        keys: vec![(sandbox.secret_id().to_owned(), sandbox.secret_key().to_owned())],
    };
    let _cert_manager = CertManager::start(plane, relay.address(), &[]).await?;
    let site = Site::new(plane, &reach).await?;
    let resolver = format!("--dns01-recursive-nameservers={}", relay.address());
    let program = Program::Ours(program.to_owned(), vec![resolver]);
    let (_webhook, _) = site.start(plane, &program, &reach).await?;
    site.register(plane).await?;
    let (id, key) = &reach.keys[0];
    let account = secret(cert_manager::NAMESPACE, "bench", &[("id", id), ("key", key)]);
    plane.admin().apply(&account).await.map_err(|error| error.to_string())?;

    println!(
        "\nA Certificate for an apex and its wildcard, until it is ready, in seconds\n  {:<68} {:>6} {:>6} {:>6} {:>5}",
        "", "median", "least", "most", "runs"
    );
    let mut all = Vec::new();
    for (number, way) in Way::ALL.into_iter().enumerate() {
        let retry_after = match way {
            Way::Propagated { retry_after } => retry_after,
            Way::SelfCheck => None,
        };
        let pebble = Pebble::start(PebbleOptions {
            dns: sandbox.name_servers()[0],
            nonce_reject: Some(0),
            authz_reuse: Some(0),
            retry_after,
            ..PebbleOptions::default()
        })
        .await?;
        let issuer = format!("way-{number}");
        make_issuer(plane, &issuer, way, &pebble).await?;
        let mut seconds = Vec::new();
        for run in 0..way.runs() {
            seconds.push(issue(plane, &issuer, &format!("{issuer}-run-{run}")).await?);
        }
        seconds.sort_by(f64::total_cmp);
        let of = Issued { way, seconds };
        of.print();
        all.push(of);
    }
    Ok(all)
}

/// A DNS as a cluster has it: a resolver, and authoritative servers at port 53 of addresses that nobody else uses.
async fn dns() -> Result<(Sandbox, DnsRelay), String> {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let servers = [154, 155].map(|network| Ipv4Addr::new(127, network, high, low.max(1)));
    let sandbox = Sandbox::builder()
        .zone(ZONE)
        .name_server_addresses(servers.map(IpAddr::V4).to_vec())
        .name_server_port(53)
        .start()
        .await
        .map_err(|error| format!("{error} (port 53 needs a privilege)"))?;
    let relay = DnsRelay::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    relay.serve(ZONE, sandbox.resolver());
    // Where the sandbox's name servers have their addresses.
    relay.serve("test", sandbox.resolver());
    Ok((sandbox, relay))
}

const ZONE: &str = "ws.example";

async fn make_issuer(
    plane: &ControlPlane,
    name: &str,
    way: Way,
    pebble: &Pebble,
) -> Result<(), String> {
    let waits = way != Way::SelfCheck;
    let mut solver = json!({
        "dns01": { "webhook": { "groupName": GROUP, "solverName": SOLVER, "config": {
            "secretIdRef": { "name": "bench", "key": "id" },
            "secretKeyRef": { "name": "bench", "key": "key" },
            "waitForPropagation": waits,
        }}},
    });
    if waits {
        solver["waitInsteadOfSelfCheck"] = json!("1s");
    }
    let issuer = acme_cluster_issuer(name, pebble, &json!([solver]));
    let admin = plane.admin();
    admin.create(&issuer).await.map_err(|error| error.to_string())?;
    admin.until_condition(&CLUSTER_ISSUERS.named(name), "Ready", LIMIT).await.map(drop)
}

/// Seconds from the creation of a Certificate to its being ready.
async fn issue(plane: &ControlPlane, issuer: &str, name: &str) -> Result<f64, String> {
    let zone = format!("{name}.{ZONE}");
    let object = json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": { "namespace": "default", "name": name },
        "spec": {
            "secretName": name,
            "issuerRef": { "kind": "ClusterIssuer", "name": issuer },
            "dnsNames": [zone, format!("*.{zone}")],
        },
    });
    let begun = Instant::now();
    plane.admin().create(&object).await.map_err(|error| error.to_string())?;
    let path = CERTIFICATES.within("default", name);
    plane.admin().until_condition(&path, "Ready", LIMIT).await?;
    Ok(begun.elapsed().as_secs_f64())
}
