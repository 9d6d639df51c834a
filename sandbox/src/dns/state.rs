//! What the store holds: the zones, their records by id and by name, and the revisions that led there.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{LowerName, Name};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::record::{DEFAULT_LINE_ID, NewRecord, ZoneRecord, absolute, parse_data};
use super::store::AddError;
use super::zone::{Owner, ZoneInfo, ZoneStatus};
use crate::plan::Plan;

/// How many revisions are kept, with the records deleted in them, for name servers that lag or are frozen. Older ones
/// are dropped, so that a sandbox that runs for days stays small.
pub(super) const HISTORY: usize = 10_000;

/// The id of the first zone; those after it count up.
const FIRST_ZONE_ID: u64 = 1923;

/// All zones with their history.
#[derive(Debug)]
pub(super) struct State {
    /// In the order of their ids, which count up from [`FIRST_ZONE_ID`]; `None` where one was removed, whose id nobody
    /// gets again.
    slots: Vec<Option<Zone>>,
    by_apex: BTreeMap<LowerName, usize>,
    pub(super) revisions: Revisions,
    /// What the former records are of, oldest first: when it was, the zone and the name.
    pub(super) removals: VecDeque<(u64, usize, LowerName)>,
    next_record_id: u64,
    /// Of the NS records that a zone has from the start, so that the first record of a client has a known id.
    next_default_ns_id: u64,
}

/// When the newest revisions were made.
#[derive(Debug)]
pub(super) struct Revisions {
    pub(super) made: VecDeque<Instant>,
    /// The number of the first one in `made`.
    first: u64,
}

/// A zone and its records.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) info: ZoneInfo,
    /// As they are now.
    pub(super) records: BTreeMap<u64, Arc<ZoneRecord>>,
    /// With the history.
    pub(super) by_name: BTreeMap<LowerName, AtName>,
}

/// The records at one name.
#[derive(Debug, Default)]
pub(super) struct AtName {
    /// As they are now, each with the revision that added it.
    pub(super) current: Vec<(u64, Arc<ZoneRecord>)>,
    /// Those that were removed, in that order.
    pub(super) former: VecDeque<Former>,
}

/// A record that was there from the revision `added` up to but without `removed`.
#[derive(Debug)]
pub(super) struct Former {
    pub(super) added: u64,
    pub(super) removed: u64,
    pub(super) record: Arc<ZoneRecord>,
}

impl Revisions {
    /// The newest revision.
    pub(super) fn latest(&self) -> u64 {
        self.first + self.made.len() as u64 - 1
    }

    /// The newest revision that was there `lag` before `now`, or the oldest that is kept.
    pub(super) fn before(&self, now: Instant, lag: Duration) -> u64 {
        // `made + lag` and not `now - lag`: an instant before the machine started cannot be expressed.
        let made_by_then = self.made.partition_point(|made| *made + lag <= now) as u64;
        self.first + made_by_then.saturating_sub(1)
    }

    /// Forgets all but the newest revision.
    pub(super) fn forget(&mut self) {
        self.first = self.latest();
        self.made.drain(..self.made.len() - 1);
    }

    /// Adds a revision; what is older than the history is long is forgotten.
    fn add(&mut self) {
        self.made.push_back(Instant::now());
        if self.made.len() > HISTORY {
            self.made.pop_front();
            self.first += 1;
        }
    }
}

