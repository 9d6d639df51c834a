//! Host names to addresses, without the C library: a static glibc binary in an empty root has no NSS to ask.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hickory_net::{DnsError, NetError};
use hickory_proto::op::{Query, ResponseCode};
use hickory_proto::rr::{Name as DomainName, RecordType};
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{Hosts, TokioResolver};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::OnceCell;

/// Resolves host names for [`reqwest`] by `/etc/hosts` and name servers.
///
/// The resolver is made when the first name is looked up: a client that only meets addresses works on a machine
/// without name servers.
pub(super) struct HostResolver {
    name_servers: Arc<[SocketAddr]>,
    resolver: Arc<OnceCell<TokioResolver>>,
}

impl HostResolver {
    /// Asks `name_servers`, or the system's where there are none.
    pub(super) fn new(name_servers: Arc<[SocketAddr]>) -> Self {
        Self { name_servers, resolver: Arc::default() }
    }
}

impl Resolve for HostResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name_servers = Arc::clone(&self.name_servers);
        let resolver = Arc::clone(&self.resolver);
        Box::pin(async move {
            let host = name.as_str();
            let addresses = if is_localhost(host) {
                vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            } else {
                // Read each time: a program that runs for months sees what is changed there.
                let hosts = Hosts::from_system().unwrap_or_default();
                look_up(&resolver, &name_servers, &hosts, host)
                    .await
                    .map_err(|reason| format!("cannot resolve {host}: {reason}"))?
            };
            let addresses: Addrs =
                Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// `localhost` and what is below it never leave the machine (RFC 6761 §6.3).
fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

async fn look_up(
    resolver: &OnceCell<TokioResolver>,
    name_servers: &[SocketAddr],
    hosts: &Hosts,
    host: &str,
) -> Result<Vec<IpAddr>, String> {
    let listed = listed(hosts, host);
    if !listed.is_empty() {
        return Ok(listed);
    }
    let resolver = resolver.get_or_try_init(|| async { make_resolver(name_servers) }).await?;
    match resolver.lookup_ip(host).await {
        Ok(found) => Ok(found.iter().collect()),
        Err(NetError::Dns(DnsError::NoRecordsFound(nothing))) => {
            Err(if nothing.response_code == ResponseCode::NXDomain {
                "the name does not exist".to_owned()
            } else {
                "the name has no address".to_owned()
            })
        }
        Err(error) => Err(format!("the name server did not answer: {error}")),
    }
}

/// The addresses in the hosts file. One of either family is the whole answer, as with the C library: a host that is
/// listed with its IPv4 address alone is reached though no name server answers for its IPv6 address.
fn listed(hosts: &Hosts, host: &str) -> Vec<IpAddr> {
    let Ok(name) = DomainName::from_utf8(host) else { return Vec::new() };
    let records = [RecordType::A, RecordType::AAAA]
        .map(|family| hosts.lookup_static_host(&Query::query(name.clone(), family)));
    let answers = records.iter().flatten().flat_map(Lookup::answers);
    answers.filter_map(|record| record.data.ip_addr()).collect()
}

fn make_resolver(name_servers: &[SocketAddr]) -> Result<TokioResolver, String> {
    let mut builder = if name_servers.is_empty() {
        TokioResolver::builder_tokio().map_err(|error| {
            format!("no name server is known ({error} in /etc/resolv.conf) and none is configured")
        })?
    } else {
        let servers = name_servers.iter().map(name_server).collect();
        TokioResolver::builder_with_config(
            ResolverConfig::from_parts(None, Vec::new(), servers),
            TokioRuntimeProvider::default(),
        )
    };
    let options = builder.options_mut();
    // Both families, so that a machine with one of them reaches the host.
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // It was looked at before, for both families at once.
    options.use_hosts_file = ResolveHosts::Never;
    // A name with a dot is asked as it stands before the search list: Kubernetes sets `ndots:5`, which would put
    // several useless questions before each one that counts.
    options.ndots = 1;
    options.try_tcp_on_error = true;
    builder.build().map_err(|error| error.to_string())
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(name_servers: Vec<SocketAddr>, host: &str) -> Result<Vec<IpAddr>, String> {
        let resolving = HostResolver::new(name_servers.into()).resolve(host.parse().unwrap());
        match resolving.await {
            Ok(addresses) => Ok(addresses.map(|address| address.ip()).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn name_in_the_hosts_file_is_not_asked_of_name_servers() {
        let mut hosts = Hosts::default();
        hosts
            .read_hosts_conf(
                &b"192.0.2.1 four.example\n192.0.2.2 both.example\n2001:db8::2 both.example\n"[..],
            )
            .unwrap();
        let nobody = ["127.0.0.1:9".parse().unwrap()];
        for (host, expected) in
            [("four.example", &["192.0.2.1"][..]), ("Both.Example.", &["192.0.2.2", "2001:db8::2"])]
        {
            let unused = OnceCell::new();
            let found = look_up(&unused, &nobody, &hosts, host).await.unwrap();
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{host}");
            assert!(unused.get().is_none(), "no resolver was made");
        }
    }

    #[tokio::test]
    async fn localhost_is_loopback_whatever_the_name_servers_say() {
        // Nobody listens on the discard port of this address.
        let nobody = vec!["127.0.0.1:9".parse().unwrap()];
        for host in ["localhost", "LocalHost.", "ca.localhost"] {
            let addresses = resolve(nobody.clone(), host).await.unwrap();
            assert!(addresses.iter().all(IpAddr::is_loopback), "{host}");
        }
    }
}
