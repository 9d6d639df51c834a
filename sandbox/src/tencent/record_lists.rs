//! The actions that list records.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::domains::local_time;
use super::error;
use super::params::Params;
use super::records::{line, record_type};
use super::{DnspodApi, Outcome};
use crate::dns::{NewRecord, ZoneRecord};
use crate::fault::Fault;
use crate::plan::line_name;

/// Default and largest page of a list of records.
const RECORD_PAGE: usize = 100;
const LARGEST_RECORD_PAGE: usize = 3000;

/// How many records `DescribeRecordFilterList` finds at most, as soon as it is asked for anything but a page of a zone.
const MOST_FILTERED: usize = 3000;

/// What `DescribeRecordFilterList` may be asked for without looking for fewer records than all.
const UNFILTERED: [&str; 4] = ["Domain", "DomainId", "Offset", "Limit"];

impl DnspodApi {
    pub(super) fn describe_record_list(&self, params: &Params) -> Outcome {
        params.allow(
            &[
                "Domain",
                "DomainId",
                "Subdomain",
                "SubDomain",
                "RecordType",
                "RecordLine",
                "RecordLineId",
                "Keyword",
                "SortField",
                "SortType",
                "Offset",
                "Limit",
                "ErrorOnEmpty",
            ],
            &["GroupId"],
        )?;
        let page = params.page(RECORD_PAGE, LARGEST_RECORD_PAGE)?;
        let zone = self.zone(params, error::NOT_DOMAIN_OWNER)?;
        let line_id = line(params, zone.plan)?;
        let sub_domain = params.text("SubDomain")?.or(params.text("Subdomain")?);
        let kind = params.text("RecordType")?.map(record_type).transpose()?;
        let keyword = params.text("Keyword")?.unwrap_or_default();
        let is_error = match params.text("ErrorOnEmpty")? {
            None | Some("yes") => true,
            Some("no") => false,
            Some(_) => return Err(error::wrong_value("ErrorOnEmpty")),
        };

        let mut records = match sub_domain {
            Some(name) => self.zones.records_at(zone.id, name),
            None => self.zones.records(zone.id),
        };
        records.retain(|found| {
            let record = &found.record;
            self.is_indexed(found)
                && kind.is_none_or(|kind| record.kind == kind)
                && line_id.is_none_or(|line_id| record.line_id == line_id)
                && has_keyword(record, keyword)
        });
        list(records, params, page, is_error)
    }

    pub(super) fn describe_record_filter_list(&self, params: &Params) -> Outcome {
        params.allow(
            &[
                "Domain",
                "DomainId",
                "SubDomain",
                "IsExactSubDomain",
                "RecordType",
                "RecordLine",
                "RecordValue",
                "RecordStatus",
                "TTLBegin",
                "TTLEnd",
                "Remark",
                "Keyword",
                "SortField",
                "SortType",
                "Offset",
                "Limit",
            ],
            &[
                "GroupId",
                "WeightBegin",
                "WeightEnd",
                "MXBegin",
                "MXEnd",
                "UpdatedAtBegin",
                "UpdatedAtEnd",
                "ProjectId",
            ],
        )?;
        let page = params.page(RECORD_PAGE, LARGEST_RECORD_PAGE)?;
        let zone = self.zone(params, error::NOT_DOMAIN_OWNER)?;
        let sub_domain = params.text("SubDomain")?;
        let is_exact = params.flag("IsExactSubDomain")?.unwrap_or(false);
        let kinds = params.texts("RecordType")?;
        let kinds =
            kinds.map(|kinds| kinds.into_iter().map(record_type).collect::<Result<Vec<_>, _>>());
        let kinds = kinds.transpose()?;
        let lines = params.texts("RecordLine")?;
        let statuses = params.texts("RecordStatus")?;
        let value = params.text("RecordValue")?;
        let remark = params.text("Remark")?;
        let keyword = params.text("Keyword")?.unwrap_or_default();
        let ttl =
            params.number("TTLBegin")?.unwrap_or(0)..=params.number("TTLEnd")?.unwrap_or(i64::MAX);

        let mut records = match sub_domain {
            Some(name) if is_exact => self.zones.records_at(zone.id, name),
            _ => self.zones.records(zone.id),
        };
        records.retain(|found| {
            let record = &found.record;
            // Fuzzy unless told otherwise: this is where clients take others' records for their own.
            (is_exact || sub_domain.is_none_or(|name| record.sub_domain.contains(name)))
                && self.is_indexed(found)
                && kinds.as_ref().is_none_or(|kinds| kinds.contains(&record.kind))
                && lines.as_ref().is_none_or(|lines| lines.contains(&record.line_id))
                && statuses.as_ref().is_none_or(|statuses| statuses.contains(&status(record)))
                && value.is_none_or(|value| record.value == value)
                && remark.is_none_or(|remark| record.remark == remark)
                && ttl.contains(&i64::from(record.ttl))
                && has_keyword(record, keyword)
        });
        if params.has_other_than(&UNFILTERED) {
            if page.0 >= MOST_FILTERED {
                return Err(error::OFFSET_EXCEEDED);
            }
            records.truncate(MOST_FILTERED);
        }
        list(records, params, page, true)
    }

