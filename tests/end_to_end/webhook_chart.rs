//! The way of a user: the chart, installed by Helm, gets a certificate for three names by cert-manager, Pebble and the
//! sandbox, and leaves nothing behind.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use acme_core::{Clock as _, SystemClock};
use e2e::cert_manager::{CertManager, issued};
use e2e::chart::release;
use e2e::control_plane::{
    API_SERVICES, CERTIFICATES, CLUSTER_ISSUERS, ControlPlane, ControlPlaneOptions, DEPLOYMENTS,
    Routing, SECRETS,
};
use e2e::dns_relay::DnsRelay;
use e2e::harness::Test;
use e2e::helm;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::RealPart::{CertManager as RealCertManager, Helm, PodRoot, RoutableAddress};
use e2e::real_part::{RealPart, routable_address};
use e2e::webhook::Pod;
use sandbox::Sandbox;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealCertManager, Helm, RealPart::Pebble, RoutableAddress, PodRoot]
            the_chart_gets_a_certificate_for_three_names;
    }
}

/// Before 1.21 cert-manager sleeps a minute for each challenge, and has one challenge of a name at a time.
const LIMIT: Duration = Duration::from_secs(200);
const NAME: &str = "cert-manager-webhook-dnspod";
const NAMESPACE: &str = "cert-manager";
const GROUP: &str = "acme.mycompany.example";
const ZONE: &str = "mygitpod.example";
const NAMES: [&str; 3] = ["mygitpod.example", "*.mygitpod.example", "*.ws.mygitpod.example"];

/// A network of loopback that no other process on this machine uses, so that port 53 is free there.
fn own_network() -> [Ipv4Addr; 3] {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    [53, 54, 55].map(|number| Ipv4Addr::new(127, 100 + (number - 53), high, low.max(1)))
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

/// What is under `--set` in the chart's README, and where this network differs from the Internet.
fn values(sandbox: &Sandbox, pebble: &Pebble, port: u16) -> Value {
    let (id, token) = sandbox.login_token().split_once(',').unwrap();
    json!({
        "groupName": GROUP,
        "secrets": { "apiID": id, "apiToken": token },
        "clusterIssuer": {
            "enabled": true,
            "email": "ops@mycompany.example",
            "waitForPropagation": true,
            "server": pebble.directory_url(),
            "caBundle": pebble.tls_root(),
        },
        "dnspod": { "legacyEndpoint": sandbox.dnspod_endpoint() },
        "containerPort": port,
    })
}

async fn the_chart_gets_a_certificate_for_three_names() {
    let plane = ControlPlane::start(ControlPlaneOptions { routing: Routing::Endpoints });
    let (sandbox, relay) = dns().await;
    let pebble = Pebble::start(PebbleOptions {
        dns: sandbox.name_servers()[0],
        nonce_reject: Some(0),
        ..PebbleOptions::default()
    });
    let (plane, pebble) = tokio::join!(plane, pebble);
    let (plane, pebble) = (plane.unwrap(), pebble.unwrap());
    let admin = plane.admin();
    let _cert_manager = CertManager::start(&plane, relay.address(), &[]).await.unwrap();
    // Others' records, at the very names.
    let foreign = [
        ("_acme-challenge.mygitpod.example", "another-client"),
        ("_acme-challenge.ws.mygitpod.example", "another-client"),
        ("mygitpod.example", "v=spf1 -all"),
    ];
    for (name, value) in foreign {
        sandbox.add_record(name, "TXT", value).unwrap();
    }

    // The user's one command; then what a kubelet and the controller of EndpointSlices do.
    let port = free_port();
    helm::install(&plane, &release(values(&sandbox, &pebble, port))).await.unwrap();
    let serving = SECRETS.within(NAMESPACE, &format!("{NAME}-webhook-tls"));
    admin.until(&serving, "issued", LIMIT, |secret| secret.is_some()).await.unwrap();
    let deployment = admin.get(&DEPLOYMENTS.within(NAMESPACE, NAME)).await.unwrap();
    let mut pod = Pod::start(&plane, &deployment, relay.address().ip()).await.unwrap();
    let address = SocketAddr::from((routable_address::find().unwrap(), port));
    let listens = async || tokio::net::TcpStream::connect(address).await.is_ok();
    pod.daemon().until("it listened", LIMIT, listens).await.unwrap();
    plane.endpoints(NAMESPACE, NAME, "https", address).await.unwrap();

    let service = API_SERVICES.named(&format!("v1alpha1.{GROUP}"));
    admin.until_condition(&service, "Available", LIMIT).await.unwrap();
    let issuer = CLUSTER_ISSUERS.named(&format!("{NAME}-cluster-issuer"));
    admin.until_condition(&issuer, "Ready", LIMIT).await.unwrap();

    admin
        .create(&json!({
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": { "namespace": "default", "name": "my-crt" },
            "spec": {
                "secretName": "my-crt-secret",
                "issuerRef": { "kind": "ClusterIssuer", "name": format!("{NAME}-cluster-issuer") },
                "dnsNames": NAMES,
            },
        }))
        .await
        .unwrap();
    let certificate = CERTIFICATES.within("default", "my-crt");
    if let Err(reason) = admin.until_condition(&certificate, "Ready", LIMIT).await {
        panic!("{reason}\n{}", pod.log());
    }
    let secret = admin.get(&SECRETS.within("default", "my-crt-secret")).await.unwrap();
    let root = pebble.issuing_root(0).await.unwrap();
    issued(&secret).unwrap().verify(&root, &NAMES, SystemClock.now()).unwrap();
    // Pebble asks the first name server, and cert-manager only for SOA records.
    let second = sandbox.name_servers()[1];
    let asked = sandbox.dns_query_log();
    assert!(
        asked.iter().any(|query| query.server == second && query.kind == "TXT"),
        "the webhook has waited for every name server: {asked:#?}"
    );

    // cert-manager deletes its Challenges when their Order is done, and so the records.
    let left = async {
        while foreign.iter().any(|(name, value)| sandbox.txt_values(name) != [*value]) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let left = tokio::time::timeout(LIMIT, left).await;
    left.unwrap_or_else(|_| panic!("only others' records are left\n{}", pod.log()));
}

/// A port that is free on every address.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