impl State {
    /// No zones.
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            by_apex: BTreeMap::new(),
            revisions: Revisions { made: VecDeque::from([Instant::now()]), first: 0 },
            removals: VecDeque::new(),
            next_record_id: 1_876_543_211,
            next_default_ns_id: 1,
        }
    }

    /// Adds a record and returns its id.
    pub(super) fn add(
        &mut self,
        zone_id: u64,
        new: NewRecord,
        now: OffsetDateTime,
    ) -> Result<u64, AddError> {
        let is_default_ns = new.default_ns;
        let id = if is_default_ns { self.next_default_ns_id } else { self.next_record_id };
        self.put(zone_id, id, None, new, now)?;
        if is_default_ns {
            self.next_default_ns_id += 1;
        } else {
            self.next_record_id += 1;
        }
        Ok(id)
    }

    /// Replaces the record `id`, which keeps its id.
    pub(super) fn replace(
        &mut self,
        zone_id: u64,
        id: u64,
        new: NewRecord,
        now: OffsetDateTime,
    ) -> Result<(), AddError> {
        let old = self.zone(zone_id).and_then(|zone| zone.records.get(&id)).cloned();
        self.put(zone_id, id, Some(&old.ok_or(AddError::Absent)?), new, now)
    }

    /// Removes the record `id`; whether it was there.
    pub(super) fn remove(&mut self, zone_id: u64, id: u64) -> bool {
        let record = self.zone_mut(zone_id).and_then(|zone| zone.records.remove(&id));
        record.is_some_and(|record| {
            self.retire(zone_id, &record);
            self.commit();
            true
        })
    }

    /// Removes a zone with its records and its aliases, from every revision.
    pub(super) fn remove_zone(&mut self, id: u64) {
        let is_meant = |zone: &mut Zone| zone.info.id == id || zone.info.alias_of == Some(id);
        for slot in &mut self.slots {
            if let Some(zone) = slot.take_if(is_meant) {
                self.by_apex.remove(&zone.info.apex);
            }
        }
    }

    /// The zone of this id.
    pub(super) fn zone_mut(&mut self, id: u64) -> Option<&mut Zone> {
        self.slots.get_mut(index(id)?)?.as_mut()
    }

    /// The id of the zone of this name, and whether it was made by this call; `None` if it is no domain name.
    pub(super) fn zone_id(
        &mut self,
        name: &str,
        owner: Owner,
        alias_of: Option<u64>,
        now: OffsetDateTime,
    ) -> Option<(u64, bool)> {
        let apex = absolute(name)?;
        let punycode = apex.to_ascii().trim_end_matches('.').to_ascii_lowercase();
        let apex = LowerName::new(&apex);
        if let Some(zone) = self.zone_named(&apex) {
            return Some((zone.info.id, false));
        }
        let index = self.slots.len();
        let info = ZoneInfo {
            id: FIRST_ZONE_ID + index as u64,
            name: idna::domain_to_unicode(&punycode).0,
            punycode,
            owner,
            alias_of,
            status: ZoneStatus::Enable,
            plan: Plan::default(),
            created_on: now,
            apex: apex.clone(),
        };
        let id = info.id;
        self.slots.push(Some(Zone { info, records: BTreeMap::new(), by_name: BTreeMap::new() }));
        self.by_apex.insert(apex, index);
        Some((id, true))
    }

    /// All zones, in the order they were added.
    pub(super) fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.slots.iter().flatten()
    }

    /// The zone of this id.
    pub(super) fn zone(&self, id: u64) -> Option<&Zone> {
        self.slots.get(index(id)?)?.as_ref()
    }

    /// The zone of exactly this name.
    pub(super) fn zone_named(&self, apex: &LowerName) -> Option<&Zone> {
        self.slots[*self.by_apex.get(apex)?].as_ref()
    }

    /// The zone that `name` is in: the one with the longest apex.
    pub(super) fn zone_of(&self, name: &LowerName) -> Option<&Zone> {
        let mut name = name.clone();
        loop {
            if let Some(zone) = self.zone_named(&name) {
                return Some(zone);
            }
            if name.is_root() {
                return None;
            }
            name = name.base_name();
        }
    }

    /// Whether a zone is at `name` or below it.
    pub(super) fn has_zone_below(&self, name: &LowerName) -> bool {
        // Canonical order (RFC 4034 §6.1) puts a name's descendants right after it.
        self.by_apex.range(name.clone()..).next().is_some_and(|(apex, _)| name.zone_of(apex))
    }

    /// Adds `new` as the record `id`, in place of the record `replaced`.
    fn put(
        &mut self,
        zone_id: u64,
        id: u64,
        replaced: Option<&Arc<ZoneRecord>>,
        new: NewRecord,
        now: OffsetDateTime,
    ) -> Result<(), AddError> {
        let revision = self.revisions.latest() + 1;
        let zone = self.zone_mut(zone_id).ok_or(AddError::Absent)?;
        let name = full_name(&new.sub_domain, &zone.info.apex).ok_or(AddError::SubDomain)?;
        let data = parse_data(new.kind, &new.value, new.mx).ok_or(AddError::Value)?;

        let others = zone.by_name.get(&name).into_iter().flat_map(|at| &at.current);
        let mut has_default_line = new.line_id == DEFAULT_LINE_ID;
        for (_, other) in others.filter(|(_, other)| other.id != id) {
            if other.data == data && other.record.line_id == new.line_id {
                return Err(AddError::Exists);
            }
            has_default_line |=
                other.record.kind == new.kind && other.record.line_id == DEFAULT_LINE_ID;
        }
        if !has_default_line {
            return Err(AddError::NoDefaultLine);
        }
        let created = replaced.map_or_else(Instant::now, |old| old.created);
        if let Some(replaced) = replaced {
            self.retire(zone_id, replaced);
        }
        let zone = self.zone_mut(zone_id).ok_or(AddError::Absent)?;
        let record = Arc::new(ZoneRecord { id, name, record: new, data, created, updated_on: now });
        let at = zone.by_name.entry(record.name.clone()).or_default();
        at.current.push((revision, Arc::clone(&record)));
        zone.records.insert(id, record);
        self.commit();
        Ok(())
    }

    /// Moves a record to the former ones of its name, as of the revision that is being made.
    fn retire(&mut self, zone_id: u64, record: &ZoneRecord) {
        let removed = self.revisions.latest() + 1;
        let Some(at) = self.zone_mut(zone_id).and_then(|zone| zone.by_name.get_mut(&record.name))
        else {
            return;
        };
        let Some(place) = at.current.iter().position(|(_, other)| other.id == record.id) else {
            return;
        };
        let (added, record) = at.current.remove(place);
        let name = record.name.clone();
        at.former.push_back(Former { added, removed, record });
        self.removals.extend(index(zone_id).map(|zone| (removed, zone, name)));
    }

    fn commit(&mut self) {
        self.revisions.add();
        let oldest = self.revisions.first;
        while let Some((removed, _, _)) = self.removals.front()
            && *removed <= oldest
        {
            let Some((_, zone, name)) = self.removals.pop_front() else { return };
            let Some(Zone { by_name, .. }) = &mut self.slots[zone] else { continue };
            if let Some(at) = by_name.get_mut(&name) {
                at.former.pop_front();
                if at.former.is_empty() && at.current.is_empty() {
                    by_name.remove(&name);
                }
            }
        }
    }
}

fn index(zone_id: u64) -> Option<usize> {
    usize::try_from(zone_id.checked_sub(FIRST_ZONE_ID)?).ok()
}

/// The name of a record, which is relative to its zone or `@`, with that of its zone.
pub(super) fn full_name(sub_domain: &str, apex: &LowerName) -> Option<LowerName> {
    let apex = Name::from(apex);
    if sub_domain == "@" {
        return Some(LowerName::new(&apex));
    }
    let mut relative = absolute(sub_domain)?;
    relative.set_fqdn(false);
    relative.append_domain(&apex).ok().map(|name| LowerName::new(&name))
}
