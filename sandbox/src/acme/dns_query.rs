//! One DNS question to one server: UDP first, TCP where the answer was cut off, aliases followed.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_net::tcp::TcpClientStream;
use hickory_net::udp::UdpClientStream;
use hickory_net::xfer::DnsHandle;
use hickory_proto::op::{DnsRequestOptions, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

/// So many aliases are followed from one name.
const CNAME_LIMIT: usize = 8;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LookupError {
    #[error("the answer is NXDOMAIN")]
    NoSuchName,
    /// The server does not serve the zone.
    #[error("the answer is REFUSED")]
    Refused,
    /// No answer, or one that says nothing about the name.
    #[error("{0}")]
    Failed(String),
}

/// The records of type `record_type` at `name` or at the end of the aliases there. None is no error.
pub(crate) async fn lookup(
    server: SocketAddr,
    name: &str,
    record_type: RecordType,
    timeout: Duration,
) -> Result<Vec<RData>, LookupError> {
    let mut name = Name::from_ascii(name)
        .map_err(|error| LookupError::Failed(format!("this is no DNS name: {error}")))?;
    let mut aliases = 0;
    loop {
        let answer = ask(server, name.clone(), record_type, timeout).await?;
        // The server may have put the whole chain into one answer.
        let asked = name.clone();
        while let Some(target) = alias_of(&answer, &name) {
            aliases += 1;
            if aliases > CNAME_LIMIT {
                let why = format!("more than {CNAME_LIMIT} aliases are not followed");
                return Err(LookupError::Failed(why));
            }
            name = target;
        }
        let found: Vec<RData> = answer
            .answers
            .iter()
            .filter(|record| record.name == name && record.data.record_type() == record_type)
            .map(|record| record.data.clone())
            .collect();
        if !found.is_empty() || name == asked {
            return match answer.metadata.response_code {
                ResponseCode::NXDomain => Err(LookupError::NoSuchName),
                _ => Ok(found),
            };
        }
    }
}

fn alias_of(answer: &Message, name: &Name) -> Option<Name> {
    answer.answers.iter().find_map(|record| match &record.data {
        RData::CNAME(target) if record.name == *name => Some(target.0.clone()),
        _ => None,
    })
}

/// The server's answer, with the code NOERROR or NXDOMAIN.
async fn ask(
    server: SocketAddr,
    name: Name,
    record_type: RecordType,
    timeout: Duration,
) -> Result<Message, LookupError> {
    let query = Query::query(name, record_type);
    // The client's own limit comes later, so that what is reported is how long was waited.
    let answer =
        tokio::time::timeout(timeout, exchange(server, query, 2 * timeout)).await.map_err(
            |_| LookupError::Failed(format!("no answer within {} ms", timeout.as_millis())),
        )??;
    match answer.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => Ok(answer),
        ResponseCode::Refused => Err(LookupError::Refused),
        code => Err(LookupError::Failed(format!("the answer is {code}"))),
    }
}

async fn exchange(
    server: SocketAddr,
    query: Query,
    timeout: Duration,
) -> Result<Message, LookupError> {
    let provider = TokioRuntimeProvider::new();
    let udp =
        UdpClientStream::builder(server, provider.clone()).with_timeout(Some(timeout)).exchange();
    let answer = first_answer(&udp, query.clone()).await?;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    let tcp = TcpClientStream::exchange(server, None, timeout, None, provider)
        .await
        .map_err(|error| LookupError::Failed(format!("no connection over TCP: {error}")))?;
    first_answer(&tcp, query).await
}

async fn first_answer(handle: &impl DnsHandle, query: Query) -> Result<Message, LookupError> {
    let mut options = DnsRequestOptions::default();
    options.recursion_desired = false;
    match handle.lookup(query, options).next().await {
        Some(Ok(answer)) => Ok(answer.into_message()),
        Some(Err(error)) => Err(LookupError::Failed(format!("no answer: {error}"))),
        None => Err(LookupError::Failed("the connection ended without an answer".to_owned())),
    }
}
