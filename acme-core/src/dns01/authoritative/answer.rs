//! What a message says, by the rules of RFC 1034, RFC 2308 and RFC 8659.

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::question::NoAnswer;
use crate::dns01::{Answer, CaaRecord};

/// A delegation that a server answers instead of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Referral {
    /// Where the delegated zone begins.
    pub(super) cut: Name,
    /// Its name servers.
    pub(super) servers: Vec<Name>,
}

/// What a server answered to a TXT question for `name`. `must_own`: only an authoritative answer counts.
pub(super) fn txt(result: Result<Message, NoAnswer>, name: &Name, must_own: bool) -> Answer {
    let message = match result {
        Ok(message) => message,
        Err(NoAnswer::NoIpv6Route) => return Answer::NoIpv6Route,
        Err(NoAnswer::Unreachable(reason)) => return Answer::Unreachable(reason),
    };
    if let Err(reason) = usable(&message, must_own) {
        return Answer::NotAuthoritative(reason);
    }
    let end = end_of_aliases(&message, name);
    let values: Vec<String> = at(&message, end, RecordType::TXT)
        .filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        })
        .collect();
    if !values.is_empty() {
        Answer::Values(values)
    } else if message.metadata.response_code == ResponseCode::NXDomain {
        Answer::NoSuchName
    } else {
        Answer::NoTxt
    }
}

/// The target of the CNAME record at `name`.
pub(super) fn cname<'a>(message: &'a Message, name: &Name) -> Option<&'a Name> {
    at(message, name, RecordType::CNAME).find_map(|record| match &record.data {
        RData::CNAME(target) => Some(&target.0),
        _ => None,
    })
}

/// The name at which CNAME records of the message, from `name` on, end.
pub(super) fn end_of_aliases<'a>(message: &'a Message, name: &'a Name) -> &'a Name {
    let mut end = name;
    // One step for each record at most: a circle ends too.
    for _ in 0..message.answers.len() {
        match cname(message, end) {
            Some(target) => end = target,
            None => break,
        }
    }
    end
}

/// The CAA records at `name`.
pub(super) fn caa(message: &Message, name: &Name) -> Vec<CaaRecord> {
    let records = at(message, name, RecordType::CAA).filter_map(|record| match &record.data {
        RData::CAA(caa) => Some(CaaRecord {
            critical: caa.issuer_critical,
            tag: caa.tag.to_ascii_lowercase(),
            value: String::from_utf8_lossy(&caa.value).into_owned(),
        }),
        _ => None,
    });
    records.collect()
}

/// The apex of the zone that holds `name`: the owner of the SOA record that a resolver shows for it.
///
/// `None` where `name` is an alias (its SOA record is the target's) or the resolver shows no SOA record.
pub(super) fn apex_of(message: &Message, name: &Name) -> Option<Name> {
    if cname(message, name).is_some() {
        return None;
    }
    let mut records = message.answers.iter().chain(&message.authorities);
    let soa = records
        .find(|record| record.record_type() == RecordType::SOA && record.name.zone_of(name))?;
    Some(soa.name.to_lowercase())
}

/// The targets of the NS records at `name`.
pub(super) fn name_servers(records: &[Record], name: &Name) -> Vec<Name> {
    let servers = records.iter().filter(|record| record.name == *name);
    let servers = servers.filter_map(|record| match &record.data {
        RData::NS(server) => Some(server.0.to_lowercase()),
        _ => None,
    });
    servers.collect()
}

/// The delegation that a message holds instead of an answer for `name`, if it leads below `apex` (RFC 1034 §4.3.2).
pub(super) fn referral(message: &Message, apex: &Name, name: &Name) -> Option<Referral> {
    if message.metadata.authoritative
        || message.metadata.response_code != ResponseCode::NoError
        || !message.answers.is_empty()
    {
        return None;
    }
    let cut = message
        .authorities
        .iter()
        .find(|record| record.record_type() == RecordType::NS)?
        .name
        .to_lowercase();
    let leads_down = cut != *apex && apex.zone_of(&cut) && cut.zone_of(name);
    let servers = name_servers(&message.authorities, &cut);
    leads_down.then_some(Referral { cut, servers })
}

/// Whether a message is an answer, positive or negative; otherwise, what it is.
pub(super) fn usable(message: &Message, must_own: bool) -> Result<(), String> {
    let code = message.metadata.response_code;
    if !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
        return Err(code_name(code));
    }
    if must_own && !message.metadata.authoritative {
        return Err(format!("{} without authority", code_name(code)));
    }
    Ok(())
}

fn at<'a>(message: &'a Message, name: &Name, kind: RecordType) -> impl Iterator<Item = &'a Record> {
    let here = message.answers.iter().filter(move |record| record.name == *name);
    here.filter(move |record| record.record_type() == kind)
}

/// As people know them from `dig`.
fn code_name(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        ResponseCode::NotAuth => "NOTAUTH".to_owned(),
        other => format!("RCODE {}", u16::from(other)),
    }
}
