//! A DNS client of a few lines, so that no resolver's own ideas stand between a test and the server.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// Long enough for a loaded machine; a test that waits for silence uses its own.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// One question for `name`, with EDNS and a buffer of 1232 bytes.
pub(crate) fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    message.set_edns(edns);
    message
}

/// Sends a message over UDP and waits for the answer; `None` if there is none in time.
pub(crate) async fn send_udp(
    server: SocketAddr,
    message: &Message,
    patience: Duration,
) -> Option<Message> {
    let local = if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
    let socket = UdpSocket::bind(local).await.unwrap();
    socket.send_to(&message.to_vec().unwrap(), server).await.unwrap();
    let mut buffer = vec![0; 65_535];
    let (length, from) =
        tokio::time::timeout(patience, socket.recv_from(&mut buffer)).await.ok()?.unwrap();
    assert_eq!(from, server);
    let answer = Message::from_vec(&buffer[..length]).unwrap();
    assert_eq!(answer.metadata.id, message.metadata.id);
    Some(answer)
}

/// Sends a message over TCP and waits for the answer.
pub(crate) async fn send_tcp(server: SocketAddr, message: &Message) -> Message {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await.unwrap();
        let bytes = message.to_vec().unwrap();
        stream.write_u16(u16::try_from(bytes.len()).unwrap()).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let length = stream.read_u16().await.unwrap();
        let mut buffer = vec![0; usize::from(length)];
        stream.read_exact(&mut buffer).await.unwrap();
        Message::from_vec(&buffer).unwrap()
    };
    tokio::time::timeout(PATIENCE, exchange).await.expect("no answer over TCP in time")
}

/// Asks one question over UDP.
pub(crate) async fn ask(server: SocketAddr, name: &str, kind: RecordType) -> Message {
    send_udp(server, &question(name, kind), PATIENCE).await.expect("no answer over UDP in time")
}

/// The TXT values of an answer, each record's strings joined, sorted.
pub(crate) fn txt(answer: &Message) -> Vec<String> {
    let mut values: Vec<String> = answer.answers.iter().filter_map(txt_value).collect();
    values.sort();
    values
}

fn txt_value(record: &Record) -> Option<String> {
    match &record.data {
        RData::TXT(txt) => {
            Some(txt.txt_data.iter().map(|part| str::from_utf8(part).unwrap()).collect())
        }
        _ => None,
    }
}
