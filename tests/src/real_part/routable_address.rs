//! An IPv4 address of this machine that is neither loopback nor link-local: kube-apiserver refuses those as the address
//! of an endpoint. What is sent to it never leaves the machine.

use std::net::Ipv4Addr;

use nix::ifaddrs::getifaddrs;

use super::{Missing, Obtained};

/// Such an address, if there is one.
pub fn find() -> Option<Ipv4Addr> {
    let addresses = getifaddrs().ok()?;
    let mut addresses =
        addresses.filter_map(|interface| Some(interface.address?.as_sockaddr_in()?.ip()));
    addresses.find(|address| !address.is_loopback() && !address.is_link_local())
}

pub(super) fn obtain() -> Result<Obtained, Missing> {
    let address = find().ok_or_else(|| {
        Missing(
            "this machine has only loopback addresses; `ip addr add 198.51.100.7/32 dev lo` adds another one"
                .to_owned(),
        )
    })?;
    Ok(Obtained {
        program: "true".into(),
        arguments: Vec::new(),
        version: "-".to_owned(),
        how: address.to_string(),
    })
}
