//! Orders that come to nothing, with a cert-manager of their own: its workers wait for a CA that limits the rate or is
//! gone, and other tests would wait with them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use e2e::cert_manager::{CertManager as RunningCertManager, acme_cluster_issuer, certificate};
use e2e::control_plane::{CLUSTER_ISSUERS, ControlPlane, ControlPlaneOptions};
use e2e::dns_relay::DnsRelay;
use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::process::last_lines;
use e2e::real_part::RealPart::{CertManager, Pebble as RealPebble};
use sandbox::Sandbox;
use serde_json::{Value, json};

use super::stage::{LIMIT, until_at};

pub(super) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, RealPebble] the_doctor_tells_what_the_ca_says_of_an_order;
    }
}

async fn the_doctor_tells_what_the_ca_says_of_an_order() {
    let plane = ControlPlane::start(ControlPlaneOptions::default()).await.unwrap();
    let dns = DnsRelay::start().await.unwrap();
    let cert_manager = RunningCertManager::start(&plane, dns.address(), &[]).await.unwrap();
    let sandbox = Sandbox::builder().zone("ws.example").start().await.unwrap();
    dns.serve("ws.example", sandbox.resolver());
    let options = PebbleOptions {
        nonce_reject: Some(0),
        blocked: vec!["blocked.ws.example".to_owned()],
        ..PebbleOptions::default()
    };
    let pebble = Pebble::start(options).await.unwrap();
    let solver = json!({ "dns01": { "webhook": {
        "groupName": "acme.nobody.example", "solverName": "dnspod", "config": {},
    } } });
    let issuer = acme_cluster_issuer("pebble", &pebble, &json!([solver]));
    // Pebble knows no rate limits; the sandbox's CA does.
    let mut limited = acme_cluster_issuer("limited", &pebble, &json!([solver]));
    limited["spec"]["acme"]["server"] = sandbox.directory_url().to_string().into();
    limited["spec"]["acme"]["caBundle"] = STANDARD.encode(sandbox.root_pem()).into();
    for issuer in [&issuer, &limited] {
        plane.admin().create(issuer).await.unwrap();
        let path = CLUSTER_ISSUERS.named(issuer["metadata"]["name"].as_str().unwrap());
        plane.admin().until_condition(&path, "Ready", LIMIT).await.unwrap();
    }
    let ask = async |name: &str, issuer: &str, cause: &str| -> Value {
        let issuer = json!({ "kind": "ClusterIssuer", "name": issuer });
        let wanted = certificate("default", name, &issuer, &[&format!("{name}.ws.example")]);
        plane.admin().create(&wanted).await.unwrap();
        let found = until_at(&plane, "default", name, cause).await;
        found.unwrap_or_else(|last| {
            panic!("not {cause}: {last:#}\n{}", last_lines(&cert_manager.log()))
        })
    };

    let found = ask("nowhere", "pebble", "api_service_missing").await;
    assert!(found["what"].as_str().unwrap().contains("acme.nobody.example"), "{found}");
    let found = ask("blocked", "pebble", "order_failed").await;
    assert!(found["what"].as_str().unwrap().contains("rejectedIdentifier"), "{found}");
    sandbox.set_fault("rate-limited-seconds=3600").unwrap();
    ask("limited", "limited", "rate_limited").await;
    drop(pebble);
    ask("unreachable", "pebble", "order_not_created").await;
}
