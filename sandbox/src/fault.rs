//! Faults by name: what the sandbox's servers can be told to do wrong.
//!
//! [`FAULTS`] is the one table of them. A fault is written `name` or `name=value`; each is off until it is set, by
//! [`crate::Builder::fault`] or, while the sandbox runs, by [`crate::Sandbox::set_fault`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What a fault's value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultValue {
    /// The fault takes no value: it is on or off.
    Nothing,
    /// A share of all requests, 0 to 100.
    Percent,
    /// How often it happens, from the next request on; then it is over.
    Count,
    /// A duration in seconds.
    Seconds,
    /// A duration in milliseconds.
    Milliseconds,
}

impl FaultValue {
    /// How a fault's value is shown to people, as in `hang=COUNT`; `None` where there is none.
    pub fn placeholder(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Percent => Some("PERCENT"),
            Self::Count => Some("COUNT"),
            Self::Seconds => Some("SECONDS"),
            Self::Milliseconds => Some("MS"),
        }
    }

    fn largest(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Percent => 100,
            Self::Count => 1_000_000,
            // A month: longer than any client should wait, and no arithmetic on instants can overflow.
            Self::Seconds => 30 * 86_400,
            Self::Milliseconds => 86_400_000,
        }
    }
}

/// One line of [`FAULTS`].
#[derive(Clone, Copy, Debug)]
pub struct FaultSpec {
    /// The fault.
    pub fault: Fault,
    /// Its name, as given to [`crate::Sandbox::set_fault`].
    pub name: &'static str,
    /// What its value means.
    pub value: FaultValue,
    /// The value where none is given.
    pub default: u64,
    /// What it does, one line for people.
    pub what: &'static str,
}

impl fmt::Display for FaultSpec {
    /// `name=VALUE`, two columns, what it does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = match self.value.placeholder() {
            Some(value) => format!("{}={value}", self.name),
            None => self.name.to_owned(),
        };
        write!(f, "{usage:<32} {}", self.what)?;
        if self.value != FaultValue::Nothing {
            write!(f, " (default {})", self.default)?;
        }
        Ok(())
    }
}

/// Declares the enum and the table from one line per fault, so that they cannot differ.
macro_rules! faults {
    ($($variant:ident, $name:literal, $value:ident, $default:literal, $what:literal;)*) => {
        /// What can be made to go wrong. [`FAULTS`] gives names, values and meanings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $(#[doc = $what] $variant,)*
        }

        /// Every fault: one line each.
        pub const FAULTS: &[FaultSpec] = &[
            $(FaultSpec {
                fault: Fault::$variant,
                name: $name,
                value: FaultValue::$value,
                default: $default,
                what: $what,
            },)*
        ];
    };
}

