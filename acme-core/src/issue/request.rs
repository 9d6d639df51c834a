//! What is asked for.

use std::time::Duration;

use url::{Host, Url};
use zeroize::Zeroizing;

use super::IssueError;
use crate::Identifier;
use crate::key::KeyType;
use crate::store::certificate_name;

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

impl IssueRequest {
    /// A request for `identifiers` from `ca`, with defaults for the rest: stored under the first name, a new P-256
    /// key, 10 minutes for propagation and 5 for the CA.
    pub fn new(identifiers: Vec<Identifier>, ca: CertificateAuthority) -> Self {
        let name = identifiers.first().map(certificate_name).unwrap_or_default();
        Self {
            name,
            identifiers,
            ca,
            key_type: KeyType::default(),
            key_policy: KeyPolicy::default(),
            profile: None,
            preferred_chain: None,
            force: false,
            dry_run: false,
            propagation_timeout: Duration::from_secs(600),
            ca_timeout: Duration::from_secs(300),
        }
    }

    /// Refuses what cannot succeed, before anything is asked of anyone.
    pub(super) fn validate(&self) -> Result<(), IssueError> {
        let invalid = |field, reason: String| Err(IssueError::InvalidRequest { field, reason });
        if self.identifiers.is_empty() {
            return invalid("identifiers", "give at least one domain name".to_owned());
        }
        if self.identifiers.len() > Identifier::MAX_LIST {
            let (given, most) = (self.identifiers.len(), Identifier::MAX_LIST);
            return invalid(
                "identifiers",
                format!("{given} names; one certificate holds {most} at most"),
            );
        }
        let mut sorted: Vec<_> = self.identifiers.iter().collect();
        sorted.sort();
        if let Some((twice, _)) = sorted.iter().zip(&sorted[1..]).find(|(a, b)| a == b) {
            return invalid("identifiers", format!("{twice} is given twice"));
        }
        let directory = &self.ca.directory;
        let loopback = match directory.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if directory.scheme() != "https" && !(directory.scheme() == "http" && loopback) {
            return invalid("directory", format!("{directory} must be https://"));
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn request(names: &[&str], directory: &str) -> IssueRequest {
        let identifiers = names.iter().map(|name| Identifier::parse(name).unwrap()).collect();
        let ca = CertificateAuthority {
            directory: Url::parse(directory).unwrap(),
            email: None,
            accept_tos: true,
            external_account: None,
        };
        IssueRequest::new(identifiers, ca)
    }

    #[test]
    fn a_wildcard_is_stored_under_a_name_that_is_a_file_name() {
        assert_eq!(request(&["*.ws.example"], "https://ca.example/").name, "_.ws.example");
        assert_eq!(
            request(&["ws.example", "*.ws.example"], "https://ca.example/").name,
            "ws.example"
        );
    }

    #[test]
    fn what_cannot_succeed_is_refused_with_the_field() {
        let field = |request: IssueRequest| match request.validate() {
            Err(IssueError::InvalidRequest { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(request(&[], "https://ca.example/")), "identifiers");
        assert_eq!(
            field(request(&["a.example", "A.example"], "https://ca.example/")),
            "identifiers"
        );
        let many: Vec<_> = (0..101).map(|n| format!("n{n}.example")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(field(request(&many, "https://ca.example/")), "identifiers");
        assert_eq!(field(request(&["a.example"], "http://ca.example/")), "directory");
        assert_eq!(field(request(&["a.example"], "ftp://ca.example/")), "directory");
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for directory in ["http://127.0.0.1:4000/dir", "http://[::1]/dir", "http://localhost/dir"] {
            request(&["a.example"], directory).validate().unwrap();
        }
    }
}
