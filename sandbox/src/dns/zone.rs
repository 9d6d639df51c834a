//! A zone without its records, and what DNSPod knows about it.

use hickory_proto::rr::LowerName;
use time::OffsetDateTime;

use crate::plan::Plan;

/// Whose zone it is, from the view of the account whose credentials the sandbox has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The account's own.
    Account,
    /// Another account's, shared with this one.
    Shared,
    /// Another account's: the API knows the zone and refuses.
    Foreign,
    /// Nobody's: served by DNS, unknown to the API.
    Nobody,
}

/// The state that DNSPod keeps a zone in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneStatus {
    /// Served and writable.
    Enable,
    /// Paused by its owner: not served, writable.
    Pause,
    /// Locked: served, not writable.
    Lock,
    /// Banned: not served, not writable.
    Spam,
}

/// A zone without its records.
#[derive(Clone, Debug)]
pub(crate) struct ZoneInfo {
    /// DNSPod's `DomainId`.
    pub(crate) id: u64,
    /// In Unicode, lower case.
    pub(crate) name: String,
    /// In A-labels, lower case.
    pub(crate) punycode: String,
    /// Whose it is.
    pub(crate) owner: Owner,
    /// The zone that this one is an alias of: it has no records of its own and is served with those of that zone.
    pub(crate) alias_of: Option<u64>,
    /// Its state.
    pub(crate) status: ZoneStatus,
    /// The plan that it is on.
    pub(crate) plan: Plan,
    /// When it was added.
    pub(crate) created_on: OffsetDateTime,
    /// The apex.
    pub(crate) apex: LowerName,
}