faults! {
    // Of the CA, said in ACME's own terms.
    BadNonce, "bad-nonce", Percent, 100, "the CA rejects this share of nonces with badNonce and a fresh nonce";
    BadNonceBare, "bad-nonce-bare", Count, 1, "the CA answers badNonce without a Replay-Nonce";
    RateLimitedSeconds, "rate-limited-seconds", Seconds, 3600, "newOrder answers 429 rateLimited for so long from the first try, Retry-After in seconds";
    RateLimitedDate, "rate-limited-date", Seconds, 3600, "newOrder answers 429 rateLimited for so long from the first try, Retry-After as a date";
    InvalidAuthorization, "invalid-authorization", Nothing, 0, "validation fails: the authorization is invalid while its order stays pending";
    Processing, "processing", Seconds, 2, "a finalized order stays processing for so long";
    OrderNotReady, "order-not-ready", Count, 1, "finalize answers 403 orderNotReady though the order is ready";
    WrongNameCertificate, "wrong-name-certificate", Nothing, 0, "the certificate is for wrong.invalid instead of the order's names";
    OtherKeyCertificate, "other-key-certificate", Nothing, 0, "the certificate is for another key than the CSR's";
    HostileToken, "hostile-token", Nothing, 0, "challenge tokens are ../../x";
    UnorderedChain, "unordered-chain", Nothing, 0, "the chain is sent with its intermediate first";
    ExpiredCertificate, "expired-certificate", Nothing, 0, "the certificate is past its end when it is issued";

    // In front of the CA, on everything but its directory and newNonce.
    OverloadedSeconds, "overloaded-seconds", Seconds, 2, "the CA answers 503 in HTML for so long from the first request, Retry-After in seconds";
    OverloadedDate, "overloaded-date", Seconds, 2, "the CA answers 503 in HTML for so long from the first request, Retry-After as a date";
    Html502, "html-502", Count, 1, "a proxy in front of the CA answers 502 in HTML";
    Hang, "hang", Count, 1, "the CA takes the request and never answers";
    TruncatedBody, "truncated-body", Count, 1, "the CA's answer breaks off in the middle of its body";
    SlowBody, "slow-body", Milliseconds, 1000, "the body of each of the CA's answers takes so long to arrive, in ten pieces";
    GiantBody, "giant-body", Count, 1, "the body of the CA's answer is a gibibyte";
    Redirect, "redirect", Count, 1, "the CA answers 307 to /redirected";
    BadUtf8, "bad-utf8", Count, 1, "the body of the CA's answer is JSON that is not UTF-8";

    // Of the DNSPod API 3.0. What is an error code is answered to requests that would have been accepted.
    DnspodIndexDelay, "dnspod-index-delay", Seconds, 30, "DNSPod's lists of records show a new record so much later";
    DnspodTimeoutAfterCommit, "dnspod-timeout-after-commit", Count, 1, "DNSPod carries out an action that changes a record and never answers";
    DnspodHang, "dnspod-hang", Count, 1, "DNSPod takes the request, does nothing and never answers";
    DnspodEmptyBody, "dnspod-empty-body", Count, 1, "DNSPod carries out the action and answers an empty body";
    DnspodHtml502, "dnspod-html-502", Count, 1, "a proxy in front of DNSPod answers 502 in HTML";
    DnspodThrottled, "dnspod-throttled", Count, 1, "DNSPod answers that there were too many requests";
    DnspodInternalError, "dnspod-internal-error", Count, 1, "DNSPod answers an internal error";
    DnspodTokenExpired, "dnspod-token-expired", Count, 1, "DNSPod answers that the session token is not the right one";
    DnspodSignatureExpired, "dnspod-signature-expired", Count, 1, "DNSPod answers that the signature has expired though the time is right";
    DnspodZoneBusy, "dnspod-zone-busy", Count, 1, "DNSPod answers an action that changes a record that the zone is busy";
    DnspodVanishingRecord, "dnspod-vanishing-record", Count, 1, "someone else deletes a record just before DNSPod is asked to";

    // Of DNSPod's legacy API.
    LegacyTimeoutAfterCommit, "legacy-timeout-after-commit", Count, 1, "the legacy API carries the next change out and never answers";
    LegacyThrottled, "legacy-throttled", Count, 1, "the legacy API answers -2, too many requests";
    LegacyMaintenance, "legacy-maintenance", Count, 1, "the legacy API answers -99, closed for now";
    LegacyHtml502, "legacy-html-502", Count, 1, "a proxy in front of the legacy API answers 502 in HTML";
    LegacyUnknownError, "legacy-unknown-error", Count, 1, "the legacy API answers 3, an unknown error";

    // Of what hands out credentials.
    StsUnavailable, "sts-unavailable", Count, 1, "STS answers an internal error";
    StsHang, "sts-hang", Count, 1, "STS takes the request and never answers";
    MetadataHang, "metadata-hang", Count, 1, "the instance's metadata takes the request and never answers";
    MetadataNotSuccess, "metadata-not-success", Count, 1, "the instance's metadata gives a Code other than Success, and no credentials";

    // Of every HTTP server of the sandbox.
    RoundTrip, "round-trip", Milliseconds, 100, "every HTTP answer comes so much later, and twice that on a new connection";

    // Of the name servers.
    LameNameServer, "lame-name-server", Nothing, 0, "the last name server answers REFUSED";
    LaggingNameServer, "lagging-name-server", Seconds, 2, "the last name server shows each change so much later";
    SilentNameServer, "silent-name-server", Nothing, 0, "the last name server never answers";
    TruncatedUdp, "truncated-udp", Nothing, 0, "every answer over UDP is empty and marked truncated";
}

impl Fault {
    /// The fault's line in [`FAULTS`].
    pub fn spec(self) -> &'static FaultSpec {
        &FAULTS[self as usize]
    }
}

/// Why a fault could not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No fault has this name.
    #[error("there is no fault {name:?}; there are: {valid}")]
    Unknown {
        /// The name that was given.
        name: String,
        /// All names, separated by commas.
        valid: String,
    },
    /// The fault is on or off, yet a value was given.
    #[error("the fault {name} takes no value, but {value:?} was given")]
    NoValueTaken {
        /// The fault.
        name: &'static str,
        /// The value that was given.
        value: String,
    },
    /// The value is not a number in the range that the fault knows.
    #[error(
        "the fault {name}={placeholder} takes a whole number from 0 to {largest}, not {value:?}"
    )]
    Value {
        /// The fault.
        name: &'static str,
        /// What the value means.
        placeholder: &'static str,
        /// The largest value there is.
        largest: u64,
        /// The value that was given.
        value: String,
    },
}

/// The faults that are set now, shared by all servers of a sandbox.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    set: Mutex<BTreeMap<Fault, Setting>>,
}

#[derive(Debug)]
struct Setting {
    value: u64,
    /// When a fault that lasts a while was first met.
    since: Option<Instant>,
}

