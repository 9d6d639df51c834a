//! All zones of the sandbox, with their history: a name server that lags shows an older revision.
//!
//! An account may have ten thousand zones, and one name thousands of records: a zone is found by its id or apex and a
//! record by its id without a look at the others. Adding and removing one costs what its own name holds.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use hickory_proto::rr::{LowerName, RecordType};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::record::{NewRecord, ZoneRecord, absolute};
use super::state::{State, full_name};
use super::view::View;
use super::zone::{Owner, ZoneInfo, ZoneStatus};
use crate::plan::Plan;

/// The zone of the name servers' own names; every other zone is delegated to `ns1`, `ns2`, … of it.
pub(crate) const NAME_SERVER_ZONE: &str = "nameserver.test";

/// Why a record was not added or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddError {
    /// There is no such zone, or no such record to replace.
    Absent,
    /// The same name, type, value and line is there already.
    Exists,
    /// A record of another line than the default one, where the name has none of this type on the default line.
    NoDefaultLine,
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

impl ZoneStore {
    /// A store without zones.
    pub(crate) fn new() -> Self {
        Self { state: RwLock::new(State::new()) }
    }

    /// Adds a zone and its NS records; `None` if `name` is not a domain name. A zone that is there already stays.
    pub(crate) fn add_zone(
        &self,
        name: &str,
        owner: Owner,
        name_servers: usize,
        now: OffsetDateTime,
    ) -> Option<u64> {
        let (id, is_new) = self.write().zone_id(name, owner, None, now)?;
        for number in 1..=if is_new { name_servers } else { 0 } {
            let ns = NewRecord {
                ttl: 86_400,
                default_ns: true,
                ..NewRecord::new("@", RecordType::NS, &format!("ns{number}.{NAME_SERVER_ZONE}."))
            };
            self.add(id, ns, now).expect("the zone is new and the name a constant");
        }
        Some(id)
    }

    /// Adds a zone of the account that is an alias of the zone `of`; `None` if `name` is not a domain name. A zone
    /// that is there already stays.
    pub(crate) fn add_alias(&self, name: &str, of: u64, now: OffsetDateTime) -> Option<u64> {
        self.write().zone_id(name, Owner::Account, Some(of), now).map(|(id, _)| id)
    }

    /// Removes a zone with its records and its aliases; what is nobody's stays. Whether there was such a zone.
    pub(crate) fn remove_zone(&self, zone_id: u64) -> bool {
        let mut state = self.write();
        let is_there = state.zone(zone_id).is_some_and(|zone| zone.info.owner != Owner::Nobody);
        if is_there {
            state.remove_zone(zone_id);
        }
        is_there
    }

    /// Sets a zone's state; whether there is such a zone.
    pub(crate) fn set_status(&self, zone_id: u64, status: ZoneStatus) -> bool {
        self.write().zone_mut(zone_id).map(|zone| zone.info.status = status).is_some()
    }

    /// Puts a zone on a plan; whether there is such a zone.
    pub(crate) fn set_plan(&self, zone_id: u64, plan: Plan) -> bool {
        self.write().zone_mut(zone_id).map(|zone| zone.info.plan = plan).is_some()
    }

    /// Adds a record and returns its id.
    pub(crate) fn add(
        &self,
        zone_id: u64,
        new: NewRecord,
        now: OffsetDateTime,
    ) -> Result<u64, AddError> {
        self.write().add(zone_id, new, now)
    }

    /// Replaces the record `id`, which keeps its id.
    pub(crate) fn replace(
        &self,
        zone_id: u64,
        id: u64,
        new: NewRecord,
        now: OffsetDateTime,
    ) -> Result<(), AddError> {
        self.write().replace(zone_id, id, new, now)
    }

    /// Removes the record `id`; whether it was there.
    pub(crate) fn remove(&self, zone_id: u64, id: u64) -> bool {
        self.write().remove(zone_id, id)
    }

    /// Ends the setting up: what is in the zones now was there from the start for every name server.
    pub(crate) fn open(&self) {
        self.write().revisions.forget();
    }

    /// All zones, in the order they were added.
    pub(crate) fn zones(&self) -> Vec<ZoneInfo> {
        self.read().zones().map(|zone| zone.info.clone()).collect()
    }

    /// The zone of this id.
    pub(crate) fn zone(&self, zone_id: u64) -> Option<ZoneInfo> {
        self.read().zone(zone_id).map(|zone| zone.info.clone())
    }

    /// The zone of exactly this name, in Unicode or A-labels.
    pub(crate) fn zone_named(&self, name: &str) -> Option<ZoneInfo> {
        let apex = LowerName::new(&absolute(name)?);
        self.read().zone_named(&apex).map(|zone| zone.info.clone())
    }

    /// The zone that a name is in, in Unicode or A-labels: the one with the longest apex.
    pub(crate) fn zone_of(&self, name: &str) -> Option<ZoneInfo> {
        let name = LowerName::new(&absolute(name)?);
        self.read().zone_of(&name).map(|zone| zone.info.clone())
    }

