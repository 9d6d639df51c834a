//! Why a call failed, and how that reads to whoever asked for a record.

use std::fmt::Write as _;
use std::time::Duration;

use acme_core::DnsName;
use acme_core::dns01::DnsProviderError;

use crate::class::{Class, Meaning};

/// The provider's name in errors.
pub(crate) const PROVIDER: &str = "DNSPod";
/// What a call that has run out of time says.
pub(crate) const TOO_LATE: &str = "no answer within the time limit";

const MORE_THAN_PERMITTED: &str = "more calls are waiting here than DNSPod permits in the time there is; this is tried again later";

/// Why a call of the API gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// DNSPod answered with an error.
    Answered {
        /// The action called.
        action: &'static str,
        /// Tencent's code.
        code: String,
        /// What the API's table of codes says about it, which decides what happens.
        meaning: Meaning,
        /// Tencent's message, cleaned of what differs from call to call.
        message: String,
    },
    /// There was no answer, or none that the API gives.
    NoAnswer {
        /// What happened instead.
        reason: String,
    },
    /// The call was not made: so many wait before it that its turn would come too late.
    TooMany,
    /// There is no credential to sign with, so nothing was sent.
    NoCredential(NoCredential),
}

/// Why a source of credentials gave none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoCredential {
    /// Something is missing or wrong on this machine.
    Missing { reason: String },
    /// Who gives it out refused.
    Refused { by: &'static str, reason: String },
    /// Who gives it out asks for fewer calls.
    Throttled { by: &'static str, reason: String },
    /// Who gives it out cannot be reached, or failed.
    Unavailable { by: &'static str, reason: String },
}

impl CallError {
    pub(crate) fn no_answer(reason: &str) -> Self {
        Self::NoAnswer { reason: reason.to_owned() }
    }

    pub(crate) fn answered(
        action: &'static str,
        code: &str,
        meaning: Meaning,
        message: &str,
        request_id: &str,
    ) -> Self {
        let (code, message) = (one_line(code), stable(message, request_id));
        Self::Answered { action, code, meaning, message }
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Answered { meaning, .. } => meaning.class,
            Self::NoAnswer { .. } | Self::NoCredential(NoCredential::Unavailable { .. }) => {
                Class::Server
            }
            Self::TooMany | Self::NoCredential(NoCredential::Throttled { .. }) => Class::Throttled,
            Self::NoCredential(_) => Class::Credential,
        }
    }

    /// Whether DNSPod answered with a code that no table knows.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Answered { meaning, .. } if *meaning == Meaning::UNKNOWN)
    }

    /// Whether the server may say this because the session of a temporary credential has ended: first it refuses the
    /// token, and when the session is long over it may know the `SecretId` no more.
    pub(crate) fn may_be_ended_session(&self) -> bool {
        const CODES: [&str; 2] = ["AuthFailure.TokenFailure", "AuthFailure.SecretIdNotFound"];
        matches!(self, Self::Answered { code, .. } if CODES.contains(&code.as_str()))
    }

    /// How long DNSPod asks to wait, where it says so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        (self.class() == Class::TooFrequent).then_some(Duration::from_secs(60))
    }

    /// What the caller of the provider is told: the record at `name`, in `zone`, and why not.
    pub(crate) fn into_provider_error(self, name: &DnsName, zone: &DnsName) -> DnsProviderError {
        let provider = PROVIDER.to_owned();
        let zone = zone.to_string();
        let reason = match self {
            Self::NoCredential(failure) => return failure.into_provider_error(),
            _ => self.reason(PROVIDER),
        };
        match self.class() {
            Class::Credential | Class::Clock => {
                DnsProviderError::CredentialRefused { provider, reason }
            }
            Class::NotPermitted => DnsProviderError::NotPermitted { provider, zone, reason },
            Class::Throttled | Class::TooFrequent => {
                DnsProviderError::Throttled { provider, reason, retry_after: self.retry_after() }
            }
            Class::Server => DnsProviderError::Unavailable { provider, reason },
            Class::Busy => DnsProviderError::Unavailable {
                provider,
                reason: format!("zone {zone} is being changed: {reason}"),
            },
            Class::Permanent | Class::NotMyZone => {
                DnsProviderError::ZoneUnusable { provider, zone, reason }
            }
            Class::Request | Class::TtlLimit | Class::AlreadyThere | Class::Gone => {
                DnsProviderError::Rejected { provider, name: name.to_string(), reason }
            }
        }
    }

    /// Tencent's code and what to do, then the words of `speaker`, who answered, where they say more than the code.
    pub(crate) fn reason(&self, speaker: &str) -> String {
        let (action, code, meaning, message) = match self {
            Self::NoAnswer { reason } => return reason.clone(),
            Self::TooMany => return MORE_THAN_PERMITTED.to_owned(),
            Self::NoCredential(failure) => return failure.reason().to_owned(),
            Self::Answered { action, code, meaning, message } => (action, code, meaning, message),
        };
        let mut reason = match (meaning.advice, meaning.class) {
            ("", Class::NotPermitted) => {
                format!(
                    "{code}: allow the key the action dnspod:{action} on this zone (CAM policy)"
                )
            }
            ("", _) => format!("{code}: {action} failed"),
            (advice, _) => format!("{code}: {advice}"),
        };
        let tells_more = matches!(
            meaning.class,
            Class::NotPermitted | Class::Permanent | Class::Request | Class::TtlLimit | Class::Busy
        );
        if tells_more && !message.is_empty() {
            let _ = write!(reason, " ({speaker} says: {message})");
        }
        reason
    }
}

