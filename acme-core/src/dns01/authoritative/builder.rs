//! Settings of an [`AuthoritativeLookup`].

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::system_conf::read_system_conf;

use super::delegation::Delegations;
use super::question::Questioner;
use super::{AuthoritativeLookup, Source, given};

/// Makes an [`AuthoritativeLookup`].
#[derive(Clone, Debug)]
pub struct AuthoritativeLookupBuilder {
    resolvers: Vec<SocketAddr>,
    servers: Vec<SocketAddr>,
    port: u16,
    timeout: Duration,
}

/// The system's configuration names no recursive resolver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no DNS resolver is known from the system: {reason}; name the DNS servers to ask")]
pub struct NoResolver {
    /// What the system's configuration lacks.
    pub reason: String,
}

impl Default for AuthoritativeLookupBuilder {
    /// The system's resolvers, the servers of the delegation on port 53, 5 s for each question.
    fn default() -> Self {
        Self {
            resolvers: Vec::new(),
            servers: Vec::new(),
            port: 53,
            timeout: Duration::from_secs(5),
        }
    }
}

impl AuthoritativeLookupBuilder {
    /// The recursive resolvers that show where the name servers are, in the order they are asked. Without any, those
    /// of the system.
    pub fn resolvers(mut self, resolvers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.resolvers = resolvers.into_iter().collect();
        self
    }

    /// The port of authoritative servers: 53 everywhere but in tests.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Asks exactly these servers, whatever the name, instead of those of the delegation.
    ///
    /// They may be authoritative or recursive: each answer counts. This is for zones that the outside sees through
    /// other servers than this machine does. Without any, the delegation is followed.
    pub fn servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.servers = servers.into_iter().collect();
        self
    }

    /// Bound on one question to one server, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads the system's configuration (`/etc/resolv.conf`) where neither resolvers nor servers were given.
    pub fn build(self) -> Result<AuthoritativeLookup, NoResolver> {
        let source = if self.servers.is_empty() {
            let resolvers =
                if self.resolvers.is_empty() { system_resolvers()? } else { self.resolvers };
            Source::Delegation(Delegations::new(resolvers, self.port))
        } else {
            given(&self.servers)
        };
        Ok(AuthoritativeLookup { questioner: Questioner::new(self.timeout), source })
    }
}

fn system_resolvers() -> Result<Vec<SocketAddr>, NoResolver> {
    let (config, _) =
        read_system_conf().map_err(|error| NoResolver { reason: error.to_string() })?;
    let resolvers: Vec<SocketAddr> = config
        .name_servers()
        .iter()
        .filter_map(|server| Some(SocketAddr::new(server.ip, server.connections.first()?.port)))
        .collect();
    if resolvers.is_empty() {
        return Err(NoResolver { reason: "its configuration names none".to_owned() });
    }
    Ok(resolvers)
}
