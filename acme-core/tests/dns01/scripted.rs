//! A name server that answers what a test tells it to.

use std::net::{Ipv4Addr, SocketAddr};

use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::rdata::{NS, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// A server on UDP. Dropping it closes its port.
pub(crate) struct ScriptedServer {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl ScriptedServer {
    /// Sends what `script` makes of each question, in its order; messages that it returns need no id.
    pub(crate) async fn start(
        address: SocketAddr,
        script: impl Fn(&Message) -> Vec<Message> + Send + 'static,
    ) -> Self {
        let socket = UdpSocket::bind(address).await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                let (length, client) = socket.recv_from(&mut buffer).await.unwrap();
                let question = Message::from_vec(&buffer[..length]).unwrap();
                for answer in script(&question) {
                    socket.send_to(&answer.to_vec().unwrap(), client).await.unwrap();
                }
            }
        });
        Self { address, task }
    }

    pub(crate) async fn on_loopback(
        script: impl Fn(&Message) -> Vec<Message> + Send + 'static,
    ) -> Self {
        Self::start((Ipv4Addr::LOCALHOST, 0).into(), script).await
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An empty authoritative answer to `question`.
pub(crate) fn answer_to(question: &Message) -> Message {
    let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    answer.metadata.authoritative = true;
    answer.add_queries(question.queries.iter().cloned());
    answer
}

/// An authoritative answer with one TXT value.
pub(crate) fn txt_answer_to(question: &Message, value: &str) -> Message {
    let mut answer = answer_to(question);
    let name = question.queries[0].name().clone();
    let txt = RData::TXT(TXT::new(vec![value.to_owned()]));
    answer.add_answer(Record::from_rdata(name, 60, txt));
    answer
}

pub(crate) fn soa(apex: &str) -> Record {
    let soa = SOA::new(absolute("ns.example."), absolute("host.example."), 1, 60, 60, 60, 60);
    Record::from_rdata(absolute(apex), 60, RData::SOA(soa))
}

pub(crate) fn ns(apex: &str, server: &str) -> Record {
    Record::from_rdata(absolute(apex), 60, RData::NS(NS(absolute(server))))
}

pub(crate) fn absolute(name: &str) -> Name {
    Name::from_ascii(name).unwrap()
}
