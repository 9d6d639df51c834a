//! The seam to whoever hosts a zone: append a TXT record, delete it.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::DnsName;

/// Appends and deletes TXT records at a DNS provider.
///
/// The verbs are the provider's: *present* and *clean up* are verbs of a challenge. What is written here in capitals
/// is checked by [`contract`](crate::dns01::contract), the suite that every implementation runs.
///
/// - Both methods MUST be safe to call at once, also for one name: two appends in parallel are both visible after.
/// - The zone MUST be the longest one of the account that is a suffix of the name.
/// - A name MUST be found whichever form, Unicode or A-label, the provider keeps it in.
/// - Where the provider answers in pages, every page MUST be read.
/// - A refused credential MUST be reported as [`DnsProviderError::CredentialRefused`] and MUST NOT be retried.
/// - An append SHOULD return within 30 s, a delete within 45 s. They MUST NOT wait until the DNS shows it.
#[async_trait]
pub trait DnsProvider: Send + Sync {
    /// Makes `record.value` one of the TXT values at `record.name`.
    ///
    /// Other values at the name MUST stay. Appending a record that is there already MUST succeed.
    async fn append_txt(&self, record: &TxtRecord) -> Result<(), DnsProviderError>;

    /// Removes `record.value` from the TXT values at `record.name`.
    ///
    /// Only the equal value MUST go. Deleting what is absent MUST succeed. It MUST NOT require that this process
    /// appended the record.
    async fn delete_txt(&self, record: &TxtRecord) -> Result<(), DnsProviderError>;

    /// Finds the zone that holds `name`, so that a refused credential or a missing zone is known before a CA is asked
    /// for anything.
    ///
    /// It MUST change nothing. An implementation that cannot tell succeeds, as this one does.
    async fn find_zone(&self, _name: &DnsName) -> Result<(), DnsProviderError> {
        Ok(())
    }

    /// How many calls to the provider's API were made so far, for figures; 0 where nobody counts.
    fn calls(&self) -> u64 {
        0
    }
}

/// One TXT record: a name and one value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TxtRecord {
    /// The full name, `_acme-challenge.ws.example`.
    pub name: DnsName,
    /// The value, without quotes.
    pub value: String,
}

/// Why a provider did not append or delete a record, by who is at fault.
///
/// The text is the same for the same cause: it holds no request id, time or counter (those go to the log).
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DnsProviderError {
    /// The provider does not accept the credential. Never retried.
    #[error("{provider} refused the credential: {reason}")]
    CredentialRefused {
        /// The provider's name, as a person knows it.
        provider: String,
        /// Why, with what to do.
        reason: String,
    },
    /// There is no credential to call the provider with. Never retried: something has to be set up on this side.
    #[error("no credential for {provider}: {reason}")]
    NoCredential {
        /// The provider's name.
        provider: String,
        /// What is missing, with what to do.
        reason: String,
    },
    /// The credential is good and may not do this.
    #[error("{provider} does not permit this on zone {zone}: {reason}")]
    NotPermitted {
        /// The provider's name.
        provider: String,
        /// The zone.
        zone: String,
        /// What permission is missing.
        reason: String,
    },
    /// The request is one the provider will never accept.
    #[error("{provider} rejected the record {name}: {reason}")]
    Rejected {
        /// The provider's name.
        provider: String,
        /// The record's name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The provider asks for fewer calls.
    #[error("{provider} is limiting the rate of calls: {reason}")]
    Throttled {
        /// The provider's name.
        provider: String,
        /// What was exceeded.
        reason: String,
        /// How long to wait, where it says so.
        retry_after: Option<Duration>,
    },
    /// The provider cannot be reached or failed on its side.
    #[error("{provider} is unavailable: {reason}")]
    Unavailable {
        /// The provider's name.
        provider: String,
        /// What happened.
        reason: String,
    },
    /// The account has no zone that holds the name.
    #[error("no zone for {name} in this {provider} account (tried {tried})")]
    ZoneNotFound {
        /// The provider's name.
        provider: String,
        /// The record's name.
        name: String,
        /// The zones that were asked for, longest first.
        tried: String,
    },
    /// The zone is there and cannot be changed (locked, paused, alias of another).
    #[error("zone {zone} cannot be used at {provider}: {reason}")]
    ZoneUnusable {
        /// The provider's name.
        provider: String,
        /// The zone.
        zone: String,
        /// Why, with what to do.
        reason: String,
    },
}

impl DnsProviderError {
    /// Whether the same call may succeed later with nothing changed by a person.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. })
    }

    /// How long the provider asks to wait, where it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
