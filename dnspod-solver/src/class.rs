//! What an error code means for us, whichever API it came from.

/// What to do about an error, in the order of the tables of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The record is there already: an append has succeeded.
    AlreadyThere,
    /// The record is gone already: a delete has succeeded, a list is empty.
    Gone,
    /// No zone of this account has that name.
    NotMyZone,
    /// The key is good and may not do this.
    NotPermitted,
    /// The key is not accepted. Never retried: Tencent bans accounts that keep trying.
    Credential,
    /// The request's time is too far from the server's.
    Clock,
    /// Fewer calls are asked for.
    Throttled,
    /// Fewer calls are asked for, and none for a minute.
    TooFrequent,
    /// Tencent's side failed: worth another try.
    Server,
    /// The zone is being changed by something else: worth another try, slowly.
    Busy,
    /// The zone or the account is in a state that only a person can end.
    Permanent,
    /// The zone's plan does not permit this TTL.
    TtlLimit,
    /// The request will never be accepted as it is; so is everything the tables do not know.
    Request,
}

/// One line of a table of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// What to do.
    pub(crate) class: Class,
    /// What a person should know or do; empty where the table says no more than the class.
    pub(crate) advice: &'static str,
}

impl Meaning {
    /// Of a code that no table knows.
    pub(crate) const UNKNOWN: Self = Self { class: Class::Request, advice: "" };
}
