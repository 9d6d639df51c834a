//! What a name server answers (RFC 1034 §4.3.2, RFC 2308, RFC 4592): a pure function of the zones and the question.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::{LowerName, Name, RData, Record, RecordType};

use super::record::{ZoneRecord, absolute};
use super::store::NAME_SERVER_ZONE;
use super::view::{View, ZoneView};

/// How many CNAME records one answer follows.
const LONGEST_CHAIN: usize = 8;

/// TTL of an SOA record, and of what is not there: DNSPod's 180 seconds.
const NEGATIVE_TTL: u32 = 180;

/// The sections of an answer and its flags.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: ResponseCode,
    pub(super) authoritative: bool,
    pub(super) answers: Vec<Record>,
    pub(super) authorities: Vec<Record>,
    pub(super) additionals: Vec<Record>,
}

impl Answer {
    /// An answer with nothing but a response code.
    pub(super) fn of(code: ResponseCode) -> Self {
        Self {
            code,
            authoritative: false,
            answers: Vec::new(),
            authorities: Vec::new(),
            additionals: Vec::new(),
        }
    }
}

/// What a server that is authoritative for the zones answers; REFUSED for names in none of them.
pub(super) fn authoritative(view: &View<'_>, name: &Name, kind: RecordType) -> Answer {
    let Some(zone) = served_zone(view, &LowerName::new(name)) else {
        return Answer::of(ResponseCode::Refused);
    };
    let mut answer = Answer { authoritative: true, ..Answer::of(ResponseCode::NoError) };
    fill(&mut answer, view, zone, name, kind, false);
    answer
}

/// What a recursive resolver answers for which the zones are all there is below the root.
pub(super) fn recursive(view: &View<'_>, name: &Name, kind: RecordType) -> Answer {
    let lower = LowerName::new(name);
    let mut answer = Answer::of(ResponseCode::NoError);
    if let Some(zone) = served_zone(view, &lower) {
        fill(&mut answer, view, zone, name, kind, true);
        return answer;
    }
    if view.zone_of(&lower).is_some() {
        // Its servers refuse, and a resolver has no better word for that.
        return Answer::of(ResponseCode::ServFail);
    }
    if !view.has_zone_below(&lower) {
        answer.code = ResponseCode::NXDomain;
    }
    answer.authorities.push(soa(Name::root(), view.revision()));
    answer
}

fn served_zone<'a>(view: &'a View<'_>, name: &LowerName) -> Option<ZoneView<'a>> {
    view.zone_of(name).filter(ZoneView::is_served)
}

