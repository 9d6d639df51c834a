//! A cluster with a chart in it, the account at DNSPod, and a Certificate.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use acme_core::{Clock as _, SystemClock};
use e2e::cert_manager::{CertManager, issued};
use e2e::chart::release;
use e2e::control_plane::{
    API_SERVICES, CERTIFICATES, CLUSTER_ISSUERS, ControlPlane, ControlPlaneOptions, DEPLOYMENTS,
    ObjectPath, Routing, SECRETS,
};
use e2e::dns_relay::DnsRelay;
use e2e::helm;
use e2e::oracle::Issued;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::routable_address;
use e2e::webhook::Pod;
use sandbox::Sandbox;
use serde_json::{Value, json};

/// Before 1.21 cert-manager sleeps a minute for each challenge, and has one challenge of a name at a time.
const LIMIT: Duration = Duration::from_secs(200);
const POLL: Duration = Duration::from_millis(20);

const NAME: &str = "cert-manager-webhook-dnspod";
const NAMESPACE: &str = "cert-manager";
const GROUP: &str = "acme.mycompany.example";
const ZONE: &str = "mygitpod.example";
const NAMES: [&str; 3] = ["mygitpod.example", "*.mygitpod.example", "*.ws.mygitpod.example"];

/// Others' records, at the very names.
const FOREIGN: [(&str, &str); 3] = [
    ("_acme-challenge.mygitpod.example", "another-client"),
    ("_acme-challenge.ws.mygitpod.example", "another-client"),
    ("mygitpod.example", "v=spf1 -all"),
];

/// What the other account logs in with.
const OTHER_ACCOUNT: (&str, &str) = ("67890", "fedcba9876543210fedcba9876543210");

pub(super) struct Walk {
    pub(super) plane: ControlPlane,
    pub(super) sandbox: Sandbox,
    pub(super) pebble: Pebble,
    relay: DnsRelay,
    _cert_manager: CertManager,
    /// The webhook's.
    port: u16,
    pod: Option<Pod>,
}

impl Walk {
    pub(super) async fn start() -> Self {
        let plane = ControlPlane::start(ControlPlaneOptions { routing: Routing::Endpoints });
        let (sandbox, relay) = dns().await;
        let pebble = Pebble::start(PebbleOptions {
            dns: sandbox.name_servers()[0],
            nonce_reject: Some(0),
            // A renewal has its challenges too.
            authz_reuse: Some(0),
            ..PebbleOptions::default()
        });
        let (plane, pebble) = tokio::join!(plane, pebble);
        let (plane, pebble) = (plane.unwrap(), pebble.unwrap());
        let cert_manager = CertManager::start(&plane, relay.address(), &[]).await.unwrap();
        let walk = Self {
            plane,
            sandbox,
            pebble,
            relay,
            _cert_manager: cert_manager,
            port: free_port(),
            pod: None,
        };
        walk.add_foreign_records();
        walk
    }

    /// The user's one command, as the chart's README has it, with a file for where this network differs from the
    /// Internet.
    pub(super) async fn install(&self) {
        let (id, token) = self.sandbox.login_token().split_once(',').unwrap();
        let settings = [
            format!("groupName={GROUP}"),
            format!("secrets.apiID={id},secrets.apiToken={token}"),
            "clusterIssuer.enabled=true,clusterIssuer.email=ops@mycompany.example".to_owned(),
        ];
        let network = json!({
            "clusterIssuer": {
                "waitForPropagation": true,
                "server": self.pebble.directory_url(),
                "caBundle": self.pebble.tls_root(),
            },
            "dnspod": { "legacyEndpoint": self.sandbox.dnspod_endpoint() },
            "containerPort": self.port,
        });
        let settings = settings.each_ref().map(String::as_str);
        helm::install_setting(&self.plane, &release(network), &settings).await.unwrap();
    }

    /// What a kubelet and the controller of `EndpointSlice`s do.
    pub(super) async fn run_pod(&mut self) {
        let admin = self.plane.admin();
        let serving = SECRETS.within(NAMESPACE, &format!("{NAME}-webhook-tls"));
        admin.until(&serving, "issued", LIMIT, |secret| secret.is_some()).await.unwrap();
        let deployment = admin.get(&DEPLOYMENTS.within(NAMESPACE, NAME)).await.unwrap();
        let resolver = self.relay.address().ip();
        let mut pod = Pod::start(&self.plane, &deployment, resolver).await.unwrap();
        let address = SocketAddr::from((routable_address::find().unwrap(), self.port));
        let listens = async || tokio::net::TcpStream::connect(address).await.is_ok();
        pod.daemon().until("it listened", LIMIT, listens).await.unwrap();
        self.pod = Some(pod);
        self.plane.endpoints(NAMESPACE, NAME, "https", address).await.unwrap();

        let service = API_SERVICES.named(&format!("v1alpha1.{GROUP}"));
        admin.until_condition(&service, "Available", LIMIT).await.unwrap();
        admin.until_condition(&cluster_issuer(), "Ready", LIMIT).await.unwrap();
    }

