//! What is asked for.

use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use crate::Identifier;
use crate::key::KeyType;

/// One certificate to get.
#[derive(Clone)]
pub struct IssueRequest {
    /// The name it is stored under: one path segment, by default from the first identifier.
    pub name: String,
    /// The names it must hold; no duplicates, at least one.
    pub identifiers: Vec<Identifier>,
    /// Who issues it.
    pub ca: CertificateAuthority,
    /// The key's type.
    pub key_type: KeyType,
    /// Whether renewal makes a new key.
    pub key_policy: KeyPolicy,
    /// The CA's profile (draft-ietf-acme-profiles), where one is wanted.
    pub profile: Option<String>,
    /// The common name of an issuer in the chain that is preferred among alternates (RFC 8555 §7.4.2).
    pub preferred_chain: Option<String>,
    /// Issue though the stored certificate is good.
    pub force: bool,
    /// Go through everything and store nothing but the account.
    pub dry_run: bool,
    /// Bound on the wait until every authoritative server answers.
    pub propagation_timeout: Duration,
    /// Bound on the wait for the CA to validate and to issue, each.
    pub ca_timeout: Duration,
}

/// Whether a renewed certificate keeps its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPolicy {
    /// A new key each time.
    #[default]
    Rotate,
    /// The stored key, where it is of the type asked for.
    Reuse,
}

/// An ACME server and how to have an account there.
#[derive(Clone)]
pub struct CertificateAuthority {
    /// The directory (RFC 8555 §7.1.1).
    pub directory: Url,
    /// Contact for the account.
    pub email: Option<String>,
    /// Whether a person accepted the CA's terms of service.
    pub accept_tos: bool,
    /// For CAs that tie ACME accounts to others of theirs (RFC 8555 §7.3.4).
    pub external_account: Option<ExternalAccountBinding>,
}

/// External account binding: HMAC key id and key, as the CA gave them.
#[derive(Clone)]
pub struct ExternalAccountBinding {
    /// The key identifier.
    pub kid: String,
    /// The HMAC key, base64url as the CA shows it.
    pub hmac_key: Zeroizing<String>,
}
