//! The name servers: UDP and TCP on one port each, every server with its own view of the zones.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hickory_net::runtime::Time;
use hickory_net::xfer::Protocol;
use hickory_proto::op::{Edns, Header, HeaderCounts, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, RecordType};
use hickory_server::Server;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::Instant;

use super::answer::{Answer, authoritative, recursive};
use super::store::ZoneStore;
use crate::fault::{Fault, Faults};

/// How long a TCP connection may be idle (RFC 7766 §6.2.3 asks for seconds).
const TCP_IDLE: Duration = Duration::from_secs(10);

/// Answers that may wait on one TCP connection.
const TCP_BUFFER: usize = 32;

/// The largest answer over UDP, which fits every path without fragments (DNS flag day 2020).
const LARGEST_UDP: u16 = 1232;

/// How often a port that is free for TCP and taken for UDP is tried again.
const BIND_ATTEMPTS: usize = 32;

/// A question that a name server of the sandbox received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedQuery {
    /// The server's address.
    pub server: SocketAddr,
    /// The name as it was spelled, with its last dot.
    pub name: String,
    /// The type, as in `TXT`.
    pub kind: String,
    /// Whether it came over TCP.
    pub tcp: bool,
}

/// The newest questions of all servers.
#[derive(Debug, Default)]
pub(crate) struct QueryLog {
    queries: Mutex<(u64, VecDeque<LoggedQuery>)>,
}

impl QueryLog {
    /// A sandbox may run for days, so only so many questions are kept.
    const KEPT: usize = 10_000;

    /// How many questions there were since the last [`QueryLog::clear`].
    pub(crate) fn count(&self) -> u64 {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// The newest questions since the last [`QueryLog::clear`], oldest first.
    pub(crate) fn queries(&self) -> Vec<LoggedQuery> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner).1.iter().cloned().collect()
    }

    /// Forgets all questions.
    pub(crate) fn clear(&self) {
        *self.queries.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }

    fn add(&self, query: LoggedQuery) {
        let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        queries.0 += 1;
        if queries.1.len() == Self::KEPT {
            queries.1.pop_front();
        }
        queries.1.push_back(query);
    }
}

/// All name servers of a sandbox. Dropping it closes their ports.
pub(crate) struct DnsServers {
    /// Where the authoritative servers are, `ns1` first.
    pub(crate) addresses: Vec<SocketAddr>,
    /// Where the recursive resolver is.
    pub(crate) resolver: SocketAddr,
    frozen: Vec<Arc<Frozen>>,
    _servers: Vec<Server<NameServer>>,
}

/// The revision that a server is held at.
type Frozen = Mutex<Option<u64>>;

impl DnsServers {
    /// Starts an authoritative server on each of `ips` and a resolver. `port` 0 lets the system choose: a port for
    /// each server on the same address, else one that all share.
    pub(crate) async fn start(
        ips: &[IpAddr],
        port: u16,
        store: &Arc<ZoneStore>,
        faults: &Arc<Faults>,
        log: &Arc<QueryLog>,
    ) -> io::Result<Self> {
        let sockets = bind_all(ips, port).await?;
        let mut addresses = Vec::new();
        let mut all_frozen = Vec::new();
        let mut servers = Vec::new();
        let last = sockets.len() - 1;
        for (index, sockets) in sockets.into_iter().enumerate() {
            let frozen = Arc::new(Frozen::default());
            let role = Role::Authoritative { is_last: index == last, frozen: Arc::clone(&frozen) };
            addresses.push(sockets.address);
            all_frozen.push(frozen);
            servers.push(serve(sockets, role, store, faults, log));
        }
        let sockets = bind(IpAddr::V4(Ipv4Addr::LOCALHOST), 0).await?;
        let resolver = sockets.address;
        servers.push(serve(sockets, Role::Resolver, store, faults, log));
        Ok(Self { addresses, resolver, frozen: all_frozen, _servers: servers })
    }

    /// Holds a server at `revision`, or lets it go; whether there is such a server.
    pub(crate) fn freeze(&self, server: usize, revision: Option<u64>) -> bool {
        self.frozen.get(server).is_some_and(|frozen| {
            *frozen.lock().unwrap_or_else(PoisonError::into_inner) = revision;
            true
        })
    }
}

struct Sockets {
    udp: UdpSocket,
    tcp: TcpListener,
    address: SocketAddr,
}

async fn bind_all(ips: &[IpAddr], port: u16) -> io::Result<Vec<Sockets>> {
    let mut distinct = ips.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let shares_port = port == 0 && distinct.len() == ips.len() && ips.len() > 1;
    let mut attempt = 0;
    'again: loop {
        attempt += 1;
        let mut bound: Vec<Sockets> = Vec::new();
        for ip in ips {
            let port = match bound.first() {
                Some(first) if shares_port => first.address.port(),
                _ => port,
            };
            match bind(*ip, port).await {
                Ok(sockets) => bound.push(sockets),
                Err(error)
                    if shares_port
                        && error.kind() == io::ErrorKind::AddrInUse
                        && attempt < BIND_ATTEMPTS =>
                {
                    continue 'again;
                }
                Err(error) => return Err(error),
            }
        }
        return Ok(bound);
    }
}