impl Faults {
    /// Sets the fault written `name` or `name=value`; a value of 0 for a count or percentage is none at all.
    pub(crate) fn set(&self, spec: &str) -> Result<(), FaultError> {
        let (name, value) = match spec.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (spec, None),
        };
        let spec = find(name)?;
        let value = match (spec.value.placeholder(), value) {
            (_, None) => spec.default,
            (None, Some(value)) => {
                return Err(FaultError::NoValueTaken { name: spec.name, value: value.to_owned() });
            }
            (Some(placeholder), Some(value)) => {
                let largest = spec.value.largest();
                value.parse().ok().filter(|number| *number <= largest).ok_or_else(|| {
                    FaultError::Value {
                        name: spec.name,
                        placeholder,
                        largest,
                        value: value.to_owned(),
                    }
                })?
            }
        };
        self.lock().insert(spec.fault, Setting { value, since: None });
        Ok(())
    }

    /// Ends the fault of this name.
    pub(crate) fn clear(&self, name: &str) -> Result<(), FaultError> {
        let spec = find(name)?;
        self.lock().remove(&spec.fault);
        Ok(())
    }

    /// The value of `fault` while it is set.
    pub(crate) fn value(&self, fault: Fault) -> Option<u64> {
        self.lock().get(&fault).map(|setting| setting.value)
    }

    /// Whether `fault` happens now: once less for a fault that is counted, always for any other that is set.
    pub(crate) fn take(&self, fault: Fault) -> bool {
        let mut set = self.lock();
        match (fault.spec().value, set.get_mut(&fault)) {
            (_, None) => false,
            (FaultValue::Count, Some(setting)) if setting.value > 1 => {
                setting.value -= 1;
                true
            }
            (FaultValue::Count, Some(setting)) => {
                let happens = setting.value > 0;
                set.remove(&fault);
                happens
            }
            (_, Some(_)) => true,
        }
    }

    /// How much longer a fault of so many seconds lasts. Its time starts with the first call, which returns all of
    /// it; once the time is over the fault is cleared.
    pub(crate) fn remaining(&self, fault: Fault) -> Option<Duration> {
        let mut set = self.lock();
        let setting = set.get_mut(&fault)?;
        let since = *setting.since.get_or_insert_with(Instant::now);
        let left = Duration::from_secs(setting.value).checked_sub(since.elapsed());
        if left.is_none_or(|left| left.is_zero()) {
            set.remove(&fault);
            return None;
        }
        left
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Fault, Setting>> {
        // Each change is one step, so what a panicking thread left behind is whole.
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(name: &str) -> Result<&'static FaultSpec, FaultError> {
    FAULTS.iter().find(|spec| spec.name == name).ok_or_else(|| FaultError::Unknown {
        name: name.to_owned(),
        valid: FAULTS.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_own_name_and_finds_its_line() {
        for spec in FAULTS {
            assert_eq!(spec.fault.spec().name, spec.name);
            assert_eq!(FAULTS.iter().filter(|other| other.name == spec.name).count(), 1);
            assert!(spec.default <= spec.value.largest(), "{}", spec.name);
            assert!(!spec.to_string().contains('\n'));
        }
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_right_ones() {
        let error = Faults::default().set("bad-nonces=5").unwrap_err().to_string();
        assert!(error.contains("\"bad-nonces\""), "{error}");
        assert!(error.contains("bad-nonce, bad-nonce-bare"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_answered_with_what_is_expected() {
        let faults = Faults::default();
        for (spec, expected) in [
            ("bad-nonce=101", "bad-nonce=PERCENT takes a whole number from 0 to 100, not \"101\""),
            ("hang=often", "hang=COUNT takes a whole number"),
            ("hang=", "not \"\""),
            ("hostile-token=1", "hostile-token takes no value, but \"1\" was given"),
        ] {
            let error = faults.set(spec).unwrap_err().to_string();
            assert!(error.contains(expected), "{spec}: {error}");
        }
    }

    #[test]
    fn a_counted_fault_happens_so_often() {
        let faults = Faults::default();
        faults.set("hang=2").unwrap();
        let happened: Vec<bool> = (0..3).map(|_| faults.take(Fault::Hang)).collect();
        assert_eq!(happened, [true, true, false]);
        faults.set("hang=0").unwrap();
        assert!(!faults.take(Fault::Hang));
    }

    #[test]
    fn any_other_fault_happens_until_it_is_cleared() {
        let faults = Faults::default();
        assert!(!faults.take(Fault::HostileToken));
        faults.set("hostile-token").unwrap();
        assert!(faults.take(Fault::HostileToken) && faults.take(Fault::HostileToken));
        faults.clear("hostile-token").unwrap();
        assert!(!faults.take(Fault::HostileToken));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_of_some_seconds_starts_with_its_first_victim_and_ends() {
        let faults = Faults::default();
        faults.set("overloaded-seconds=3").unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(faults.remaining(Fault::OverloadedSeconds), Some(Duration::from_secs(3)));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(faults.remaining(Fault::OverloadedSeconds), Some(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(faults.remaining(Fault::OverloadedSeconds), None);
    }
}
