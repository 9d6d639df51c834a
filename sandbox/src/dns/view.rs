//! The zones as one revision shows them.

use std::sync::RwLockReadGuard;

use hickory_proto::rr::{LowerName, Name};

use super::record::{DEFAULT_LINE_ID, ZoneRecord};
use super::state::{AtName, State, Zone};
use super::zone::{ZoneInfo, ZoneStatus};

/// All zones as of one revision.
pub(super) struct View<'a> {
    state: RwLockReadGuard<'a, State>,
    revision: u64,
}

impl<'a> View<'a> {
    pub(super) fn new(state: RwLockReadGuard<'a, State>, revision: u64) -> Self {
        Self { state, revision }
    }

    /// The revision shown, which is every zone's serial number.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// The zone that `name` is in: the one with the longest apex.
    pub(super) fn zone_of(&self, name: &LowerName) -> Option<ZoneView<'_>> {
        let zone = self.state.zone_of(name)?;
        let content = match zone.info.alias_of {
            Some(id) => self.state.zone(id)?,
            None => zone,
        };
        Some(ZoneView { zone, content, revision: self.revision })
    }

    /// Whether a zone is somewhere below `name`.
    pub(super) fn has_zone_below(&self, name: &LowerName) -> bool {
        self.state.has_zone_below(name)
    }
}

/// One zone as of one revision.
#[derive(Clone, Copy)]
pub(super) struct ZoneView<'a> {
    zone: &'a Zone,
    /// The zone whose records it has: itself, unless it is an alias.
    content: &'a Zone,
    revision: u64,
}

impl<'a> ZoneView<'a> {
    pub(super) fn info(&self) -> &'a ZoneInfo {
        &self.zone.info
    }

    /// Whether name servers show the zone.
    pub(super) fn is_served(&self) -> bool {
        let is_shown =
            |zone: &Zone| matches!(zone.info.status, ZoneStatus::Enable | ZoneStatus::Lock);
        is_shown(self.zone) && is_shown(self.content)
    }

    /// The records that are served at exactly this name.
    pub(super) fn at(&self, name: &LowerName) -> Vec<&'a ZoneRecord> {
        let at = self.content_name(name).and_then(|name| self.content.by_name.get(&name));
        at.into_iter().flat_map(|at| self.served(at)).collect()
    }

    /// Whether a record is served at this name or below it.
    pub(super) fn exists(&self, name: &LowerName) -> bool {
        let Some(name) = self.content_name(name) else { return false };
        // Canonical order (RFC 4034 §6.1) puts a name's descendants right after it.
        self.content
            .by_name
            .range(name.clone()..)
            .take_while(|(other, _)| name.zone_of(other))
            .any(|(_, at)| self.served(at).next().is_some())
    }

    /// What `name` is called in the zone whose records are served.
    fn content_name(&self, name: &LowerName) -> Option<LowerName> {
        let (own, content) = (&self.zone.info.apex, &self.content.info.apex);
        if own == content {
            return Some(name.clone());
        }
        // `num_labels` leaves out the asterisk of a wildcard.
        let name = Name::from(name);
        let below = name.iter().count() - usize::from(own.num_labels());
        let relative = Name::from_labels(name.iter().take(below)).ok()?;
        relative.append_domain(&Name::from(content)).ok().map(|name| LowerName::new(&name))
    }

    /// The records at one name that a name server shows: those of the default line that are switched on.
    fn served(&self, at: &'a AtName) -> impl Iterator<Item = &'a ZoneRecord> + use<'a> {
        let revision = self.revision;
        let former = at.former.iter().rev().take_while(move |former| former.removed > revision);
        let former = former.map(|former| (former.added, &former.record));
        former
            .chain(at.current.iter().map(|(added, record)| (*added, record)))
            .filter(move |(added, _)| *added <= revision)
            .map(|(_, record)| record.as_ref())
            .filter(|record| record.record.enabled && record.record.line_id == DEFAULT_LINE_ID)
    }
}
