//! The seam to the DNS: what each authoritative server of a name answers now.

use std::net::SocketAddr;

use async_trait::async_trait;
use serde::Serialize;

use crate::DnsName;

/// Asks the authoritative servers of a name. Implementations keep no answers between calls.
#[async_trait]
pub trait TxtLookup: Send + Sync {
    /// The TXT values that each authoritative server of `name`'s zone answers now, one entry for each address of each
    /// server, IPv4 and IPv6.
    ///
    /// A server that does not answer is an entry with [`Answer::Unreachable`], never an error of the whole call.
    async fn txt(&self, name: &DnsName) -> Result<Vec<ServerAnswer>, LookupError>;

    /// The target of a CNAME record at `name`, or `None` where there is none.
    async fn cname(&self, name: &DnsName) -> Result<Option<DnsName>, LookupError>;

    /// The CAA records that apply at `name` itself (RFC 8659 §3 without the climb, which the caller does); empty where
    /// there are none.
    async fn caa(&self, name: &DnsName) -> Result<Vec<CaaRecord>, LookupError>;

    /// How many questions were sent so far, for figures; 0 where nobody counts.
    fn queries(&self) -> u64 {
        0
    }
}

/// What one address of one authoritative server answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerAnswer {
    /// The server's host name, or its address where it was given by hand.
    pub server: String,
    /// Its address.
    pub address: SocketAddr,
    /// What it said.
    pub answer: Answer,
}

/// An answer to a TXT question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The address is IPv6 and this machine has no route to it: a fact about this machine, not about the server.
    NoIpv6Route,
    /// The name does not exist (NXDOMAIN).
    NoSuchName,
    /// The name exists and has no TXT record.
    NoTxt,
    /// The server is not authoritative for the zone or refused to answer; the response code's name.
    NotAuthoritative(String),
    /// No answer: the reason.
    Unreachable(String),
    /// The values, each record's strings joined.
    Values(Vec<String>),
}

/// One CAA record (RFC 8659 §4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaaRecord {
    /// Whether a CA that does not know the tag must refuse.
    pub critical: bool,
    /// The property tag, lower case: `issue`, `issuewild`, `iodef`.
    pub tag: String,
    /// The property's value as it stands in the record.
    pub value: String,
}

/// Why the DNS could not be asked at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// No authoritative server could be found: the delegation is broken or the domain does not exist.
    #[error("no name server found for {name}: {reason}")]
    NoNameServer {
        /// The name asked for.
        name: DnsName,
        /// What was tried and what came back.
        reason: String,
    },
    /// A resolver or every server failed.
    #[error("the DNS did not answer for {name}: {reason}")]
    Unanswered {
        /// The name asked for.
        name: DnsName,
        /// What came back.
        reason: String,
    },
}
