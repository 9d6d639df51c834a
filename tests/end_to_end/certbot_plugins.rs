//! certbot plugins of others get certificates from Pebble, which validates through the sandbox's name servers; what
//! they leave of the records of others.

use std::collections::BTreeSet;

use acme_core::{Clock as _, SystemClock};
use e2e::connect_proxy::ConnectProxy;
use e2e::foreign_client::{CertbotPlugin, PluginOrder, certbot_with};
use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::RealPart::{
    CertbotDnsTencent, CertbotDnsTencentcloud, CertbotDnspod, LegoBridge, Pebble as RealPebble,
};
use sandbox::Sandbox;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPebble, LegoBridge] certbot_dns_multi_deletes_the_records_of_others_too;
        [RealPebble, CertbotDnsTencent] certbot_dns_tencent_deletes_its_own_records_only;
        [RealPebble, CertbotDnsTencentcloud] certbot_dns_tencentcloud_deletes_its_own_records_only;
        [RealPebble, CertbotDnspod] certbot_dnspod_deletes_the_records_of_others_too;
    }
}

const NAMES: [&str; 2] = ["ws.example", "*.ws.example"];
const CHALLENGE: &str = "_acme-challenge.ws.example";

/// A TXT record at the challenge's name that no client under test made.
const OTHERS: &str = "of another client";

async fn certbot_dns_multi_deletes_the_records_of_others_too() {
    let run = issue_with(CertbotPlugin::DnsMulti).await;
    assert_eq!(run.left, [""; 0], "lego deletes all TXT records of the name");
    assert_eq!(run.hosts(), ["dnspod.tencentcloudapi.com:443"]);
}

async fn certbot_dns_tencent_deletes_its_own_records_only() {
    let run = issue_with(CertbotPlugin::DnsTencent).await;
    assert_eq!(run.left, [OTHERS]);
    assert_eq!(run.hosts(), ["dnspod.tencentcloudapi.com:443"]);
}

async fn certbot_dns_tencentcloud_deletes_its_own_records_only() {
    let run = issue_with(CertbotPlugin::DnsTencentcloud).await;
    assert_eq!(run.left, [OTHERS]);
    assert_eq!(run.hosts(), ["dnspod.tencentcloudapi.com:443"]);
}

async fn certbot_dnspod_deletes_the_records_of_others_too() {
    let run = issue_with(CertbotPlugin::Dnspod).await;
    assert_eq!(run.left, [""; 0], "it deletes all TXT records of the name");
    assert_eq!(run.hosts(), ["dnsapi.cn:443"]);
}

/// What is to be seen after a certificate was issued.
struct Run {
    /// The TXT values at the challenge's name.
    left: Vec<String>,
    /// What the plugin asked the proxy for.
    targets: Vec<String>,
}

impl Run {
    fn hosts(&self) -> Vec<&str> {
        let hosts: BTreeSet<_> = self.targets.iter().map(String::as_str).collect();
        hosts.into_iter().collect()
    }
}

/// Gets a certificate for a zone's apex and wildcard: two values at one name.
async fn issue_with(plugin: CertbotPlugin) -> Run {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_record(CHALLENGE, "TXT", OTHERS).unwrap();
    let proxy = ConnectProxy::to_tencent(&sandbox).await.unwrap();
    let dns = sandbox.name_servers()[0];
    // certbot gives up when two nonces in a row are refused.
    let options = PebbleOptions { dns, nonce_reject: Some(0), ..PebbleOptions::default() };
    let pebble = Pebble::start(options).await.unwrap();
    let order = PluginOrder {
        directory: &pebble.directory_url(),
        tls_root: pebble.tls_root(),
        sandbox: &sandbox,
        proxy: &proxy,
        names: &NAMES,
    };

    let issued = certbot_with(plugin, order).await.unwrap().run().await.unwrap();

    let root = pebble.issuing_root(0).await.unwrap();
    issued.verify(&root, &NAMES, SystemClock.now()).unwrap();
    let calls = sandbox.dnspod_calls();
    let create = if plugin == CertbotPlugin::Dnspod { "Record.Create" } else { "CreateRecord" };
    let created = calls.iter().filter(|call| *call == create).count();
    assert_eq!(created, NAMES.len(), "{calls:?}");
    Run { left: sandbox.txt_values(CHALLENGE), targets: proxy.targets() }
}
