//! A DNS server that hands each question to the server of its zone. One cert-manager, which is told its name servers
//! once, so serves tests that each have zones and a sandbox of their own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Longer than any server here takes, shorter than a client waits.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Any UDP message.
const LARGEST: usize = 65_535;

/// A running relay on a thread of its own; dropping it ends it.
#[derive(Debug)]
pub struct DnsRelay {
    address: SocketAddr,
    zones: Zones,
    _running: oneshot::Sender<()>,
}

/// A zone and who answers for it.
type Zones = Arc<Mutex<Vec<(String, SocketAddr)>>>;

impl DnsRelay {
    /// Starts a relay that knows no zone and answers SERVFAIL.
    ///
    /// # Errors
    /// A sentence: no port of loopback can be had.
    pub async fn start() -> Result<Self, String> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// As [`start`](Self::start), at an address that can be written into a `resolv.conf`: with port 53.
    ///
    /// # Errors
    /// A sentence: the port cannot be had; ports below 1024 need a privilege.
    pub async fn start_at(address: SocketAddr) -> Result<Self, String> {
        let zones = Zones::default();
        let (running, ended) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        let served = Arc::clone(&zones);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                let bound = bind(address).await;
                let address = bound.as_ref().map(|(_, udp)| udp.local_addr());
                let _ = ready.send(address.map_err(ToString::to_string));
                if let Ok((tcp, udp)) = bound {
                    tokio::select! {
                        () = serve_udp(Arc::new(udp), &served) => {}
                        () = serve_tcp(tcp, &served) => {}
                        _ = ended => {}
                    }
                }
            });
        });
        let address = started.await.map_err(|_| "a DNS relay has no runtime".to_owned())??;
        let address = address.map_err(|error| error.to_string())?;
        Ok(Self { address, zones, _running: running })
    }

    /// Where it answers, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets `server` answer for `zone`, an A-label name, and everything below it. A later call for the same zone wins.
    pub fn serve(&self, zone: &str, server: SocketAddr) {
        let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        zones.retain(|(known, _)| known != zone);
        zones.push((zone.to_ascii_lowercase(), server));
    }
}

/// The same port for both.
async fn bind(address: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    let tcp = TcpListener::bind(address).await?;
    let udp = UdpSocket::bind(tcp.local_addr()?).await?;
    Ok((tcp, udp))
}

async fn serve_udp(socket: Arc<UdpSocket>, zones: &Zones) {
    let mut buffer = vec![0; LARGEST];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
        let question = buffer[..length].to_vec();
        let (socket, server) = (Arc::clone(&socket), server_for(&question, zones));
        tokio::spawn(async move {
            let answer = ask_udp(&question, server, ANSWER_LIMIT)
                .await
                .or_else(|| server_failure(&question));
            if let Some(answer) = answer {
                let _ = socket.send_to(&answer, client).await;
            }
        });
    }
}

async fn serve_tcp(listener: TcpListener, zones: &Zones) {
    loop {
        let Ok((mut client, _)) = listener.accept().await else { continue };
        let zones = Arc::clone(zones);
        tokio::spawn(async move {
            while let Ok(question) = read_message(&mut client).await {
                let answer = ask_tcp(&question, server_for(&question, &zones)).await;
                let Some(answer) = answer.or_else(|| server_failure(&question)) else { return };
                if write_message(&mut client, &answer).await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn ask_udp(question: &[u8], server: Option<SocketAddr>, limit: Duration) -> Option<Vec<u8>> {
    let ask = async {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect(server.ok_or(io::ErrorKind::NotFound)?).await?;
        socket.send(question).await?;
        let mut answer = vec![0; LARGEST];
        let length = socket.recv(&mut answer).await?;
        answer.truncate(length);
        io::Result::Ok(answer)
    };
    timeout(limit, ask).await.ok()?.ok()
}

async fn ask_tcp(question: &[u8], server: Option<SocketAddr>) -> Option<Vec<u8>> {
    let ask = async {
        let mut stream = TcpStream::connect(server.ok_or(io::ErrorKind::NotFound)?).await?;
        write_message(&mut stream, question).await?;
        read_message(&mut stream).await
    };
    timeout(ANSWER_LIMIT, ask).await.ok()?.ok()
}

async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; length.into()];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

async fn write_message(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await
}

/// The server of the longest zone that the name asked for is in.
fn server_for(question: &[u8], zones: &Zones) -> Option<SocketAddr> {
    let name = name_asked(question)?;
    let zones = zones.lock().unwrap_or_else(PoisonError::into_inner);
    let is_in = |zone: &str| {
        name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let known = zones.iter().filter(|(zone, _)| is_in(zone));
    known.max_by_key(|(zone, _)| zone.len()).map(|(_, server)| *server)
}

/// The name in a question, which is never compressed (RFC 1035 §4.1.2), in lower case without the last dot.
fn name_asked(question: &[u8]) -> Option<String> {
    const HEADER: usize = 12;
    let mut rest = question.get(HEADER..)?;
    let mut labels = Vec::new();
    loop {
        let (&length, after) = rest.split_first()?;
        if length == 0 {
            return Some(labels.join("."));
        }
        let label = after.get(..length.into())?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        rest = &after[length.into()..];
    }
}

/// The question with the flags of an answer and response code 2 (RFC 1035 §4.1.1).
fn server_failure(question: &[u8]) -> Option<Vec<u8>> {
    let mut answer = question.to_vec();
    let flags = answer.get_mut(2..4)?;
    flags[0] |= 0x80;
    flags[1] = 0x82;
    Some(answer)
}

#[cfg(test)]
mod tests {
    use sandbox::Sandbox;

    use super::*;

    /// A question for the SOA record of a name.
    fn question(name: &str) -> Vec<u8> {
        let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(label.len().try_into().unwrap());
            message.extend(label.bytes());
        }
        message.extend([0, 0, 6, 0, 1]);
        message
    }

    /// The response code and the count of answers.
    fn outcome(answer: Option<Vec<u8>>) -> (u8, u8) {
        let answer = answer.unwrap();
        assert_eq!(answer[..2], [0x12, 0x34]);
        (answer[3] & 15, answer[7])
    }

    /// Longer than the relay takes to give a server up.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn each_zone_is_answered_by_its_own_server_over_udp_and_tcp() {
        let relay = DnsRelay::start().await.unwrap();
        let one = Sandbox::builder().zone("one.example").start().await.unwrap();
        let inner = Sandbox::builder().zone("in.one.example").start().await.unwrap();
        relay.serve("one.example", one.resolver());
        relay.serve("in.one.example", inner.resolver());
        let address = Some(relay.address());
        for (name, expected) in [
            ("one.example", (0, 1)),
            ("IN.one.example", (0, 1)),
            // Each knows only its own zone.
            ("absent.one.example", (3, 0)),
            // A zone's name is no suffix of letters.
            ("phone.example", (2, 0)),
            ("two.example", (2, 0)),
        ] {
            let question = question(name);
            assert_eq!(outcome(ask_udp(&question, address, PATIENCE).await), expected, "{name}");
            assert_eq!(outcome(ask_tcp(&question, address).await), expected, "{name}");
        }
        drop(one);
        assert_eq!(outcome(ask_udp(&question("one.example"), address, PATIENCE).await).0, 2);
    }

    #[test]
    fn a_question_that_ends_early_asks_for_nothing() {
        let whole = question("ws.example");
        assert_eq!(name_asked(&whole).as_deref(), Some("ws.example"));
        for length in 0..whole.len() - 5 {
            assert_eq!(name_asked(&whole[..length]), None);
        }
    }
}
