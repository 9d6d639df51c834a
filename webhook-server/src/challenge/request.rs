//! What cert-manager asks for (`ChallengeRequest` of `pkg/acme/webhook/apis/acme/v1alpha1`).

use std::fmt;

use serde_json::Value;

/// One thing to do with one TXT record.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ChallengeRequest {
    /// Whatever the caller wants to read in the answer. cert-manager leaves it empty, so it tells no two calls apart.
    pub(crate) uid: String,
    pub(crate) action: Action,
    /// The name that is to be proved, without `*.` for a wildcard.
    pub(crate) dns_name: String,
    /// The value of the TXT record.
    pub(crate) key: String,
    /// The namespace of Secrets that `config` names: that of the Issuer, or one for all `ClusterIssuer`s.
    pub(crate) resource_namespace: String,
    /// The name of the TXT record, with a dot at the end. It follows CNAME records where the Issuer says so.
    pub(crate) resolved_fqdn: String,
    /// The zone that cert-manager found by asking the DNS, with a dot at the end. It may be wrong.
    pub(crate) resolved_zone: String,
    /// Whether credentials of the machine or the pod may be used.
    pub(crate) allow_ambient_credentials: bool,
    /// `webhook.config` of the Issuer, as it stands there. It may hold what somebody should have put into a Secret.
    pub(crate) config: Option<Value>,
}

/// What is to be done with the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The record is to be there.
    Present,
    /// The record is to be gone.
    CleanUp,
}

impl ChallengeRequest {
    /// Whether both ask for the same thing, so that one answer does for both.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let uid = String::new();
        Self { uid: uid.clone(), ..self.clone() } == Self { uid, ..other.clone() }
    }

    /// The namespace of Secrets, if that is the name of one (RFC 1123 label): it becomes part of a path.
    pub(super) fn namespace(&self) -> Option<&str> {
        let name = self.resource_namespace.as_str();
        let is_name = (1..=63).contains(&name.len())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        is_name.then_some(name)
    }
}

impl Action {
    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Present => "Present",
            Self::CleanUp => "CleanUp",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
