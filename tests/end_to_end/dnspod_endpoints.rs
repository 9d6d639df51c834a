//! The provider at every kind of endpoint that Tencent has, each under its own name, through a proxy.

use acme_core::dns01::{DnsProvider, TxtRecord};
use acme_core::http::HttpOptions;
use dnspod_solver::{Credential, DnsPod, DnsPodBuilder, LoginToken};
use e2e::connect_proxy::ConnectProxy;
use e2e::harness::Test;
use sandbox::Sandbox;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [] the_mainland_site_is_the_default;
        [] the_international_site_is_reached;
        [] a_regions_endpoint_is_reached;
        [] the_endpoint_within_a_vpc_is_reached;
        [] the_legacy_api_of_the_mainland_is_the_default_for_a_token;
        [] the_legacy_api_of_the_international_site_is_reached;
        [] the_sandboxs_root_is_not_trusted_unless_it_is_given;
    }
}

const MAINLAND: &str = "dnspod.tencentcloudapi.com";

async fn the_mainland_site_is_the_default() {
    let sandbox = Sandbox::start().await.unwrap();
    reaches(&sandbox, MAINLAND, key(&sandbox)).await;
}

async fn the_international_site_is_reached() {
    reaches_by_key("dnspod.intl.tencentcloudapi.com").await;
}

async fn a_regions_endpoint_is_reached() {
    reaches_by_key("dnspod.ap-guangzhou.tencentcloudapi.com").await;
}

async fn the_endpoint_within_a_vpc_is_reached() {
    reaches_by_key("dnspod.internal.tencentcloudapi.com").await;
}

async fn the_legacy_api_of_the_mainland_is_the_default_for_a_token() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = LoginToken::parse(sandbox.login_token()).unwrap();
    reaches(&sandbox, "dnsapi.cn", DnsPod::legacy(token)).await;
}

async fn the_legacy_api_of_the_international_site_is_reached() {
    let sandbox = Sandbox::builder().international().start().await.unwrap();
    let token = LoginToken::parse(sandbox.login_token()).unwrap();
    let host = "api.dnspod.com";
    let builder = DnsPod::legacy(token).endpoint(format!("https://{host}").parse().unwrap());
    reaches(&sandbox, host, builder).await;
}

async fn the_sandboxs_root_is_not_trusted_unless_it_is_given() {
    let sandbox = Sandbox::start().await.unwrap();
    let proxy = ConnectProxy::to_tencent(&sandbox).await.unwrap();
    let mut http = through(&proxy, &sandbox);
    http.extra_roots.clear();
    let dnspod = key(&sandbox).http(http).build().unwrap();
    let error = dnspod.append_txt(&record()).await.unwrap_err().to_string();
    assert!(error.contains(MAINLAND) && error.contains("certificate"), "{error}");
}

async fn reaches_by_key(host: &str) {
    let sandbox = Sandbox::start().await.unwrap();
    let endpoint = format!("https://{host}").parse().unwrap();
    reaches(&sandbox, host, key(&sandbox).endpoint(endpoint)).await;
}

/// A challenge comes and goes by one connection to `host`, whose name is in what is signed.
async fn reaches(sandbox: &Sandbox, host: &str, builder: DnsPodBuilder) {
    let proxy = ConnectProxy::to_tencent(sandbox).await.unwrap();
    let dnspod = builder.http(through(&proxy, sandbox)).build().unwrap();
    dnspod.append_txt(&record()).await.unwrap();
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["value"]);
    dnspod.delete_txt(&record()).await.unwrap();
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), [""; 0]);
    assert_eq!(proxy.targets(), [format!("{host}:443")]);
}

fn key(sandbox: &Sandbox) -> DnsPodBuilder {
    DnsPod::builder(Credential::new(sandbox.secret_id(), sandbox.secret_key()).unwrap())
}

fn through(proxy: &ConnectProxy, sandbox: &Sandbox) -> HttpOptions {
    HttpOptions {
        proxy: Some((proxy.url().parse().unwrap(), String::new())),
        extra_roots: vec![sandbox.root_pem().to_owned()],
        ..HttpOptions::default()
    }
}

fn record() -> TxtRecord {
    TxtRecord { name: "_acme-challenge.ws.example".parse().unwrap(), value: "value".to_owned() }
}
