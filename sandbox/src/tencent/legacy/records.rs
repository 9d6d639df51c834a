//! The actions on records.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::answer::{
    CreatedRecord, Fields, ModifiedRecord, RecordDomain, RecordInfo, RecordListItem, RecordTotals,
    RecordsDomain,
};
use super::edition::Edition;
use super::form::Form;
use super::status::Cause;
use crate::dns::{AddError, NewRecord, ZoneInfo, ZoneRecord};
use crate::plan::Plan;
use crate::tencent::DnspodApi;
use crate::tencent::domains::{account_name, local_time, uin};
use crate::tencent::records::{DEFAULT_TTL, LARGEST_TTL, TYPES};

/// The largest MX value; API 3.0 takes more.
const LARGEST_MX: u64 = 20;

impl DnspodApi {
    pub(super) fn record_list(&self, form: &Form, edition: Edition) -> Result<Fields, Cause> {
        let zone = self.legacy_zone(form)?;
        let (offset, length) = form.page(edition.largest_record_page())?;
        let sub_domain = form.text("sub_domain");
        let kind = form.text("record_type");
        let keyword = form.text("keyword").unwrap_or_default();
        // A line that there is not has no records.
        let line_id = line(form, edition, zone.plan);
        let mut records = match sub_domain {
            Some(name) => self.zones.records_at(zone.id, name),
            None => self.zones.records(zone.id),
        };
        records.retain(|found| {
            let record = &found.record;
            self.is_indexed(found)
                && line_id.is_none_or(|line_id| line_id == Ok(record.line_id))
                && kind.is_none_or(|kind| record.kind.to_string().eq_ignore_ascii_case(kind))
                && (record.sub_domain.contains(keyword) || record.value.contains(keyword))
        });
        let mut names: Vec<&str> =
            records.iter().map(|record| record.record.sub_domain.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let (sub_domains, record_total) = (names.len(), records.len());
        let page = records.iter().skip(offset).take(length);
        let page: Vec<RecordListItem> = page.map(|record| list_item(record, edition)).collect();
        if page.is_empty() && form.empty_is_error() {
            return Err(Cause::NoRecords);
        }
        let info = RecordTotals {
            sub_domains: sub_domains.to_string(),
            record_total: record_total.to_string(),
            records_num: page.len().to_string(),
        };
        let domain = RecordsDomain {
            id: zone.id,
            name: zone.name,
            punycode: zone.punycode,
            grade: zone.plan.detail().grade,
            owner: account_name(uin(zone.owner)),
            ext_status: "",
            ttl: 600,
        };
        Ok(Fields::RecordList { domain, info, records: page })
    }

    pub(super) fn record_create(&self, form: &Form, edition: Edition) -> Result<Fields, Cause> {
        let zone = self.legacy_writable_zone(form)?;
        let record = new_record(form, edition, &zone)?;
        let (name, weight, enabled) = (record.sub_domain.clone(), record.weight, record.enabled);
        let id = self.zones.add(zone.id, record, self.clock.now()).map_err(add_error)?;
        let id = id.to_string();
        let record = CreatedRecord { id, name, status: switch(enabled), weight };
        Ok(Fields::RecordCreate { record })
    }

    pub(super) fn record_modify(&self, form: &Form, edition: Edition) -> Result<Fields, Cause> {
        let zone = self.legacy_writable_zone(form)?;
        let found = self.legacy_record(zone.id, form)?;
        let (id, old) = (found.id, &found.record);
        if old.default_ns {
            return Err(Cause::NotOwner);
        }
        let new = new_record(form, edition, &zone)?;
        let changes = !is_same(old, &new);
        self.legacy.edits.note(id, changes)?;
        let record = ModifiedRecord {
            id,
            name: new.sub_domain.clone(),
            value: new.value.clone(),
            status: switch(new.enabled),
        };
        if changes {
            self.zones.replace(zone.id, id, new, self.clock.now()).map_err(add_error)?;
        }
        Ok(Fields::RecordModify { record })
    }

    pub(super) fn record_remove(&self, form: &Form) -> Result<Fields, Cause> {
        let zone = self.legacy_writable_zone(form)?;
        let record = self.legacy_record(zone.id, form)?;
        if record.record.default_ns {
            return Err(Cause::NotOwner);
        }
        if self.zones.remove(zone.id, record.id) {
            Ok(Fields::Nothing {})
        } else {
            Err(Cause::RecordId)
        }
    }

    pub(super) fn record_info(&self, form: &Form, edition: Edition) -> Result<Fields, Cause> {
        let zone = self.legacy_zone(form)?;
        let found = self.legacy_record(zone.id, form)?;
        let record = &found.record;
        let record = RecordInfo {
            id: found.id.to_string(),
            sub_domain: record.sub_domain.clone(),
            record_type: record.kind.to_string(),
            record_line: edition.line_name(record.line_id),
            record_line_id: record.line_id,
            value: record.value.clone(),
            weight: record.weight,
            mx: record.mx.to_string(),
            ttl: record.ttl.to_string(),
            enabled: enabled(record),
            monitor_status: "",
            remark: record.remark.clone(),
            updated_on: local_time(found.updated_on),
            domain_id: zone.id.to_string(),
        };
        let domain =
            RecordDomain { id: zone.id, domain: zone.name, domain_grade: zone.plan.detail().grade };
        Ok(Fields::RecordInfo { domain, record })
    }

    fn legacy_record(&self, zone_id: u64, form: &Form) -> Result<Arc<ZoneRecord>, Cause> {
        let id = form.number("record_id", Cause::RecordId)?.ok_or(Cause::RecordId)?;
        self.zones.record(zone_id, id).ok_or(Cause::RecordId)
    }
}

/// The record that a create or modify request describes.
fn new_record(form: &Form, edition: Edition, zone: &ZoneInfo) -> Result<NewRecord, Cause> {
    let kind = form.required("record_type")?;
    let kind = TYPES.into_iter().find(|known| known.to_string() == kind).ok_or(Cause::Type)?;
    let value = form.required("value")?;
    let line_id = line(form, edition, zone.plan).ok_or(Cause::Parameter)??;
    let plan = zone.plan.detail();
    let ttl = match form.number("ttl", Cause::Ttl)? {
        None => DEFAULT_TTL.max(plan.least_ttl),
        Some(ttl) => u32::try_from(ttl).map_err(|_| Cause::Ttl)?,
    };
    if !(plan.least_ttl..=LARGEST_TTL).contains(&ttl) {
        return Err(Cause::Ttl);
    }
    let mx = form.number("mx", Cause::Mx)?;
    let mx = match (kind, mx) {
        (RecordType::MX, Some(mx @ 1..=LARGEST_MX)) => u16::try_from(mx).map_err(|_| Cause::Mx)?,
        (RecordType::MX, _) => return Err(Cause::Mx),
        _ => 0,
    };
    let weight = form.number("weight", Cause::Parameter)?;
    if weight.is_some_and(|weight| weight > 100) {
        return Err(Cause::Parameter);
    }
    let enabled = match form.text("status") {
        None | Some("enable") => true,
        Some("disable") => false,
        Some(_) => return Err(Cause::Parameter),
    };
    let sub_domain = form.text("sub_domain").unwrap_or("@");
    let levels = if sub_domain == "@" { 0 } else { sub_domain.split('.').count() };
    if levels > plan.sub_domain_levels {
        return Err(Cause::SubDomainLevel);
    }
    Ok(NewRecord { line_id, ttl, mx, weight, enabled, ..NewRecord::new(sub_domain, kind, value) })
}

/// The id of the line that a request names, which its zone's plan has to have; `None` where it names none.
/// `record_line_id` wins.
fn line(form: &Form, edition: Edition, plan: Plan) -> Option<Result<&'static str, Cause>> {
    let mut lines = plan.lines().iter();
    let line = match (form.text("record_line_id"), form.text("record_line")) {
        (Some(id), _) => lines.find(|line| line.id == id),
        // The manuals write `default` abroad.
        (None, Some(name)) => {
            lines.find(|line| edition.line_name(line.id).eq_ignore_ascii_case(name))
        }
        (None, None) => return None,
    };
    Some(line.map(|line| line.id).ok_or(Cause::Line))
}