impl NoCredential {
    /// What the caller of the provider is told.
    pub(crate) fn into_provider_error(self) -> DnsProviderError {
        match self {
            Self::Missing { reason } => {
                DnsProviderError::NoCredential { provider: PROVIDER.to_owned(), reason }
            }
            Self::Refused { by, reason } => {
                DnsProviderError::CredentialRefused { provider: by.to_owned(), reason }
            }
            Self::Throttled { by, reason } => {
                DnsProviderError::Throttled { provider: by.to_owned(), reason, retry_after: None }
            }
            Self::Unavailable { by, reason } => {
                DnsProviderError::Unavailable { provider: by.to_owned(), reason }
            }
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Missing { reason }
            | Self::Refused { reason, .. }
            | Self::Throttled { reason, .. }
            | Self::Unavailable { reason, .. } => reason,
        }
    }
}

/// For what takes this error bare or with more around it.
impl AsRef<Self> for CallError {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// `message` without the request id, which CAM puts in front as `[request id:…]`, on one line and not for ever long:
/// the same cause must read the same each time.
fn stable(message: &str, request_id: &str) -> String {
    let mut message = message.trim();
    if let Some((_, rest)) = message.strip_prefix("[request id:").and_then(|m| m.split_once(']')) {
        message = rest.trim_start();
    }
    let message =
        if request_id.is_empty() { message.to_owned() } else { message.replace(request_id, "…") };
    one_line(&message)
}

fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api3;

    fn answered(action: &'static str, code: &str, message: &str) -> String {
        let name = DnsName::parse("_acme-challenge.ws.example").unwrap();
        let zone = DnsName::parse("ws.example").unwrap();
        CallError::answered(action, code, api3::meaning(code), message, "req-1")
            .into_provider_error(&name, &zone)
            .to_string()
    }

    #[test]
    fn a_missing_permission_is_named_with_its_action() {
        let text = answered(
            "CreateRecord",
            "UnauthorizedOperation",
            "[request id:req-1]you are not authorized to perform operation (dnspod:CreateRecord)",
        );
        assert_eq!(
            text,
            "DNSPod does not permit this on zone ws.example: UnauthorizedOperation: allow the key the action \
             dnspod:CreateRecord on this zone (CAM policy) (DNSPod says: you are not authorized to perform \
             operation (dnspod:CreateRecord))"
        );
    }

    #[test]
    fn the_request_id_is_in_no_text() {
        for code in ["UnauthorizedOperation", "FailedOperation", "InvalidParameter.CustomMessage"] {
            let text = answered("CreateRecord", code, "failed [RequestId req-1]\nagain");
            assert!(!text.contains("req-1"), "{text}");
            assert!(!text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn nothing_that_a_server_sends_breaks_the_line() {
        let text = answered("CreateRecord", "New\r\nThing\u{1b}[31m", "failed\u{7}\nagain");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }

    #[test]
    fn a_refused_credential_says_what_to_do_and_keeps_the_code() {
        let text = answered("DescribeRecordList", "AuthFailure.SecretIdNotFound", "whatever");
        assert!(text.starts_with("DNSPod refused the credential: AuthFailure.SecretIdNotFound: "));
        assert!(!text.contains("whatever"), "{text}");
    }

    #[test]
    fn chinese_messages_are_kept_after_the_english_sentence() {
        let text =
            answered("CreateRecord", "FailedOperation.DomainIsLocked", "锁定域名不能进行此操作。");
        assert!(text.contains("the zone is locked"), "{text}");
        assert!(text.ends_with("(DNSPod says: 锁定域名不能进行此操作。)"), "{text}");
    }
}
