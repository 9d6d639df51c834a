//! All zones of the sandbox, with their history: a name server that lags shows an older revision.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use hickory_proto::rr::{LowerName, Name, RecordType};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::record::{NewRecord, ZoneRecord, absolute, parse_data};

/// The zone of the name servers' own names; every other zone is delegated to `ns1`, `ns2`, … of it.
pub(crate) const NAME_SERVER_ZONE: &str = "nameserver.test";

/// How many revisions of deleted records are kept for name servers that lag or are frozen, at least. Twice as many may
/// pile up before the older ones are dropped, so that a sandbox that runs for days stays small.
const HISTORY: u64 = 1_000;

/// Whose zone it is, from the view of the account whose credentials the sandbox has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The account's own.
    Account,
    /// Another account's: the API knows the zone and refuses.
    Foreign,
    /// Nobody's: served by DNS, unknown to the API.
    Nobody,
}

/// The state that DNSPod keeps a zone in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneStatus {
    /// Served and writable.
    Enable,
    /// Paused by its owner: not served, writable.
    Pause,
    /// Locked: served, not writable.
    Lock,
    /// Banned: not served, not writable.
    Spam,
}

/// A zone without its records.
#[derive(Clone, Debug)]
pub(crate) struct ZoneInfo {
    /// DNSPod's `DomainId`.
    pub(crate) id: u64,
    /// In Unicode, lower case.
    pub(crate) name: String,
    /// In A-labels, lower case.
    pub(crate) punycode: String,
    /// Whose it is.
    pub(crate) owner: Owner,
    /// Its state.
    pub(crate) status: ZoneStatus,
    /// When it was added.
    pub(crate) created_on: OffsetDateTime,
    /// The apex.
    pub(crate) apex: LowerName,
}

/// Why a record was not added or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddError {
    /// There is no such zone, or no such record to replace.
    Absent,
    /// The same name, type and value is there already.
    Exists,
    /// The name is not one.
    SubDomain,
    /// The value is not one of this type.
    Value,
}

/// All zones, shared by the name servers and the DNSPod API.
#[derive(Debug)]
pub(crate) struct ZoneStore {
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    zones: Vec<Zone>,
    /// When each revision was made; the revision is the index.
    revisions: Vec<Instant>,
    /// The revision at which the store was opened.
    first_shown: u64,
    next_record_id: u64,
    /// Of the NS records that a zone has from the start, so that the first record of a client has a known id.
    next_default_ns_id: u64,
}

#[derive(Debug)]
struct Zone {
    info: ZoneInfo,
    records: BTreeMap<LowerName, Vec<Versioned>>,
}

/// A record and the revisions that show it: from `added` up to but without `removed`.
#[derive(Debug)]
struct Versioned {
    added: u64,
    removed: Option<u64>,
    record: ZoneRecord,
}

impl Versioned {
    fn is_in(&self, revision: u64) -> bool {
        self.added <= revision && self.removed.is_none_or(|removed| removed > revision)
    }
}

impl ZoneStore {
    /// A store without zones.
    pub(crate) fn new() -> Self {
        let state = State {
            zones: Vec::new(),
            revisions: vec![Instant::now()],
            first_shown: 0,
            next_record_id: 1_876_543_211,
            next_default_ns_id: 1,
        };
        Self { state: RwLock::new(state) }
    }

    /// Adds a zone and its NS records; `None` if `name` is not a domain name. A zone that is there already stays.
    pub(crate) fn add_zone(
        &self,
        name: &str,
        owner: Owner,
        name_servers: usize,
        now: OffsetDateTime,
    ) -> Option<u64> {
        let apex = absolute(name)?;
        let punycode = apex.to_ascii().trim_end_matches('.').to_ascii_lowercase();
        let id = {
            let mut state = self.write();
            if let Some(zone) = state.zones.iter().find(|zone| zone.info.punycode == punycode) {
                return Some(zone.info.id);
            }
            let id = 1923 + state.zones.len() as u64;
            let info = ZoneInfo {
                id,
                name: idna::domain_to_unicode(&punycode).0,
                punycode,
                owner,
                status: ZoneStatus::Enable,
                created_on: now,
                apex: LowerName::new(&apex),
            };
            state.zones.push(Zone { info, records: BTreeMap::new() });
            id
        };
        for number in 1..=name_servers {
            let ns = NewRecord {
                ttl: 86_400,
                default_ns: true,
                ..NewRecord::new("@", RecordType::NS, &format!("ns{number}.{NAME_SERVER_ZONE}."))
            };
            let _ = self.add(id, ns, now);
        }
        Some(id)
    }

