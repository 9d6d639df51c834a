//! The actions on records.

use std::cmp::Ordering;

use hickory_proto::rr::RecordType;
use serde_json::{Value, json};

use super::domains::local_time;
use super::error::{self, ApiError};
use super::params::Params;
use super::{DnspodApi, Outcome};
use crate::dns::{AddError, NewRecord, ZoneRecord};

/// The default line, which is the only one of the free plan.
const DEFAULT_LINE: &str = "默认";
const DEFAULT_LINE_ID: &str = "0";

/// The smallest TTL of the free plan, in seconds, and the default.
const SMALLEST_TTL: i64 = 600;
const LARGEST_TTL: i64 = 604_800;

/// Default and largest page of a list of records.
const RECORD_PAGE: usize = 100;
const LARGEST_RECORD_PAGE: usize = 3000;

/// The types that can be created here; DNSPod has more.
const TYPES: [RecordType; 7] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CAA,
    RecordType::CNAME,
    RecordType::MX,
    RecordType::NS,
    RecordType::TXT,
];

impl DnspodApi {
    pub(super) fn create_record(&self, params: &Params) -> Outcome {
        params.allow(
            &[
                "Domain",
                "DomainId",
                "RecordType",
                "RecordLine",
                "RecordLineId",
                "Value",
                "SubDomain",
                "MX",
                "TTL",
                "Weight",
                "Status",
                "Remark",
            ],
            &["DnssecConflictMode", "GroupId"],
        )?;
        let kind = record_type(params.required_text("RecordType")?)?;
        self.add(params, kind)
    }

    pub(super) fn create_txt_record(&self, params: &Params) -> Outcome {
        params.allow(
            &[
                "Domain",
                "DomainId",
                "RecordLine",
                "RecordLineId",
                "Value",
                "SubDomain",
                "TTL",
                "Status",
                "Remark",
            ],
            &["GroupId"],
        )?;
        self.add(params, RecordType::TXT)
    }

    pub(super) fn modify_record(&self, params: &Params) -> Outcome {
        params.allow(
            &[
                "Domain",
                "DomainId",
                "RecordId",
                "RecordType",
                "RecordLine",
                "RecordLineId",
                "Value",
                "SubDomain",
                "MX",
                "TTL",
                "Weight",
                "Status",
                "Remark",
            ],
            &["DnssecConflictMode"],
        )?;
        let kind = record_type(params.required_text("RecordType")?)?;
        let record = new_record(params, kind)?;
        let zone = self.writable_zone(params)?;
        let old = self.record(zone.id, params)?;
        if old.record.default_ns {
            return Err(error::OPERATE_FAILED);
        }
        self.zones.replace(zone.id, old.id, record, self.clock.now()).map_err(add_error)?;
        Ok(json!({ "RecordId": old.id }))
    }

    pub(super) fn delete_record(&self, params: &Params) -> Outcome {
        params.allow(&["Domain", "DomainId", "RecordId"], &[])?;
        let zone = self.writable_zone(params)?;
        let record = self.record(zone.id, params)?;
        if record.record.default_ns {
            return Err(error::OPERATE_FAILED);
        }
        if self.zones.remove(zone.id, record.id) {
            Ok(json!({}))
        } else {
            Err(error::RECORD_ID_INVALID)
        }
    }

    pub(super) fn describe_record(&self, params: &Params) -> Outcome {
        params.allow(&["Domain", "DomainId", "RecordId"], &[])?;
        let zone = self.zone(params, error::NO_PERMISSION)?;
        let ZoneRecord { id, record, updated_on, .. } = self.record(zone.id, params)?;
        Ok(json!({
            "RecordInfo": {
                "Id": id,
                "SubDomain": record.sub_domain,
                "RecordType": record.kind.to_string(),
                "RecordLine": DEFAULT_LINE,
                "RecordLineId": DEFAULT_LINE_ID,
                "Value": record.value,
                "Weight": record.weight,
                "MX": record.mx,
                "TTL": record.ttl,
                "Enabled": u8::from(record.enabled),
                "MonitorStatus": "",
                "Remark": record.remark,
                "UpdatedOn": local_time(updated_on),
                "DomainId": zone.id,
            },
        }))
    }

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
        line(params)?;
        let sub_domain = params.text("SubDomain")?.or(params.text("Subdomain")?);
        let kind = params.text("RecordType")?.map(record_type).transpose()?;
        let keyword = params.text("Keyword")?.unwrap_or_default();
        let is_error = match params.text("ErrorOnEmpty")? {
            None | Some("yes") => true,
            Some("no") => false,
            Some(_) => return Err(error::wrong_value("ErrorOnEmpty")),
        };