    /// Whether a list shows a record: those just created are not in the index yet.
    pub(super) fn is_indexed(&self, record: &ZoneRecord) -> bool {
        let delay = self.faults.value(Fault::DnspodIndexDelay).unwrap_or_default();
        record.record.default_ns || record.created.elapsed() >= Duration::from_secs(delay)
    }
}

fn has_keyword(record: &NewRecord, keyword: &str) -> bool {
    record.sub_domain.contains(keyword) || record.value.contains(keyword)
}

fn status(record: &NewRecord) -> &'static str {
    if record.enabled { "ENABLE" } else { "DISABLE" }
}

/// One page of `records`, sorted as asked.
fn list(
    mut records: Vec<Arc<ZoneRecord>>,
    params: &Params,
    (offset, limit): (usize, usize),
    empty_is_error: bool,
) -> Outcome {
    if let Some(field) = params.text("SortField")? {
        let order = sort_order(field).ok_or_else(|| error::wrong_value("SortField"))?;
        records.sort_by(|a, b| order(a, b));
    }
    match params.text("SortType")? {
        None | Some("ASC") => {}
        Some("DESC") => records.reverse(),
        Some(_) => return Err(error::wrong_value("SortType")),
    }
    let mut names: Vec<&str> =
        records.iter().map(|record| record.record.sub_domain.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let page: Vec<Value> =
        records.iter().skip(offset).take(limit).map(|record| record_list_item(record)).collect();
    if page.is_empty() && empty_is_error {
        return Err(error::NO_DATA_OF_RECORD);
    }
    Ok(json!({
        "RecordCountInfo": {
            "SubdomainCount": names.len(),
            "TotalCount": records.len(),
            "ListCount": page.len(),
        },
        "RecordList": page,
    }))
}

fn sort_order(field: &str) -> Option<fn(&ZoneRecord, &ZoneRecord) -> Ordering> {
    Some(match field.to_ascii_lowercase().as_str() {
        "name" => |a, b| a.record.sub_domain.cmp(&b.record.sub_domain),
        "line" => |a, b| a.record.line_id.cmp(b.record.line_id),
        "type" => |a, b| a.record.kind.to_string().cmp(&b.record.kind.to_string()),
        "value" => |a, b| a.record.value.cmp(&b.record.value),
        "weight" => |a, b| a.record.weight.cmp(&b.record.weight),
        "mx" => |a, b| a.record.mx.cmp(&b.record.mx),
        "ttl" => |a, b| a.record.ttl.cmp(&b.record.ttl),
        "updated_on" => |a, b| a.updated_on.cmp(&b.updated_on),
        _ => return None,
    })
}

fn record_list_item(ZoneRecord { id, record, updated_on, .. }: &ZoneRecord) -> Value {
    json!({
        "RecordId": id,
        "Value": record.value,
        "Status": status(record),
        "UpdatedOn": local_time(*updated_on),
        "Name": record.sub_domain,
        "Line": line_name(record.line_id),
        "LineId": record.line_id,
        "Type": record.kind.to_string(),
        "Weight": record.weight,
        "MonitorStatus": "",
        "Remark": record.remark,
        "TTL": record.ttl,
        "MX": record.mx,
        "DefaultNS": record.default_ns,
    })
}
