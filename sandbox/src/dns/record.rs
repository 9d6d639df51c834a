//! A record as the zone holds it: text, as DNSPod's API has it, and the same in DNS terms.

use hickory_proto::rr::rdata::{A, AAAA, CAA, CNAME, MX, NS, TXT};
use hickory_proto::rr::{LowerName, Name, RData, RecordType};
use time::OffsetDateTime;
use tokio::time::Instant;

/// The longest TXT value: what fits into a DNS message with room to spare.
const LONGEST_TXT: usize = 16 * 1024;

/// DNSPod's id of the line that answers whoever no other line is for.
pub(crate) const DEFAULT_LINE_ID: &str = "0";

/// A record to add to a zone.
#[derive(Clone, Debug)]
pub(crate) struct NewRecord {
    /// The name relative to the zone, `@` for the zone itself.
    pub(crate) sub_domain: String,
    /// Its type.
    pub(crate) kind: RecordType,
    /// Its value as text.
    pub(crate) value: String,
    /// The id of the line that it is for.
    pub(crate) line_id: &'static str,
    /// Time to live in seconds.
    pub(crate) ttl: u32,
    /// The preference of an MX record, 0 for others.
    pub(crate) mx: u16,
    /// Load-balancing weight, which the DNS side does not act on.
    pub(crate) weight: Option<u64>,
    /// A note of the zone's owner.
    pub(crate) remark: String,
    /// Whether it is served.
    pub(crate) enabled: bool,
    /// Whether the zone has it from the start: its NS records.
    pub(crate) default_ns: bool,
}

impl NewRecord {
    /// A record of this name, type and value, enabled, on the default line, with a TTL of 600 seconds.
    pub(crate) fn new(sub_domain: &str, kind: RecordType, value: &str) -> Self {
        Self {
            sub_domain: sub_domain.to_owned(),
            kind,
            value: value.to_owned(),
            line_id: DEFAULT_LINE_ID,
            ttl: 600,
            mx: 0,
            weight: None,
            remark: String::new(),
            enabled: true,
            default_ns: false,
        }
    }
}

/// A record of a zone.
#[derive(Clone, Debug)]
pub(crate) struct ZoneRecord {
    /// Its id, unique in the sandbox.
    pub(crate) id: u64,
    /// Its name with that of its zone.
    pub(crate) name: LowerName,
    /// What was asked for.
    pub(crate) record: NewRecord,
    /// The value in DNS terms.
    pub(crate) data: RData,
    /// When it was created, on the runtime's clock.
    pub(crate) created: Instant,
    /// When it was last changed.
    pub(crate) updated_on: OffsetDateTime,
}

/// The value of a record in DNS terms, or `None` where `value` is not one of this type or the type is not served.
pub(super) fn parse_data(kind: RecordType, value: &str, mx: u16) -> Option<RData> {
    match kind {
        RecordType::A => value.parse().ok().map(|address| RData::A(A(address))),
        RecordType::AAAA => value.parse().ok().map(|address| RData::AAAA(AAAA(address))),
        RecordType::CNAME => absolute(value).map(|name| RData::CNAME(CNAME(name))),
        RecordType::NS => absolute(value).map(|name| RData::NS(NS(name))),
        RecordType::MX => absolute(value).map(|name| RData::MX(MX::new(mx, name))),
        RecordType::TXT => txt(value),
        RecordType::CAA => caa(value),
        _ => None,
    }
}

/// The absolute name written as `name`, with or without its last dot, in Unicode or in A-labels.
pub(crate) fn absolute(name: &str) -> Option<Name> {
    let ascii = idna::domain_to_ascii(name.trim_end_matches('.')).ok()?;
    let mut name = Name::from_ascii(&ascii).ok()?;
    name.set_fqdn(true);
    (!name.is_root()).then_some(name)
}

fn txt(value: &str) -> Option<RData> {
    if value.is_empty() || value.len() > LONGEST_TXT {
        return None;
    }
    // A character-string holds at most 255 bytes (RFC 1035 §3.3).
    let strings = value.as_bytes().chunks(255).collect();
    Some(RData::TXT(TXT::from_bytes(strings)))
}

/// `0 issue "ca.example"`, quotes optional.
fn caa(value: &str) -> Option<RData> {
    let mut parts = value.splitn(3, ' ');
    let flags: u8 = parts.next()?.parse().ok()?;
    let tag = parts.next().filter(|tag| tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
    let value = parts.next()?.trim();
    let value = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
    let mut caa = CAA::new_issue(flags & 0x80 != 0, None, Vec::new());
    caa.reserved_flags = flags & 0x7f;
    caa.tag = tag.to_ascii_lowercase();
    caa.value = value.as_bytes().to_vec();
    Some(RData::CAA(caa))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_txt_value_is_cut_into_strings_of_255_bytes() {
        let Some(RData::TXT(txt)) = parse_data(RecordType::TXT, &"x".repeat(600), 0) else {
            panic!("no TXT record")
        };
        let lengths: Vec<usize> = txt.txt_data.iter().map(|string| string.len()).collect();
        assert_eq!(lengths, [255, 255, 90]);
    }

    #[test]
    fn values_that_are_not_of_their_type_are_refused() {
        for (kind, value) in [
            (RecordType::A, "::1"),
            (RecordType::AAAA, "127.0.0.1"),
            (RecordType::CNAME, ""),
            (RecordType::CNAME, "a..b"),
            (RecordType::TXT, ""),
            (RecordType::CAA, "issue ca.example"),
            (RecordType::CAA, "0 is-sue ca.example"),
            (RecordType::SRV, "1 2 3 host.example"),
        ] {
            assert!(parse_data(kind, value, 0).is_none(), "{kind} {value:?}");
        }
    }

    #[test]
    fn a_caa_record_keeps_its_flags_tag_and_value() {
        let Some(RData::CAA(caa)) =
            parse_data(RecordType::CAA, "128 issueWild \"ca.example; a=b\"", 0)
        else {
            panic!("no CAA record")
        };
        assert!(caa.issuer_critical);
        assert_eq!(
            (caa.tag.as_str(), caa.value.as_slice()),
            ("issuewild", &b"ca.example; a=b"[..])
        );
    }

    #[test]
    fn names_may_be_written_in_unicode() {
        assert_eq!(
            absolute("_acme-challenge.Bücher.example.").unwrap().to_ascii(),
            "_acme-challenge.xn--bcher-kva.example."
        );
    }
}