    pub(super) async fn ask_for_certificate(&self) {
        let certificate = json!({
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": { "namespace": "default", "name": "my-crt" },
            "spec": {
                "secretName": "my-crt-secret",
                "issuerRef": { "kind": "ClusterIssuer", "name": format!("{NAME}-cluster-issuer") },
                "dnsNames": NAMES,
            },
        });
        self.plane.admin().create(&certificate).await.unwrap();
    }

    /// Waits for this revision of the Certificate, looks at what was issued, and waits until nothing but others' records
    /// is left.
    pub(super) async fn until_issued(&self, revision: u64) -> Issued {
        let admin = self.plane.admin();
        let is_it = |object: Option<&Value>| {
            object.is_some_and(|object| object["status"]["revision"] == revision)
        };
        let what = format!("of revision {revision}");
        if let Err(reason) = admin.until(&Self::certificate(), &what, LIMIT, is_it).await {
            panic!("{reason}\n{}", self.log());
        }
        admin.until_condition(&Self::certificate(), "Ready", LIMIT).await.unwrap();
        let secret = admin.get(&SECRETS.within("default", "my-crt-secret")).await.unwrap();
        let root = self.pebble.issuing_root(0).await.unwrap();
        let issued = issued(&secret).unwrap();
        issued.verify(&root, &NAMES, SystemClock.now()).unwrap();

        // cert-manager deletes its Challenges when their Order is done, and so the records.
        let left = async {
            while FOREIGN.iter().any(|(name, value)| self.sandbox.txt_values(name) != [*value]) {
                tokio::time::sleep(POLL).await;
            }
        };
        let left = tokio::time::timeout(LIMIT, left).await;
        left.unwrap_or_else(|_| panic!("only others' records are left\n{}", self.log()));
        issued
    }

    /// The zone's owner takes it to another account, where it has another id; what the old account logged in with is no
    /// good there. The user tells the release.
    pub(super) async fn move_zone_to_another_account(&self) {
        let old = self.sandbox.domain_id(ZONE);
        assert!(self.sandbox.remove_zone(ZONE) && self.sandbox.add_zone(ZONE));
        assert_ne!(self.sandbox.domain_id(ZONE), old);
        self.add_foreign_records();
        let (id, token) = OTHER_ACCOUNT;
        self.sandbox.set_login_token(&format!("{id},{token}"));

        let admin = self.plane.admin();
        let deployment = DEPLOYMENTS.within(NAMESPACE, NAME);
        let before = admin.get(&deployment).await.unwrap();
        let values = json!({ "secrets": { "apiID": id, "apiToken": token } });
        helm::upgrade_reusing_values(&self.plane, &release(values)).await.unwrap();
        let after = admin.get(&deployment).await.unwrap();
        assert_eq!(
            before["spec"]["template"], after["spec"]["template"],
            "no new pod is asked for"
        );
        // A Challenge keeps what its Issuer said when it was made.
        let is_seen = |issuer: Option<&Value>| {
            issuer.is_some_and(|issuer| {
                let conditions = issuer["status"]["conditions"].as_array();
                let generation = &issuer["metadata"]["generation"];
                let seen = |condition: &Value| condition["observedGeneration"] == *generation;
                conditions.is_some_and(|conditions| conditions.iter().all(seen))
            })
        };
        admin.until(&cluster_issuer(), "seen as it is", LIMIT, is_seen).await.unwrap();
    }

    pub(super) fn assert_pod_never_restarted(&mut self) {
        let pod = self.pod.as_mut().unwrap();
        assert!(pod.daemon().exit_status().is_none());
    }

    pub(super) fn certificate() -> ObjectPath {
        CERTIFICATES.within("default", "my-crt")
    }

    fn add_foreign_records(&self) {
        for (name, value) in FOREIGN {
            self.sandbox.add_record(name, "TXT", value).unwrap();
        }
    }

    fn log(&self) -> String {
        self.pod.as_ref().map(Pod::log).unwrap_or_default()
    }
}

/// A DNS as a cluster has it: a resolver and authoritative servers, all at port 53.
async fn dns() -> (Sandbox, DnsRelay) {
    let [resolver, servers @ ..] = own_network();
    let sandbox = Sandbox::builder()
        .zone(ZONE)
        .name_server_addresses(servers.map(IpAddr::V4).to_vec())
        .name_server_port(53)
        .start()
        .await
        .unwrap();
    let relay = DnsRelay::start_at(SocketAddr::from((resolver, 53))).await.unwrap();
    relay.serve(ZONE, sandbox.resolver());
    // Where the sandbox's name servers have their addresses.
    relay.serve("test", sandbox.resolver());
    (sandbox, relay)
}

/// A network of loopback that no other process on this machine uses, so that port 53 is free there.
fn own_network() -> [Ipv4Addr; 3] {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    [53, 54, 55].map(|number| Ipv4Addr::new(127, 100 + (number - 53), high, low.max(1)))
}

/// A port that nothing has at any address.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn cluster_issuer() -> ObjectPath {
    CLUSTER_ISSUERS.named(&format!("{NAME}-cluster-issuer"))
}
