//! Identifiers (RFC 8555 §9.7.7) and which of them the CA issues for.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::problem::{ErrorType, Problem};

/// What an order asks a certificate for. Only those of type `dns` get past [`Identifier::check`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Identifier {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
}

impl Identifier {
    /// The identifier of a DNS name.
    pub(crate) fn dns(name: impl Into<String>) -> Self {
        Self { kind: "dns".to_owned(), value: name.into() }
    }

    /// The name without its wildcard label, and whether there was one.
    pub(crate) fn base_domain(&self) -> (&str, bool) {
        match self.value.strip_prefix("*.") {
            Some(base) => (base, true),
            None => (&self.value, false),
        }
    }

    /// Refuses what no certificate is issued for; `blocked` domains and what is below them are refused by policy.
    pub(crate) fn check(&self, blocked: &[String]) -> Result<(), Problem> {
        if self.kind != "dns" {
            let detail = format!("identifiers of type {:?} are not supported", self.kind);
            return Err(Problem::new(ErrorType::UnsupportedIdentifier, detail));
        }
        let rejected = |why: &str| {
            let detail = format!("no certificate is issued for {:?}: {why}", self.value);
            Err(Problem::new(ErrorType::RejectedIdentifier, detail))
        };
        let (base, _) = self.base_domain();
        if base.parse::<IpAddr>().is_ok() {
            return rejected("it is an IP address");
        }
        if base.contains('*') {
            return rejected("a wildcard is the whole leftmost label, and there is one at most");
        }
        if let Err(why) = check_host_name(base) {
            return rejected(why);
        }
        let is_at_or_below = |domain: &String| {
            base.strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if blocked.iter().any(is_at_or_below) {
            return rejected("the CA's policy forbids issuing for it");
        }
        Ok(())
    }
}

/// Letters, digits and hyphens, in lower case, at least two labels (RFC 1123 §2.1, RFC 1035 §2.3.4).
fn check_host_name(name: &str) -> Result<(), &'static str> {
    if name.len() > 253 {
        return Err("it is longer than 253 bytes");
    }
    let labels: Vec<&str> = name.split('.').collect();
    if labels.len() < 2 {
        return Err("it has fewer than two labels");
    }
    for label in &labels {
        if label.is_empty() || label.len() > 63 {
            return Err("a label is empty or longer than 63 bytes");
        }
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !label.bytes().all(is_allowed) || label.starts_with('-') || label.ends_with('-') {
            return Err("a label is not of letters, digits and inner hyphens");
        }
        if label.as_bytes().get(2..4) == Some(b"--") && !label.starts_with("xn--") {
            return Err("a label has hyphens where only an IDNA prefix may have them");
        }
        if label.starts_with("xn--") && idna::domain_to_unicode(label).1.is_err() {
            return Err("a label is no valid IDNA A-label");
        }
    }
    if labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("its last label is a number");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_accepted_or_refused_by_the_type_of_their_fault() {
        let blocked = ["blocked.example".to_owned()];
        for name in ["ws.example", "*.ws.example", "xn--bcher-kva.example", "notblocked.example"] {
            assert!(Identifier::dns(name).check(&blocked).is_ok(), "{name}");
        }
        let long = format!("{}.example", "a.".repeat(130));
        for name in [
            "",
            "example",
            "*",
            "*.example.",
            "*.*.ws.example",
            "w*.ws.example",
            "ws.*.example",
            "192.0.2.1",
            "2001:db8::1",
            "*.192.0.2.1",
            "ws..example",
            "-ws.example",
            "ws_1.example",
            "WS.example",
            "bücher.example",
            "xn--a.example",
            "ab--cd.example",
            "ws.1",
            "blocked.example",
            "*.x.blocked.example",
            &long,
        ] {
            let problem = Identifier::dns(name).check(&blocked).unwrap_err();
            assert_eq!(problem.kind, ErrorType::RejectedIdentifier, "{name}");
        }
        let ip = Identifier { kind: "ip".to_owned(), value: "192.0.2.1".to_owned() };
        assert_eq!(ip.check(&[]).unwrap_err().kind, ErrorType::UnsupportedIdentifier);
    }
}
