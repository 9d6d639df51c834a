//! Domain names as ACME and the DNS see them.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

/// A domain name without a wildcard: A-labels, lower case, no trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DnsName(String);

impl DnsName {
    /// Parses a name given in Unicode or A-labels, with or without a trailing dot. Underscores are allowed, because
    /// `_acme-challenge` is a name too.
    ///
    /// Unicode is mapped as browsers do it: UTS #46, non-transitional. Labels are at most 63 characters and the name at
    /// most 253 (RFC 1035 §2.3.4).
    pub fn parse(name: &str) -> Result<Self, IdentifierError> {
        reject_what_is_no_name(name)?;
        if name.contains(['*', '\u{ff0a}']) {
            return Err(invalid(name, "a wildcard cannot stand here; leave out the `*`"));
        }
        let ascii = Uts46::new()
            .to_ascii(name.as_bytes(), NAME_CHARACTERS, Hyphens::CheckFirstLast, DnsLength::Ignore)
            .map_err(|_| {
                invalid(
                    name,
                    "labels hold letters, digits and hyphens, with no hyphen at either end; \
                     check the spelling",
                )
            })?;
        let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
        // Full-width digits and dots become ASCII only now.
        if ascii.parse::<IpAddr>().is_ok() {
            return Err(IdentifierError::IpAddress(shortened(name)));
        }
        if ascii.split('.').any(str::is_empty) {
            return Err(invalid(name, "a label is empty; write one dot between labels"));
        }
        if let Some(label) = ascii.split('.').find(|label| label.len() > MAX_LABEL) {
            let reason = format!(
                "a label has {} characters and the DNS allows {MAX_LABEL}; use a shorter name",
                label.len()
            );
            return Err(invalid(name, &reason));
        }
        if ascii.len() > MAX_NAME {
            let reason = format!(
                "it has {} characters and the DNS allows {MAX_NAME}; use a shorter name",
                ascii.len()
            );
            return Err(invalid(name, &reason));
        }
        Ok(Self(ascii.to_owned()))
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
    /// The most names in one list: Let's Encrypt's limit for one certificate, and the highest in common use.
    pub const MAX_LIST: usize = 100;

    /// Parses `ws.example` or `*.ws.example`, in the forms that [`DnsName::parse`] accepts.
    ///
    /// The name must be a host name (no underscore, two labels at least) that leaves room for `_acme-challenge.` before
    /// it. Whether it is a public suffix is not judged: that is the CA's to say.
    pub fn parse(name: &str) -> Result<Self, IdentifierError> {
        reject_what_is_no_name(name)?;
        let (base, wildcard) = match name.strip_prefix('*') {
            Some(rest) => match rest.strip_prefix(DOTS) {
                Some(base) if !base.is_empty() => (base, true),
                _ => return Err(invalid(name, MISPLACED_WILDCARD)),
            },
            None => (name, false),
        };
        if base.contains(['*', '\u{ff0a}']) {
            return Err(invalid(name, MISPLACED_WILDCARD));
        }
        // Errors show what was given, `*.` included.
        let base = DnsName::parse(base).map_err(|error| match error {
            IdentifierError::Invalid { reason, .. } => invalid(name, &reason),
            IdentifierError::IpAddress(_) => IdentifierError::IpAddress(shortened(name)),
            other => other,
        })?;
        let Some((_, last)) = base.0.rsplit_once('.') else {
            let reason = "no certificate is issued for a single label; give the whole name, such as \
                          www.example.com";
            return Err(invalid(name, reason));
        };
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            let reason =
                "its last label is a number, as in an incomplete IP address; give a domain name";
            return Err(invalid(name, reason));
        }
        if base.0.contains('_') {
            let reason = "host names have no underscore; give the name the certificate is for, \
                          without `_acme-challenge.`";
            return Err(invalid(name, reason));
        }
        if base.0.len() > MAX_NAME - CHALLENGE_PREFIX.len() {
            let reason = format!(
                "it has {} characters, and {} is the most that leaves room for `{CHALLENGE_PREFIX}` \
                 before it; use a shorter name",
                base.0.len(),
                MAX_NAME - CHALLENGE_PREFIX.len()
            );
            return Err(invalid(name, &reason));
        }
        Ok(Self { base, wildcard })
    }

