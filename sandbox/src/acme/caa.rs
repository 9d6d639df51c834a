//! Certification Authority Authorization (RFC 8659) with the account and method parameters of RFC 8657.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::rdata::CAA;
use hickory_proto::rr::{RData, RecordType};

use super::dns_query::{LookupError, lookup};
use super::problem::{ErrorType, Problem};

/// How CAA records name this CA.
pub(crate) const CAA_IDENTITY: &str = "sandbox.example";

/// Refuses if the records that `name_server` shows for `domain` forbid this CA to issue for it.
pub(crate) async fn check(
    name_server: SocketAddr,
    domain: &str,
    wildcard: bool,
    account_url: &str,
    timeout: Duration,
) -> Result<(), Problem> {
    let mut name = domain;
    loop {
        match lookup(name_server, &format!("{name}."), RecordType::CAA, timeout).await {
            Ok(answers) => {
                let records: Vec<&CAA> = answers
                    .iter()
                    .filter_map(|data| match data {
                        RData::CAA(record) => Some(record),
                        _ => None,
                    })
                    .collect();
                if !records.is_empty() {
                    return if permits(&records, wildcard, account_url) {
                        Ok(())
                    } else {
                        let detail = format!("CAA at {name} does not let {CAA_IDENTITY} issue");
                        Err(Problem::new(ErrorType::Caa, detail))
                    };
                }
            }
            Err(LookupError::NoSuchName) => {}
            // Above the zone there is nothing to ask these servers: they serve no other parents.
            Err(LookupError::Refused) if name != domain => return Ok(()),
            Err(error) => {
                let detail = format!("{name_server} was asked for CAA at {name}: {error}");
                return Err(Problem::new(ErrorType::Dns, detail));
            }
        }
        match name.split_once('.') {
            Some((_, parent)) => name = parent,
            None => return Ok(()),
        }
    }
}

/// Whether the relevant record set lets this CA issue (RFC 8659 §4).
fn permits(records: &[&CAA], wildcard: bool, account_url: &str) -> bool {
    let tagged = |tag: &str| {
        records.iter().filter(|record| record.tag.eq_ignore_ascii_case(tag)).collect::<Vec<_>>()
    };
    let is_known = |record: &&CAA| {
        ["issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"]
            .iter()
            .any(|tag| record.tag.eq_ignore_ascii_case(tag))
    };
    if records.iter().any(|record| record.issuer_critical && !is_known(record)) {
        return false;
    }
    let mut restricting = if wildcard { tagged("issuewild") } else { Vec::new() };
    if restricting.is_empty() {
        restricting = tagged("issue");
    }
    restricting.is_empty()
        || restricting.iter().any(|record| names_this_ca(&record.value, account_url))
}

/// Whether the value of an `issue` or `issuewild` property names this CA, this account and this method.
fn names_this_ca(value: &[u8], account_url: &str) -> bool {
    let Ok(value) = std::str::from_utf8(value) else { return false };
    let mut parts = value.split(';').map(str::trim);
    if !parts.next().is_some_and(|issuer| issuer.eq_ignore_ascii_case(CAA_IDENTITY)) {
        return false;
    }
    parts.filter(|parameter| !parameter.is_empty()).all(|parameter| {
        match parameter.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some(("accounturi", uri)) => uri == account_url,
            Some(("validationmethods", methods)) => {
                methods.split(',').any(|method| method.trim() == "dns-01")
            }
            Some(_) => true,
            None => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "https://ca.example/account/1";

    fn record(critical: bool, tag: &str, value: &str) -> CAA {
        let mut record = CAA::new_issue(critical, None, Vec::new());
        record.tag = tag.to_owned();
        record.value = value.as_bytes().to_vec();
        record
    }

    #[test]
    fn issue_and_issuewild_say_who_may_issue() {
        let other = &record(false, "issue", "other.example");
        let ours = &record(false, "issue", "sandbox.example");
        let nobody = &record(false, "issue", ";");
        let wild_ours = &record(false, "issuewild", "Sandbox.Example");
        let wild_nobody = &record(false, "ISSUEWILD", ";");
        let iodef = &record(false, "iodef", "mailto:caa@ws.example");
        for (records, for_name, for_wildcard) in [
            (vec![iodef], true, true),
            (vec![ours], true, true),
            (vec![other], false, false),
            (vec![nobody], false, false),
            (vec![other, ours], true, true),
            (vec![other, wild_ours], false, true),
            (vec![ours, wild_nobody], true, false),
            (vec![wild_nobody], true, false),
        ] {
            assert_eq!(permits(&records, false, ACCOUNT), for_name, "{records:?}");
            assert_eq!(permits(&records, true, ACCOUNT), for_wildcard, "{records:?}");
        }
    }

    #[test]
    fn parameters_bind_to_an_account_and_a_method() {
        for (value, expected) in [
            ("sandbox.example; accounturi=https://ca.example/account/1", true),
            ("sandbox.example;accounturi=https://ca.example/account/2", false),
            ("sandbox.example; validationmethods=http-01,dns-01", true),
            ("sandbox.example; validationmethods=http-01", false),
            ("sandbox.example; unknown=1;", true),
            ("sandbox.example; nonsense", false),
            ("sandbox.example.org", false),
        ] {
            let record = record(false, "issue", value);
            assert_eq!(permits(&[&record], false, ACCOUNT), expected, "{value}");
        }
    }

    #[test]
    fn an_unknown_critical_property_forbids() {
        let unknown = record(true, "future", "1");
        assert!(!permits(&[&unknown], false, ACCOUNT));
        assert!(permits(&[&record(false, "future", "1")], false, ACCOUNT));
    }
}