    /// All zones.
    pub(crate) fn zones(&self) -> Vec<ZoneInfo> {
        self.read().zones.iter().map(|zone| zone.info.clone()).collect()
    }

    /// Sets a zone's state; whether there is such a zone.
    pub(crate) fn set_status(&self, zone_id: u64, status: ZoneStatus) -> bool {
        let mut state = self.write();
        let zone = state.zones.iter_mut().find(|zone| zone.info.id == zone_id);
        zone.is_some_and(|zone| {
            zone.info.status = status;
            true
        })
    }

    /// The records of a zone as they are now, oldest first.
    pub(crate) fn records(&self, zone_id: u64) -> Vec<ZoneRecord> {
        let state = self.read();
        let Some(zone) = state.zones.iter().find(|zone| zone.info.id == zone_id) else {
            return Vec::new();
        };
        let mut records: Vec<ZoneRecord> = zone
            .records
            .values()
            .flatten()
            .filter(|record| record.removed.is_none())
            .map(|record| record.record.clone())
            .collect();
        records.sort_by_key(|record| record.id);
        records
    }

    /// Adds a record and returns its id.
    pub(crate) fn add(
        &self,
        zone_id: u64,
        new: NewRecord,
        now: OffsetDateTime,
    ) -> Result<u64, AddError> {
        let mut state = self.write();
        let is_default_ns = new.default_ns;
        let id = if is_default_ns { state.next_default_ns_id } else { state.next_record_id };
        state.put(zone_id, id, None, new, now)?;
        if is_default_ns {
            state.next_default_ns_id += 1;
        } else {
            state.next_record_id += 1;
        }
        Ok(id)
    }

    /// Replaces the record `id`, which keeps its id.
    pub(crate) fn replace(
        &self,
        zone_id: u64,
        id: u64,
        new: NewRecord,
        now: OffsetDateTime,
    ) -> Result<(), AddError> {
        self.write().put(zone_id, id, Some(id), new, now)
    }

    /// Removes the record `id`; whether it was there.
    pub(crate) fn remove(&self, zone_id: u64, id: u64) -> bool {
        let mut state = self.write();
        let revision = state.next_revision();
        let Some(record) = state.current(zone_id, id) else { return false };
        record.removed = Some(revision);
        state.commit();
        true
    }

    /// Ends the setting up: what is in the zones now was there from the start for every name server.
    pub(crate) fn open(&self) {
        let mut state = self.write();
        state.first_shown = state.next_revision() - 1;
    }

    /// The newest revision.
    pub(crate) fn latest(&self) -> u64 {
        self.read().next_revision() - 1
    }

    /// The zones as of `revision`.
    pub(super) fn view(&self, revision: u64) -> View<'_> {
        View { state: self.read(), revision }
    }

    /// The zones as they were `lag` before `now`, but never less than what was there at [`ZoneStore::open`].
    pub(super) fn view_before(&self, now: Instant, lag: Duration) -> View<'_> {
        let state = self.read();
        // `made + lag` and not `now - lag`: an instant before the machine started cannot be expressed.
        let made_by_then = state.revisions.partition_point(|made| *made + lag <= now) as u64;
        let revision = made_by_then.saturating_sub(1).max(state.first_shown);
        View { state, revision }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_revision(&self) -> u64 {
        self.revisions.len() as u64
    }

    fn commit(&mut self) {
        self.revisions.push(Instant::now());
        let newest = self.next_revision() - 1;
        if newest.is_multiple_of(HISTORY) {
            let oldest = newest.saturating_sub(HISTORY);
            for zone in &mut self.zones {
                zone.records.retain(|_, records| {
                    records.retain(|record| record.removed.is_none_or(|removed| removed > oldest));
                    !records.is_empty()
                });
            }
        }
    }

    fn current(&mut self, zone_id: u64, id: u64) -> Option<&mut Versioned> {
        let zone = self.zones.iter_mut().find(|zone| zone.info.id == zone_id)?;
        zone.records
            .values_mut()
            .flatten()
            .find(|record| record.removed.is_none() && record.record.id == id)
    }

    /// Adds `new` as the record `id`, in place of the record `replaced`.
    fn put(
        &mut self,
        zone_id: u64,
        id: u64,
        replaced: Option<u64>,
        new: NewRecord,
        now: OffsetDateTime,
    ) -> Result<(), AddError> {
        let revision = self.next_revision();
        let zone =
            self.zones.iter_mut().find(|zone| zone.info.id == zone_id).ok_or(AddError::Absent)?;
        let name = full_name(&new.sub_domain, &zone.info.apex).ok_or(AddError::SubDomain)?;
        let data = parse_data(new.kind, &new.value, new.mx).ok_or(AddError::Value)?;

        let exists = zone.records.get(&name).is_some_and(|records| {
            records.iter().any(|other| {
                other.removed.is_none()
                    && Some(other.record.id) != replaced
                    && other.record.data == data
            })
        });
        if exists {
            return Err(AddError::Exists);
        }
        if let Some(replaced) = replaced {
            let old = zone
                .records
                .values_mut()
                .flatten()
                .find(|record| record.removed.is_none() && record.record.id == replaced)
                .ok_or(AddError::Absent)?;
            old.removed = Some(revision);
        }
        let record = ZoneRecord { id, record: new, data, updated_on: now };
        zone.records.entry(name).or_default().push(Versioned {
            added: revision,
            removed: None,
            record,
        });
        self.commit();
        Ok(())
    }
}

