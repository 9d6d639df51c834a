//! Domain names as ACME and the DNS see them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A domain name without a wildcard: A-labels, lower case, no trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DnsName(String);

impl DnsName {
    /// Parses a name given in Unicode or A-labels, with or without a trailing dot. Underscores are allowed, because
    /// `_acme-challenge` is a name too.
    pub fn parse(name: &str) -> Result<Self, IdentifierError> {
        todo!("{name}")
    }

    /// The name, `ws.example`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its first label, or `None` where one label is left.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(_, rest)| Self(rest.to_owned()))
    }

    /// `label` put before this name.
    pub fn child(&self, label: &str) -> Result<Self, IdentifierError> {
        Self::parse(&format!("{label}.{}", self.0))
    }

    /// Whether this name is `zone` or lies below it.
    pub fn is_in(&self, zone: &Self) -> bool {
        self.0.strip_suffix(&zone.0).is_some_and(|left| left.is_empty() || left.ends_with('.'))
    }
}

/// An ACME `dns` identifier (RFC 8555 §7.1.4): a domain name, or `*.` and a domain name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identifier {
    base: DnsName,
    wildcard: bool,
}

impl Identifier {
    /// Parses `ws.example` or `*.ws.example`.
    pub fn parse(name: &str) -> Result<Self, IdentifierError> {
        todo!("{name}")
    }

    /// The domain name that is validated: the name without `*.`.
    pub fn base(&self) -> &DnsName {
        &self.base
    }

    /// Whether it is a wildcard.
    pub fn is_wildcard(&self) -> bool {
        self.wildcard
    }
}

/// Why a text is no identifier for DNS-01; names the text and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentifierError {
    /// Nothing was given.
    #[error("a domain name is empty")]
    Empty,
    /// An IP address: DNS-01 cannot validate it (RFC 8738 §4).
    #[error("{0} is an IP address, and DNS-01 validates domain names only")]
    IpAddress(String),
    /// The text breaks the rules for host names.
    #[error("{name:?} is not a domain name: {reason}")]
    Invalid {
        /// The text.
        name: String,
        /// The rule.
        reason: String,
    },
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wildcard { write!(f, "*.{}", self.base) } else { write!(f, "{}", self.base) }
    }
}

impl FromStr for DnsName {
    type Err = IdentifierError;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl FromStr for Identifier {
    type Err = IdentifierError;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl TryFrom<String> for DnsName {
    type Error = IdentifierError;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name)
    }
}

impl TryFrom<String> for Identifier {
    type Error = IdentifierError;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name)
    }
}

impl From<DnsName> for String {
    fn from(name: DnsName) -> Self {
        name.0
    }
}

impl From<Identifier> for String {
    fn from(identifier: Identifier) -> Self {
        identifier.to_string()
    }
}