        let mut records = self.zones.records(zone.id);
        records.retain(|ZoneRecord { record, .. }| {
            sub_domain.is_none_or(|name| record.is_at(name))
                && kind.is_none_or(|kind| record.kind == kind)
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

        let mut records = self.zones.records(zone.id);
        records.retain(|ZoneRecord { record, .. }| {
            sub_domain.is_none_or(|name| {
                // Fuzzy unless told otherwise: this is where clients take others' records for their own.
                if is_exact { record.is_at(name) } else { record.sub_domain.contains(name) }
            }) && kinds.as_ref().is_none_or(|kinds| kinds.contains(&record.kind))
                && lines.as_ref().is_none_or(|lines| lines.contains(&DEFAULT_LINE_ID))
                && statuses.as_ref().is_none_or(|statuses| statuses.contains(&status(record)))
                && value.is_none_or(|value| record.value == value)
                && remark.is_none_or(|remark| record.remark == remark)
                && ttl.contains(&i64::from(record.ttl))
                && has_keyword(record, keyword)
        });
        list(records, params, page, true)
    }

    fn add(&self, params: &Params, kind: RecordType) -> Outcome {
        let record = new_record(params, kind)?;
        let zone = self.writable_zone(params)?;
        let id = self.zones.add(zone.id, record, self.clock.now()).map_err(add_error)?;
        Ok(json!({ "RecordId": id }))
    }

    fn record(&self, zone_id: u64, params: &Params) -> Result<ZoneRecord, ApiError> {
        let id = params.number("RecordId")?.ok_or_else(|| error::missing_parameter("RecordId"))?;
        let mut records = self.zones.records(zone_id).into_iter();
        records.find(|record| i64::try_from(record.id) == Ok(id)).ok_or(error::RECORD_ID_INVALID)
    }
}

/// The record that a create or modify request describes.
fn new_record(params: &Params, kind: RecordType) -> Result<NewRecord, ApiError> {
    params.required_text("RecordLine")?;
    line(params)?;
    let ttl = params.number("TTL")?.unwrap_or(SMALLEST_TTL);
    let ttl = u32::try_from(ttl)
        .ok()
        .filter(|ttl| (SMALLEST_TTL..=LARGEST_TTL).contains(&i64::from(*ttl)));
    let mx = match (kind, params.number("MX")?) {
        (RecordType::MX, None) => return Err(error::MX_INVALID),
        (RecordType::MX, Some(mx)) => u16::try_from(mx).map_err(|_| error::MX_INVALID)?,
        _ => 0,
    };
    let weight = params.number("Weight")?.map(|weight| {
        u64::try_from(weight).ok().filter(|weight| *weight <= 100).ok_or(error::WEIGHT_INVALID)
    });
    let enabled = match params.text("Status")? {
        None | Some("ENABLE") => true,
        Some("DISABLE") => false,
        Some(_) => return Err(error::wrong_value("Status")),
    };
    let sub_domain = params.text("SubDomain")?.filter(|name| !name.is_empty()).unwrap_or("@");
    Ok(NewRecord {
        ttl: ttl.ok_or(error::RECORD_TTL_LIMIT)?,
        mx,
        weight: weight.transpose()?,
        remark: params.text("Remark")?.unwrap_or_default().to_owned(),
        enabled,
        ..NewRecord::new(sub_domain, kind, params.required_text("Value")?)
    })
}

/// Refuses every line but the default one; `RecordLineId` wins over `RecordLine`.
fn line(params: &Params) -> Result<(), ApiError> {
    let is_default = match (params.text("RecordLineId")?, params.text("RecordLine")?) {
        (Some(id), _) => id == DEFAULT_LINE_ID,
        (None, Some(name)) => matches!(name, DEFAULT_LINE | "Default" | "default"),
        (None, None) => true,
    };
    if is_default { Ok(()) } else { Err(error::RECORD_LINE_INVALID) }
}

fn record_type(name: &str) -> Result<RecordType, ApiError> {
    let kind = TYPES.into_iter().find(|kind| kind.to_string() == name.to_ascii_uppercase());
    kind.ok_or(error::RECORD_TYPE_INVALID)
}

fn add_error(error: AddError) -> ApiError {
    match error {
        AddError::Absent => error::RECORD_ID_INVALID,
        AddError::Exists => error::RECORD_EXISTS,
        AddError::SubDomain => error::SUBDOMAIN_INVALID,
        AddError::Value => error::RECORD_VALUE_INVALID,
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
    mut records: Vec<ZoneRecord>,
    params: &Params,
    (offset, limit): (usize, usize),
    empty_is_error: bool,
) -> Outcome {
    if let Some(field) = params.text("SortField")? {
        let order = sort_order(field).ok_or_else(|| error::wrong_value("SortField"))?;
        records.sort_by(order);
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
    let page: Vec<Value> = records.iter().skip(offset).take(limit).map(record_list_item).collect();
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
        "line" => |_, _| Ordering::Equal,
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
        "Line": DEFAULT_LINE,
        "LineId": DEFAULT_LINE_ID,
        "Type": record.kind.to_string(),
        "Weight": record.weight,
        "MonitorStatus": "",
        "Remark": record.remark,
        "TTL": record.ttl,
        "MX": record.mx,
        "DefaultNS": record.default_ns,
    })
}
