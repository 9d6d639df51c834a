//! Progress, as it happens.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;
use url::Url;

use crate::dns01::{ServerAnswer, TxtRecord};
use crate::{DnsName, Identifier};

/// One step of an issuance. Serialized, each is one object with its name in `event`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A new account was created, or the stored one is used.
    Account {
        /// The account's URL.
        url: Url,
        /// Whether it was created now.
        created: bool,
    },
    /// A name is validated, now or from before.
    Authorized {
        /// The name.
        identifier: Identifier,
        /// Whether the CA still held a valid authorization.
        reused: bool,
    },
    /// The stored certificate is good: nothing was asked of anyone.
    AlreadyGood {
        /// Where its files are.
        location: String,
        /// When it ends.
        #[serde(with = "time::serde::rfc3339")]
        not_after: OffsetDateTime,
    },
    /// The challenge of a name was answered; the CA validates now.
    ChallengeAnswered {
        /// The name.
        identifier: Identifier,
    },
    /// The certificate was requested with the CSR.
    Finalized {
        /// The order.
        order: Url,
    },
    /// A certificate was issued, checked and stored.
    Issued(Summary),
    /// An order was created, or one from before is continued.
    Order {
        /// The order.
        url: Url,
        /// Whether it was made by an earlier run.
        resumed: bool,
        /// The names.
        identifiers: Vec<Identifier>,
    },
    /// Every authoritative server answers the record.
    Propagated {
        /// The record.
        record: TxtRecord,
        /// How many servers were asked.
        servers: usize,
    },
    /// A TXT record was appended at the provider.
    TxtAppended {
        /// The name whose challenge it answers.
        identifier: Identifier,
        /// The record.
        record: TxtRecord,
    },
    /// A TXT record was deleted at the provider.
    TxtDeleted {
        /// The record.
        record: TxtRecord,
    },
    /// Something is not as it should be and the issuance goes on.
    Warning {
        /// What, in a sentence.
        message: String,
    },
    /// A server does not answer the record yet.
    WaitingForDns {
        /// The record's name.
        name: DnsName,
        /// The servers that do not answer it.
        missing: Vec<ServerAnswer>,
    },
    /// The CA has not finished yet.
    WaitingForCa {
        /// The name it validates, or `None` while it makes the certificate.
        identifier: Option<Identifier>,
        /// The wait before it is asked again, in milliseconds.
        next_poll_ms: u64,
    },
}

/// What came out of an issuance and what it cost.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The certificate's name in the store.
    pub name: String,
    /// Where its files are.
    pub location: String,
    /// The files, by role: `fullchain`, `privkey`, `cert`, `chain`; empty on a dry run.
    pub paths: BTreeMap<String, String>,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// Its names.
    pub identifiers: Vec<Identifier>,
    /// Requests sent to the CA.
    pub acme_requests: u64,
    /// Calls made to the DNS provider.
    pub provider_calls: u64,
    /// Questions asked of name servers.
    pub dns_queries: u64,
    /// Milliseconds spent, by phase; what is done at the same time counts in each.
    pub phases_ms: BTreeMap<Phase, u64>,
    /// Milliseconds in all.
    pub total_ms: u64,
}

/// A part of an issuance that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Directory and account.
    Account,
    /// Order and authorizations.
    Order,
    /// Appending the TXT records.
    Publish,
    /// Waiting for the authoritative servers.
    Propagate,
    /// Waiting for the CA to validate.
    Validate,
    /// CSR, certificate, check.
    Finalize,
}
