//! Clients that this project did not write get certificates: Pebble validates through the sandbox's name servers.

use std::sync::Arc;

use acme_core::{Clock, SystemClock};
use e2e::foreign_client::{self, Order, Prepared};
use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::real_part::RealPart::{Certbot, Lego, Pebble as RealPebble};
use e2e::txt_hook::TxtHook;
use sandbox::Sandbox;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPebble, Certbot] pebble_validates_through_the_sandboxs_dns_for_certbot;
        [RealPebble, Lego] pebble_validates_through_the_sandboxs_dns_for_lego;
        [Certbot] the_sandboxs_ca_issues_to_certbot;
        [Lego] the_sandboxs_ca_issues_to_lego;
    }
}

// No CA here refuses a nonce: certbot gives up when it meets two refusals in a row, and that is not what is shown.

const NAMES: [&str; 2] = ["ws.example", "*.ws.example"];

async fn pebble_validates_through_the_sandboxs_dns_for_certbot() {
    issue_from_pebble(foreign_client::certbot).await;
}

async fn pebble_validates_through_the_sandboxs_dns_for_lego() {
    issue_from_pebble(foreign_client::lego).await;
}

async fn the_sandboxs_ca_issues_to_certbot() {
    issue_from_the_sandbox(foreign_client::certbot).await;
}

async fn the_sandboxs_ca_issues_to_lego() {
    issue_from_the_sandbox(foreign_client::lego).await;
}

async fn issue_from_the_sandbox(client: impl AsyncFn(Order<'_>) -> Result<Prepared, String>) {
    let sandbox = Sandbox::builder().nonce_rejection(0).start().await.unwrap();
    let sandbox = Arc::new(sandbox);
    let hook = TxtHook::for_sandbox(Arc::clone(&sandbox)).await.unwrap();
    let order = Order {
        directory: &sandbox.directory_url().parse().unwrap(),
        tls_root: sandbox.root_pem(),
        hook: &hook,
        resolver: sandbox.resolver(),
        names: &NAMES,
        external_account: None,
    };

    let issued = client(order).await.unwrap().run().await.unwrap();

    issued.verify(&sandbox.issuer_root_pem(), &NAMES, SystemClock.now()).unwrap();
}

async fn issue_from_pebble(client: impl AsyncFn(Order<'_>) -> Result<Prepared, String>) {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let dns = sandbox.name_servers()[0];
    let options = PebbleOptions { dns, nonce_reject: Some(0), ..PebbleOptions::default() };
    let pebble = Pebble::start(options).await.unwrap();
    let hook = TxtHook::for_sandbox(Arc::clone(&sandbox)).await.unwrap();
    let order = Order {
        directory: &pebble.directory_url(),
        tls_root: pebble.tls_root(),
        hook: &hook,
        resolver: sandbox.resolver(),
        names: &NAMES,
        external_account: None,
    };

    let issued = client(order).await.unwrap().run().await.unwrap();

    let root = pebble.issuing_root(0).await.unwrap();
    issued.verify(&root, &NAMES, SystemClock.now()).unwrap();
    let validated =
        sandbox.dns_query_log().iter().any(|query| query.name.starts_with("_acme-challenge"));
    assert!(validated);
}