/// What one zone has for a question.
enum Found<'a> {
    Records(Vec<&'a ZoneRecord>),
    Soa,
    Alias(&'a ZoneRecord),
    Delegated(LowerName, Vec<&'a ZoneRecord>),
    NoData,
    NoName,
}

fn fill<'a>(
    answer: &mut Answer,
    view: &'a View<'_>,
    mut zone: ZoneView<'a>,
    name: &Name,
    kind: RecordType,
    across_zones: bool,
) {
    let mut name = name.clone();
    for _ in 0..=LONGEST_CHAIN {
        let apex = &zone.info().apex;
        match find(zone, &LowerName::new(&name), kind) {
            Found::Records(records) => {
                answer.answers.extend(records.into_iter().map(|record| resource(&name, record)));
                add_addresses(answer, view);
                return;
            }
            Found::Soa => {
                answer.answers.push(soa(name, view.revision()));
                return;
            }
            Found::Alias(record) => {
                answer.answers.push(resource(&name, record));
                let RData::CNAME(target) = &record.data else { return };
                name = target.0.clone();
                match served_zone(view, &LowerName::new(&name)) {
                    Some(next) if across_zones || next.info().id == zone.info().id => zone = next,
                    _ => return,
                }
            }
            Found::Delegated(cut, servers) => {
                // Only a name outside the zone's authority is referred; behind a CNAME the client asks itself.
                answer.authoritative &= !answer.answers.is_empty();
                let cut = Name::from(cut);
                answer.authorities.extend(servers.into_iter().map(|record| resource(&cut, record)));
                add_addresses(answer, view);
                return;
            }
            absent @ (Found::NoData | Found::NoName) => {
                if matches!(absent, Found::NoName) {
                    answer.code = ResponseCode::NXDomain;
                }
                answer.authorities.push(soa(Name::from(apex), view.revision()));
                return;
            }
        }
    }
}

fn find<'a>(zone: ZoneView<'a>, name: &LowerName, kind: RecordType) -> Found<'a> {
    let apex = &zone.info().apex;
    for depth in apex.num_labels() + 1..=name.num_labels() {
        let cut = LowerName::new(&Name::from(name).trim_to(usize::from(depth)));
        let servers = of_type(&zone.at(&cut), RecordType::NS);
        if !servers.is_empty() {
            return Found::Delegated(cut, servers);
        }
    }
    if name == apex && kind == RecordType::SOA {
        return Found::Soa;
    }
    let here = zone.at(name);
    if !here.is_empty() {
        return among(here, kind);
    }
    if name == apex || zone.exists(name) {
        return Found::NoData;
    }
    let mut encloser = name.base_name();
    while encloser != *apex && !zone.exists(&encloser) {
        encloser = encloser.base_name();
    }
    let Ok(wildcard) = Name::from(&encloser).prepend_label("*") else { return Found::NoName };
    let synthesised = zone.at(&LowerName::new(&wildcard));
    if synthesised.is_empty() { Found::NoName } else { among(synthesised, kind) }
}

fn among(records: Vec<&ZoneRecord>, kind: RecordType) -> Found<'_> {
    if kind == RecordType::ANY {
        return Found::Records(records);
    }
    let wanted = of_type(&records, kind);
    if !wanted.is_empty() {
        return Found::Records(wanted);
    }
    let alias = records.into_iter().find(|record| record.record.kind == RecordType::CNAME);
    alias.map_or(Found::NoData, Found::Alias)
}

fn of_type<'a>(records: &[&'a ZoneRecord], kind: RecordType) -> Vec<&'a ZoneRecord> {
    records.iter().copied().filter(|record| record.record.kind == kind).collect()
}

fn resource(name: &Name, record: &ZoneRecord) -> Record {
    Record::from_rdata(name.clone(), record.record.ttl, record.data.clone())
}

fn soa(apex: Name, revision: u64) -> Record {
    let in_name_server_zone = |label: &str| {
        absolute(&format!("{label}.{NAME_SERVER_ZONE}"))
            .expect("a constant zone and a plain label are a name")
    };
    // Serial numbers wrap (RFC 1982); 0 is left out because some clients take it for none.
    #[expect(clippy::cast_possible_truncation, reason = "serial numbers wrap")]
    let serial = revision as u32 + 1;
    let soa = SOA::new(
        in_name_server_zone("ns1"),
        in_name_server_zone("hostmaster"),
        serial,
        3600,
        180,
        1_209_600,
        NEGATIVE_TTL,
    );
    Record::from_rdata(apex, NEGATIVE_TTL, RData::SOA(soa))
}

/// Adds the addresses of the name servers that the answer names, as far as they are in the zones.
fn add_addresses(answer: &mut Answer, view: &View<'_>) {
    let servers: Vec<Name> = answer
        .answers
        .iter()
        .chain(&answer.authorities)
        .filter_map(|record| match &record.data {
            RData::NS(server) => Some(server.0.clone()),
            _ => None,
        })
        .collect();
    for server in servers {
        let lower = LowerName::new(&server);
        let Some(zone) = served_zone(view, &lower) else { continue };
        let addresses = zone.at(&lower).into_iter();
        let addresses = addresses
            .filter(|record| matches!(record.record.kind, RecordType::A | RecordType::AAAA));
        answer.additionals.extend(addresses.map(|record| resource(&server, record)));
    }
}