    /// Parses the names of one certificate.
    ///
    /// Names that are equal once parsed are merged, in the order of their first appearance. At least one name is needed
    /// and at most [`MAX_LIST`](Self::MAX_LIST) may be left.
    pub fn parse_list<S: AsRef<str>>(names: &[S]) -> Result<IdentifierList, IdentifierError> {
        let mut list = IdentifierList { identifiers: Vec::new(), repeated: Vec::new() };
        let mut seen = HashSet::new();
        for name in names {
            let identifier = Self::parse(name.as_ref())?;
            if seen.insert(identifier.clone()) {
                list.identifiers.push(identifier);
            } else if !list.repeated.contains(&identifier) {
                list.repeated.push(identifier);
            }
        }
        match list.identifiers.len() {
            0 => Err(IdentifierError::NoName),
            1..=Self::MAX_LIST => Ok(list),
            given => Err(IdentifierError::TooMany { given }),
        }
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

/// The names of one certificate, as [`Identifier::parse_list`] read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifierList {
    /// The names, each once.
    pub identifiers: Vec<Identifier>,
    /// Names that were given more than once, for a note to the person who did.
    pub repeated: Vec<Identifier>,
}

/// Why a text is no identifier for DNS-01; names the text and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentifierError {
    /// The text is empty.
    #[error("a domain name is empty; give one such as ws.example or *.ws.example")]
    Empty,
    /// The text breaks the rules for host names.
    #[error("{name:?} is not a domain name: {reason}")]
    Invalid {
        /// The text.
        name: String,
        /// The rule, and what to do.
        reason: String,
    },
    /// An IP address: DNS-01 cannot validate it (RFC 8738 §7).
    #[error("{0} is an IP address, and DNS-01 validates domain names only; give a domain name")]
    IpAddress(String),
    /// A list without a name.
    #[error("no domain name is given; give at least one")]
    NoName,
    /// More names than one certificate holds.
    #[error(
        "{given} names are given and a certificate holds at most {}; split them over several certificates",
        Identifier::MAX_LIST
    )]
    TooMany {
        /// How many different names there are.
        given: usize,
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

/// RFC 1035 §2.3.4, as text without the trailing dot.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// RFC 8555 §8.4.
const CHALLENGE_PREFIX: &str = "_acme-challenge.";

/// What UTS #46 reads as a dot.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

const MISPLACED_WILDCARD: &str =
    "a wildcard is `*.` before a name, once, as in *.ws.example; write it so";

/// Denies all of ASCII but letters, digits, hyphen, dot and underscore.
const NAME_CHARACTERS: AsciiDenyList = AsciiDenyList::new(true, "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~");

/// Recognises what people paste in place of a name, to say more than "invalid".
fn reject_what_is_no_name(text: &str) -> Result<(), IdentifierError> {
    if text.is_empty() {
        return Err(IdentifierError::Empty);
    }
    if is_ip_address(text) {
        return Err(IdentifierError::IpAddress(shortened(text)));
    }
    let reason = if text.contains("://") {
        "it is a URL; give the host name alone"
    } else if text.chars().any(|c| c.is_whitespace() || c == ',') {
        "it holds a space or a comma; give one name at a time"
    } else if text.chars().any(char::is_control) {
        "it holds a control character; type the name anew"
    } else if text.contains('/') {
        "it holds a path; give the host name alone"
    } else if text.contains('@') {
        "it is an e-mail address; give the domain name alone"
    } else if text.contains(':') {
        "it holds a port; give the host name alone"
    } else {
        return Ok(());
    };
    Err(invalid(text, reason))
}

/// IPv4, IPv6, IPv6 in brackets or with a zone, each also with a port.
fn is_ip_address(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok() {
        return true;
    }
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let (address, _zone) = inner.split_once('%').unwrap_or((inner, ""));
    address.parse::<Ipv6Addr>().is_ok()
}

fn invalid(name: &str, reason: &str) -> IdentifierError {
    IdentifierError::Invalid { name: shortened(name), reason: reason.to_owned() }
}

/// What an error shows of a text: all of it, unless it is too long to be any name.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_NAME + 10) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reason(name: &str) -> String {
        Identifier::parse(name).unwrap_err().to_string()
    }

    #[test]
    fn a_name_is_lower_case_a_labels_without_trailing_dot() {
        for (given, parsed) in [
            ("WS.Example.", "ws.example"),
            ("*.WS.example", "*.ws.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("*.XN--BCHER-KVA.example", "*.xn--bcher-kva.example"),
            ("*\u{3002}例子\u{3002}中国", "*.xn--fsqu00a.xn--fiqs8s"),
            ("faß.example", "xn--fa-hia.example"),
            ("a--b.r3---x.example", "a--b.r3---x.example"),
            ("1.2.example", "1.2.example"),
        ] {
            assert_eq!(Identifier::parse(given).unwrap().to_string(), parsed, "{given}");
        }
    }

    #[test]
    fn underscores_belong_to_dns_names_and_not_to_identifiers() {
        assert_eq!(
            DnsName::parse("_acme-challenge.WS.example").unwrap().as_str(),
            "_acme-challenge.ws.example"
        );
        assert!(reason("_acme-challenge.ws.example").contains("underscore"));
    }

    #[test]
    fn a_wildcard_is_the_whole_first_label_once() {
        for name in ["*", "*.", "*.*.ws.example", "a.*.example", "w*.example", "*w.example"] {
            assert!(reason(name).contains("wildcard"), "{name}: {}", reason(name));
        }
        assert!(DnsName::parse("*.ws.example").is_err());
        assert!(reason("*.com").contains("single label"));
    }

    #[test]
    fn ip_addresses_are_named_as_such() {
        for name in [
            "192.0.2.1",
            "2001:db8::1",
            "[2001:db8::1]",
            "[::1]:443",
            "192.0.2.1:80",
            "fe80::1%eth0",
            "１９２.０.２.１",
            "192.0.2.1.",
            "*.192.0.2.1",
        ] {
            assert!(
                matches!(Identifier::parse(name), Err(IdentifierError::IpAddress(text)) if text == name),
                "{name}"
            );
        }
        assert!(reason("192.0.2").contains("number"));
        assert!(reason("300.1.2.3").contains("number"));
    }

    #[test]
    fn what_is_pasted_by_mistake_is_recognised() {
        for (name, word) in [
            ("https://ws.example/", "URL"),
            ("ws.example/path", "path"),
            ("ws.example:443", "port"),
            ("me@ws.example", "e-mail"),
            ("ws.example www.example", "one name"),
            ("a.example,b.example", "one name"),
            ("ws.example\n", "one name"),
            ("ws\0.example", "control"),
            ("ws..example", "empty"),
            (".ws.example", "empty"),
            ("-ws.example", "hyphen"),
            ("ws-.example", "hyphen"),
            ("ws!.example", "letters"),
            ("xn--a.example", "letters"),
            ("localhost", "single label"),
        ] {
            let text = reason(name);
            assert!(text.contains(word) && text.contains(&format!("{name:?}")), "{text}");
        }
        assert_eq!(Identifier::parse(""), Err(IdentifierError::Empty));
    }

    #[test]
    fn lengths_are_those_of_the_dns() {
        let label = "a".repeat(63);
        assert!(Identifier::parse(&format!("{label}.example")).is_ok());
        assert!(reason(&format!("{label}a.example")).contains("63"));

        let name = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(name.len(), 253);
        assert!(DnsName::parse(&name).is_ok());
        assert!(DnsName::parse(&format!("{name}.")).is_ok());
        assert!(DnsName::parse(&format!("{name}a")).unwrap_err().to_string().contains("253"));

        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(45));
        let identifier = Identifier::parse(&longest).unwrap();
        assert!(identifier.base().child("_acme-challenge").is_ok());
        assert!(reason(&format!("{longest}a")).contains("_acme-challenge"));
        assert!(reason(&"a.".repeat(100_000)).len() < 1_000);
    }

    #[test]
    fn names_given_twice_are_merged_and_reported() {
        let list =
            Identifier::parse_list(&["ws.example", "*.ws.example", "WS.example.", "Ws.Example"])
                .unwrap();
        assert_eq!(list.identifiers.len(), 2);
        assert_eq!(list.identifiers[0].to_string(), "ws.example");
        assert_eq!(list.repeated, [Identifier::parse("ws.example").unwrap()]);
    }

    #[test]
    fn a_list_holds_one_to_a_hundred_names() {
        let names: Vec<String> = (0..101).map(|n| format!("n{n}.example")).collect();
        assert_eq!(Identifier::parse_list(&names[..100]).unwrap().identifiers.len(), 100);
        let error = Identifier::parse_list(&names).unwrap_err();
        assert_eq!(error, IdentifierError::TooMany { given: 101 });
        assert!(error.to_string().contains("100"));
        assert_eq!(Identifier::parse_list::<&str>(&[]), Err(IdentifierError::NoName));
    }

    #[test]
    fn a_name_lies_in_its_zone_and_not_in_one_that_only_ends_alike() {
        let zone = DnsName::parse("ws.example").unwrap();
        for (name, inside) in [
            ("ws.example", true),
            ("a.ws.example", true),
            ("aws.example", false),
            ("example", false),
        ] {
            assert_eq!(DnsName::parse(name).unwrap().is_in(&zone), inside, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_parsed_name_is_what_it_displays(name in r"(\*\.)?([a-z0-9üß例-]{1,8}[.。]){1,4}[a-z]{2,8}\.?") {
            if let Ok(identifier) = Identifier::parse(&name) {
                let shown = identifier.to_string();
                prop_assert_eq!(Identifier::parse(&shown), Ok(identifier));
                prop_assert!(shown.is_ascii() && shown.to_ascii_lowercase() == shown);
            }
        }

        #[test]
        fn host_names_parse_in_any_case(name in "([a-z][a-z0-9]{0,9}\\.){1,4}[a-z]{2,8}") {
            let parsed = Identifier::parse(&name).unwrap();
            prop_assert_eq!(&parsed.to_string(), &name);
            prop_assert_eq!(Identifier::parse(&name.to_ascii_uppercase()).unwrap(), parsed);
        }

        #[test]
        fn no_text_panics_and_no_name_breaks_the_limits(text in "\\PC{0,80}|[\\x00-\\x7f]{0,300}") {
            if let Ok(name) = DnsName::parse(&text) {
                prop_assert!(name.as_str().len() <= MAX_NAME);
                prop_assert!(name.as_str().split('.').all(|l| (1..=MAX_LABEL).contains(&l.len())));
                prop_assert_eq!(DnsName::parse(name.as_str()), Ok(name));
            }
        }
    }
}