fn is_same(old: &NewRecord, new: &NewRecord) -> bool {
    old.sub_domain == new.sub_domain
        && old.line_id == new.line_id
        && old.kind == new.kind
        && old.value == new.value
        && (old.ttl, old.mx, old.weight, old.enabled) == (new.ttl, new.mx, new.weight, new.enabled)
}

fn add_error(error: AddError) -> Cause {
    match error {
        AddError::Absent => Cause::RecordId,
        AddError::Exists => Cause::Exists,
        // [unverified]: the manual has no code of its own for a line whose name has no record on the default line.
        AddError::NoDefaultLine => Cause::Line,
        AddError::SubDomain => Cause::SubDomain,
        AddError::Value => Cause::Value,
    }
}

fn list_item(found: &Arc<ZoneRecord>, edition: Edition) -> RecordListItem {
    let record = &found.record;
    RecordListItem {
        id: found.id.to_string(),
        name: record.sub_domain.clone(),
        line: edition.line_name(record.line_id),
        line_id: record.line_id,
        kind: record.kind.to_string(),
        ttl: record.ttl.to_string(),
        value: record.value.clone(),
        weight: record.weight,
        mx: record.mx.to_string(),
        enabled: enabled(record),
        status: if record.enabled { "enabled" } else { "disabled" },
        monitor_status: "",
        remark: record.remark.clone(),
        updated_on: local_time(found.updated_on),
        use_aqb: "no",
    }
}

fn switch(enabled: bool) -> &'static str {
    if enabled { "enable" } else { "disable" }
}

fn enabled(record: &NewRecord) -> &'static str {
    if record.enabled { "1" } else { "0" }
}
