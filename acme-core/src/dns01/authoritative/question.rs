//! One question to one server: UDP with EDNS, TCP where the answer does not fit or UDP gets nowhere.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How often a question is sent over UDP before TCP is tried.
const UDP_ATTEMPTS: u32 = 2;
/// The largest answer wanted over UDP: what passes every path without fragments (DNS flag day 2020).
const UDP_PAYLOAD: u16 = 1232;
/// Questions under way at once, each with a socket; well below the usual limit of 1024 open files.
const QUESTIONS_AT_ONCE: usize = 256;
/// How long one server may take before the next is asked too, where one answer is enough.
const NEXT_SERVER_AFTER: Duration = Duration::from_millis(400);

/// Sends questions and counts them.
pub(super) struct Questioner {
    timeout: Duration,
    sent: AtomicU64,
    places: Semaphore,
}

/// What is asked.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) name: Name,
    pub(super) kind: RecordType,
    /// Whether the server is asked to find the answer elsewhere (RFC 1035 §4.1.1, RD).
    pub(super) recursive: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// This machine cannot send to IPv6 addresses.
    NoIpv6Route,
    /// What happened.
    Unreachable(String),
}

impl Questioner {
    /// `timeout` bounds one question to one server, all attempts together.
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, sent: AtomicU64::new(0), places: Semaphore::new(QUESTIONS_AT_ONCE) }
    }

    /// How many questions were sent, repetitions included.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Asks one server.
    pub(super) async fn ask(
        &self,
        server: SocketAddr,
        question: &Question,
    ) -> Result<Message, NoAnswer> {
        let _place = self.places.acquire().await.expect("this semaphore is never closed");
        if server.is_ipv6() && udp_socket(server).await.is_err_and(|error| is_no_route(&error)) {
            return Err(NoAnswer::NoIpv6Route);
        }
        let answer = match timeout(self.timeout, self.exchange(server, question)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(NoAnswer::Unreachable(error.to_string())),
            Err(_) => Err(NoAnswer::Unreachable(format!(
                "no answer within {} ms, by UDP and by TCP",
                self.timeout.as_millis()
            ))),
        };
        let code = answer.as_ref().map(|message| message.metadata.response_code);
        tracing::debug!(%server, name = %question.name, kind = %question.kind, ?code, "asked");
        answer
    }

    /// Asks the servers in their order, the next one as soon as the one before fails or takes long, until `accept`
    /// takes an answer. The error says what each server did.
    pub(super) async fn ask_until<T>(
        &self,
        servers: &[SocketAddr],
        question: &Question,
        accept: impl Fn(&Message) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut servers = servers.iter();
        let mut asked = FuturesUnordered::new();
        let mut failures: Vec<String> = Vec::new();
        loop {
            if let Some(&server) = servers.next() {
                asked.push(async move { (server, self.ask(server, question).await) });
            } else if asked.is_empty() {
                // In a fixed order, so that the same cause has the same text.
                failures.sort_unstable();
                return Err(failures.join("; "));
            }
            let patience = if servers.len() == 0 { self.timeout } else { NEXT_SERVER_AFTER };
            let Ok(Some((server, answer))) = timeout(patience, asked.next()).await else {
                continue;
            };
            let failure = match answer {
                Ok(message) => match accept(&message) {
                    Ok(accepted) => return Ok(accepted),
                    Err(failure) => failure,
                },
                Err(NoAnswer::NoIpv6Route) => "no IPv6 route from this machine".to_owned(),
                Err(NoAnswer::Unreachable(reason)) => reason,
            };
            failures.push(format!("{server}: {failure}"));
        }
    }

    async fn exchange(&self, server: SocketAddr, question: &Question) -> io::Result<Message> {
        let answer = self.exchange_with(server, question, Some(UDP_PAYLOAD)).await?;
        if answer.metadata.response_code != ResponseCode::FormErr {
            return Ok(answer);
        }
        // A server from before EDNS (RFC 6891 §7).
        self.exchange_with(server, question, None).await
    }

    async fn exchange_with(
        &self,
        server: SocketAddr,
        question: &Question,
        udp_payload: Option<u16>,
    ) -> io::Result<Message> {
        for _ in 0..UDP_ATTEMPTS {
            self.sent.fetch_add(1, Ordering::Relaxed);
            let attempt = udp(server, question.message(udp_payload));
            match timeout(self.timeout / (UDP_ATTEMPTS + 1), attempt).await {
                Ok(Ok(Some(answer))) => return Ok(answer),
                // Truncated, or a port that is closed for UDP: waiting gains nothing.
                Ok(Ok(None) | Err(_)) => break,
                Err(_) => {}
            }
        }
        self.sent.fetch_add(1, Ordering::Relaxed);
        tcp(server, question.message(udp_payload)).await
    }
}

