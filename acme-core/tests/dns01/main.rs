//! DNS-01 over real sockets: name servers of the sandbox, and scripted ones for what the sandbox does not do wrong.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod caa;
mod cname;
mod delegation;
mod propagation;
mod scripted;
mod servers;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use acme_core::DnsName;
use acme_core::dns01::{Answer, AuthoritativeLookup};
use sandbox::Sandbox;

/// Longer than an answer on loopback takes on a busy machine; a test of a silent server waits for so long.
const SHORT: Duration = Duration::from_secs(1);

fn name(text: &str) -> DnsName {
    DnsName::parse(text).unwrap()
}

fn values(values: &[&str]) -> Answer {
    Answer::Values(values.iter().map(|&value| value.to_owned()).collect())
}

/// A sandbox with two name servers that share a port, so that a delegation leads to them.
async fn sandbox() -> Sandbox {
    let addresses = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)].map(IpAddr::V4);
    Sandbox::builder().name_server_addresses(addresses.to_vec()).start().await.unwrap()
}

/// Follows the sandbox's delegations.
fn by_delegation(sandbox: &Sandbox) -> AuthoritativeLookup {
    AuthoritativeLookup::builder()
        .resolvers([sandbox.resolver()])
        .port(sandbox.name_servers()[0].port())
        .build()
        .unwrap()
}