fn full_name(sub_domain: &str, apex: &LowerName) -> Option<LowerName> {
    let apex = Name::from(apex);
    if sub_domain == "@" {
        return Some(LowerName::new(&apex));
    }
    let mut relative = absolute(sub_domain)?;
    relative.set_fqdn(false);
    relative.append_domain(&apex).ok().map(|name| LowerName::new(&name))
}

/// All zones as of one revision.
pub(super) struct View<'a> {
    state: RwLockReadGuard<'a, State>,
    revision: u64,
}

impl View<'_> {
    /// The revision shown, which is every zone's serial number.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// The zone that `name` is in: the one with the longest apex.
    pub(super) fn zone_of(&self, name: &LowerName) -> Option<ZoneView<'_>> {
        let zones = self.state.zones.iter().filter(|zone| zone.info.apex.zone_of(name));
        let zone = zones.max_by_key(|zone| zone.info.apex.num_labels())?;
        Some(ZoneView { zone, revision: self.revision })
    }

    /// Whether a zone is somewhere below `name`.
    pub(super) fn has_zone_below(&self, name: &LowerName) -> bool {
        self.state.zones.iter().any(|zone| name.zone_of(&zone.info.apex))
    }
}

/// One zone as of one revision.
#[derive(Clone, Copy)]
pub(super) struct ZoneView<'a> {
    zone: &'a Zone,
    revision: u64,
}

impl<'a> ZoneView<'a> {
    pub(super) fn info(&self) -> &'a ZoneInfo {
        &self.zone.info
    }

    /// The records that are served at exactly this name.
    pub(super) fn at(&self, name: &LowerName) -> Vec<&'a ZoneRecord> {
        self.zone
            .records
            .get(name)
            .into_iter()
            .flatten()
            .filter_map(|record| self.served(record))
            .collect()
    }

    /// Whether a record is served at this name or below it.
    pub(super) fn exists(&self, name: &LowerName) -> bool {
        // Canonical order (RFC 4034 §6.1) puts a name's descendants right after it.
        self.zone
            .records
            .range(name.clone()..)
            .take_while(|(other, _)| name.zone_of(other))
            .flat_map(|(_, records)| records)
            .any(|record| self.served(record).is_some())
    }

    fn served(&self, record: &'a Versioned) -> Option<&'a ZoneRecord> {
        (record.is_in(self.revision) && record.record.record.enabled).then_some(&record.record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_of_deleted_records_is_bounded() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let store = ZoneStore::new();
        let zone = store.add_zone("ws.example", Owner::Account, 1, now).unwrap();
        let kept = NewRecord::new("kept", RecordType::TXT, "value");
        store.add(zone, kept, now).unwrap();
        for number in 0..4 * HISTORY {
            let record = NewRecord::new("a", RecordType::TXT, &number.to_string());
            let id = store.add(zone, record, now).unwrap();
            assert!(store.remove(zone, id));
        }
        let state = store.read();
        let versions: usize = state.zones[0].records.values().map(Vec::len).sum();
        assert!(u64::try_from(versions).unwrap() <= 2 * HISTORY, "{versions}");
        drop(state);
        assert_eq!(store.records(zone).len(), 2, "the NS record and the one that was kept");
    }
}