/// Binds one port for both UDP and TCP.
async fn bind(ip: IpAddr, port: u16) -> io::Result<Sockets> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let tcp = TcpListener::bind((ip, port)).await?;
        let address = tcp.local_addr()?;
        match UdpSocket::bind(address).await {
            Ok(udp) => return Ok(Sockets { udp, tcp, address }),
            Err(error)
                if port == 0
                    && error.kind() == io::ErrorKind::AddrInUse
                    && attempt < BIND_ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
}

fn serve(
    sockets: Sockets,
    role: Role,
    store: &Arc<ZoneStore>,
    faults: &Arc<Faults>,
    log: &Arc<QueryLog>,
) -> Server<NameServer> {
    let mut server = Server::new(NameServer {
        address: sockets.address,
        role,
        store: Arc::clone(store),
        faults: Arc::clone(faults),
        log: Arc::clone(log),
    });
    server.register_socket(sockets.udp);
    server.register_listener(sockets.tcp, TCP_IDLE, TCP_BUFFER);
    server
}

enum Role {
    Authoritative { is_last: bool, frozen: Arc<Frozen> },
    Resolver,
}

struct NameServer {
    address: SocketAddr,
    role: Role,
    store: Arc<ZoneStore>,
    faults: Arc<Faults>,
    log: Arc<QueryLog>,
}

impl NameServer {
    fn has_fault(&self, fault: Fault) -> bool {
        matches!(self.role, Role::Authoritative { is_last: true, .. }) && self.faults.take(fault)
    }

    fn answer(&self, request: &Request) -> Answer {
        if request.metadata.op_code != OpCode::Query {
            return Answer::of(ResponseCode::NotImp);
        }
        let [query] = request.queries.queries() else {
            return Answer::of(ResponseCode::FormErr);
        };
        let query = query.original();
        self.log.add(LoggedQuery {
            server: self.address,
            name: query.name().to_ascii(),
            kind: query.query_type().to_string(),
            tcp: request.protocol() != Protocol::Udp,
        });
        let is_transfer = matches!(query.query_type(), RecordType::AXFR | RecordType::IXFR);
        if query.query_class() != DNSClass::IN
            || is_transfer
            || self.has_fault(Fault::LameNameServer)
        {
            return Answer::of(ResponseCode::Refused);
        }
        let (name, kind) = (query.name(), query.query_type());
        match &self.role {
            Role::Resolver => recursive(&self.store.view(self.store.latest()), name, kind),
            Role::Authoritative { frozen, .. } => {
                let frozen = *frozen.lock().unwrap_or_else(PoisonError::into_inner);
                let view = if let Some(revision) = frozen {
                    self.store.view(revision)
                } else if self.has_fault(Fault::LaggingNameServer) {
                    let lag = self.faults.value(Fault::LaggingNameServer).unwrap_or_default();
                    self.store.view_before(Instant::now(), Duration::from_secs(lag))
                } else {
                    self.store.view(self.store.latest())
                };
                authoritative(&view, name, kind)
            }
        }
    }
}

#[async_trait]
impl RequestHandler for NameServer {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response_handle: R,
    ) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.recursion_available = matches!(self.role, Role::Resolver);
        let mut answer = self.answer(request);
        if self.has_fault(Fault::SilentNameServer) {
            return ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() });
        }

        let edns = request.edns.as_ref().map(|asked| {
            let mut edns = Edns::new();
            edns.set_max_payload(asked.max_payload().clamp(512, LARGEST_UDP));
            edns.set_version(0);
            if asked.version() > 0 {
                answer = Answer::of(ResponseCode::BADVERS);
            }
            edns
        });
        let is_resolver = matches!(self.role, Role::Resolver);
        if request.protocol() == Protocol::Udp
            && !is_resolver
            && self.faults.take(Fault::TruncatedUdp)
        {
            answer = Answer { authoritative: answer.authoritative, ..Answer::of(answer.code) };
            metadata.truncation = true;
        }
        metadata.response_code = answer.code;
        metadata.authoritative = answer.authoritative;

        let mut builder = MessageResponseBuilder::from_message_request(request);
        if let Some(edns) = &edns {
            builder.edns(edns);
        }
        let response =
            builder.build(metadata, &answer.answers, &answer.authorities, [], &answer.additionals);
        match response_handle.send_response(response).await {
            Ok(info) => info,
            Err(error) => {
                tracing::debug!(%error, "an answer of a name server could not be sent");
                metadata.response_code = ResponseCode::ServFail;
                ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() })
            }
        }
    }
}