    /// The record `id` of a zone.
    pub(crate) fn record(&self, zone_id: u64, id: u64) -> Option<Arc<ZoneRecord>> {
        self.read().zone(zone_id)?.records.get(&id).cloned()
    }

    /// The records of a zone as they are now, oldest first.
    pub(crate) fn records(&self, zone_id: u64) -> Vec<Arc<ZoneRecord>> {
        self.read()
            .zone(zone_id)
            .map_or_else(Vec::new, |zone| zone.records.values().cloned().collect())
    }

    /// The records at a name relative to its zone, `@` for the zone itself, as they are now, oldest first.
    pub(crate) fn records_at(&self, zone_id: u64, sub_domain: &str) -> Vec<Arc<ZoneRecord>> {
        let state = self.read();
        let Some(zone) = state.zone(zone_id) else { return Vec::new() };
        let at = full_name(sub_domain, &zone.info.apex).and_then(|name| zone.by_name.get(&name));
        let mut records: Vec<Arc<ZoneRecord>> = at
            .into_iter()
            .flat_map(|at| &at.current)
            .map(|(_, record)| Arc::clone(record))
            .collect();
        records.sort_by_key(|record| record.id);
        records
    }

    /// How many records a zone has.
    pub(crate) fn record_count(&self, zone_id: u64) -> usize {
        self.read().zone(zone_id).map_or(0, |zone| zone.records.len())
    }

    /// The newest revision.
    pub(crate) fn latest(&self) -> u64 {
        self.read().revisions.latest()
    }

    /// The zones as of `revision`.
    pub(super) fn view(&self, revision: u64) -> View<'_> {
        View::new(self.read(), revision)
    }

    /// The zones as they were `lag` before `now`, but never less than what was there at [`ZoneStore::open`].
    pub(super) fn view_before(&self, now: Instant, lag: Duration) -> View<'_> {
        let state = self.read();
        let revision = state.revisions.before(now, lag);
        View::new(state, revision)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::HISTORY;
    use super::*;

    #[test]
    fn many_changes_leave_no_more_than_a_bounded_history() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let store = ZoneStore::new();
        let zone = store.add_zone("ws.example", Owner::Account, 1, now).unwrap();
        let kept = NewRecord::new("kept", RecordType::TXT, "value");
        store.add(zone, kept.clone(), now).unwrap();
        store.open();
        // A change of a zone that is gone when the change is forgotten.
        let gone = store.add_zone("gone.example", Owner::Account, 1, now).unwrap();
        let id = store.add(gone, kept, now).unwrap();
        assert!(store.remove(gone, id) && store.remove_zone(gone));
        for number in 0..12_000 {
            let name = if number % 2 == 0 { "same".to_owned() } else { format!("a{number}") };
            let record = NewRecord::new(&name, RecordType::TXT, &number.to_string());
            let id = store.add(zone, record, now).unwrap();
            assert!(store.remove(zone, id));
        }
        let state = store.read();
        let names = &state.zone(zone).unwrap().by_name;
        let former: usize = names.values().map(|at| at.former.len()).sum();
        assert!(former <= HISTORY && state.removals.len() == former, "{former}");
        assert!(names.len() <= former + 3, "{}", names.len());
        assert!(state.revisions.made.len() <= HISTORY);
        drop(state);
        assert_eq!(store.records(zone).len(), 2, "the NS record and the one that was kept");
    }

    #[test]
    fn an_older_revision_shows_what_was_removed_and_not_what_was_added_since() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let store = ZoneStore::new();
        let zone = store.add_zone("ws.example", Owner::Account, 1, now).unwrap();
        let add = |value: &str| {
            store.add(zone, NewRecord::new("a", RecordType::TXT, value), now).unwrap()
        };
        let old = add("old");
        let then = store.latest();
        add("new");
        store.remove(zone, old);
        let at = LowerName::new(&absolute("a.ws.example").unwrap());
        let shown = |revision| {
            let view = store.view(revision);
            let zone = view.zone_of(&at).unwrap();
            zone.at(&at).iter().map(|record| record.record.value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            (shown(then), shown(store.latest())),
            (vec!["old".to_owned()], vec!["new".to_owned()])
        );
        assert_eq!(store.record_count(zone), 2);
    }

    #[test]
    fn a_name_is_in_the_zone_with_the_longest_apex() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let store = ZoneStore::new();
        for name in ["ws.example", "team.ws.example", "bücher.example"] {
            store.add_zone(name, Owner::Account, 1, now).unwrap();
        }
        let zone_of = |name: &str| store.zone_of(name).map(|zone| zone.name);
        for (name, zone) in [
            ("_acme-challenge.ws.example", Some("ws.example")),
            ("a.team.WS.example", Some("team.ws.example")),
            ("steam.ws.example", Some("ws.example")),
            ("a.xn--bcher-kva.example.", Some("bücher.example")),
            ("example", None),
            ("aws.example", None),
        ] {
            assert_eq!(zone_of(name).as_deref(), zone, "{name}");
        }
        assert!(store.zone_named("a.ws.example").is_none());
        assert!(store.zone_named("BÜCHER.example").is_some());
    }
}