impl Question {
    /// The message, with a random id.
    fn message(&self, udp_payload: Option<u16>) -> Message {
        let mut message = Message::query();
        message.metadata.recursion_desired = self.recursive;
        message.add_query(Query::query(self.name.clone(), self.kind));
        if let Some(size) = udp_payload {
            let mut edns = Edns::new();
            edns.set_max_payload(size).set_version(0);
            message.set_edns(edns);
        }
        message
    }
}

/// The answer, or `None` where it was truncated.
async fn udp(server: SocketAddr, question: Message) -> io::Result<Option<Message>> {
    let socket = udp_socket(server).await?;
    socket.send(&encoded(&question)?).await?;
    let mut buffer = [0; MAX_UDP];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let bytes = &buffer[..length];
        // Anybody can send a forged answer: what is not for this question is passed over.
        if bytes.get(..2) != Some(&question.metadata.id.to_be_bytes()) {
            continue;
        }
        if bytes.get(2).is_some_and(|flags| flags & TRUNCATED != 0) {
            return Ok(None);
        }
        if let Some(answer) = decoded(bytes, &question) {
            return Ok(Some(answer));
        }
    }
}

/// A socket that talks to `server` only: the system passes on nothing that comes from elsewhere. Nothing is sent yet,
/// and an error is one of this machine.
async fn udp_socket(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    Ok(socket)
}

/// RFC 1035 §4.2.2: each message follows its length.
async fn tcp(server: SocketAddr, question: Message) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let bytes = encoded(&question)?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], &bytes].concat()).await?;
    let length = stream.read_u16().await?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).await?;
    decoded(&bytes, &question).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, "the answer is not one to the question")
    })
}

fn encoded(question: &Message) -> io::Result<Vec<u8>> {
    question.to_vec().map_err(io::Error::other)
}

/// `None` where the bytes are no answer to the question.
fn decoded(bytes: &[u8], question: &Message) -> Option<Message> {
    let answer = Message::from_vec(bytes).ok()?;
    // A server that cannot read the question may leave it out.
    let repeats_question = answer.queries == question.queries
        || (answer.queries.is_empty() && answer.metadata.response_code == ResponseCode::FormErr);
    let is_answer = answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == question.metadata.id
        && repeats_question;
    is_answer.then_some(answer)
}

/// Whether a socket could not be had for lack of IPv6 or of a route.
fn is_no_route(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::Unsupported
    ) || ADDRESS_FAMILY_UNSUPPORTED.iter().any(|&code| error.raw_os_error() == Some(code))
}

/// More than a server sends to somebody who asked for [`UDP_PAYLOAD`] at most.
const MAX_UDP: usize = 4096;
/// The bit TC in the third octet of a message (RFC 1035 §4.1.1).
const TRUNCATED: u8 = 0x02;
/// `EAFNOSUPPORT` on Linux, macOS and Windows; the standard library has no kind for it.
const ADDRESS_FAMILY_UNSUPPORTED: [i32; 3] = [97, 47, 10047];
