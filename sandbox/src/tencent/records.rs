//! The actions that change records or describe one.

use std::sync::Arc;

use hickory_proto::rr::RecordType;
use serde_json::json;

use super::domains::local_time;
use super::error::{self, ApiError};
use super::params::Params;
use super::{DnspodApi, Outcome};
use crate::dns::{AddError, DEFAULT_LINE_ID, NewRecord, ZoneInfo, ZoneRecord};
use crate::fault::Fault;
use crate::plan::{Plan, line_name};

/// The TTL of a record that is created without one, unless the plan's least TTL is larger, in seconds.
pub(super) const DEFAULT_TTL: u32 = 600;

/// The largest TTL of every plan, in seconds.
pub(super) const LARGEST_TTL: u32 = 604_800;

/// The types that can be created here; DNSPod has more.
pub(super) const TYPES: [RecordType; 7] = [
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
        self.change(params, kind, false)
    }

    pub(super) fn modify_txt_record(&self, params: &Params) -> Outcome {
        params.allow(
            &[
                "Domain",
                "DomainId",
                "RecordId",
                "RecordLine",
                "RecordLineId",
                "Value",
                "SubDomain",
                "TTL",
                "Status",
                "Remark",
            ],
            &[],
        )?;
        self.change(params, RecordType::TXT, true)
    }

    pub(super) fn delete_record(&self, params: &Params) -> Outcome {
        params.allow(&["Domain", "DomainId", "RecordId"], &[])?;
        let zone = self.writable_zone(params)?;
        let record = self.record(zone.id, params)?;
        if record.record.default_ns {
            return Err(error::OPERATE_FAILED);
        }
        if self.faults.take(Fault::DnspodVanishingRecord) {
            // By someone else.
            self.zones.remove(zone.id, record.id);
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
        let found = self.record(zone.id, params)?;
        let record = &found.record;
        Ok(json!({
            "RecordInfo": {
                "Id": found.id,
                "SubDomain": record.sub_domain,
                "RecordType": record.kind.to_string(),
                "RecordLine": line_name(record.line_id),
                "RecordLineId": record.line_id,
                "Value": record.value,
                "Weight": record.weight,
                "MX": record.mx,
                "TTL": record.ttl,
                "Enabled": u8::from(record.enabled),
                "MonitorStatus": "",
                "Remark": record.remark,
                "UpdatedOn": local_time(found.updated_on),
                "DomainId": zone.id,
            },
        }))
    }

    fn add(&self, params: &Params, kind: RecordType) -> Outcome {
        let (zone, record) = self.new_record(params, kind)?;
        let id = self.zones.add(zone.id, record, self.clock.now()).map_err(add_error)?;
        Ok(json!({ "RecordId": id }))
    }

    /// `only_same_type`: for this action a record of another type is none.
    fn change(&self, params: &Params, kind: RecordType, only_same_type: bool) -> Outcome {
        let (zone, record) = self.new_record(params, kind)?;
        let old = self.record(zone.id, params)?;
        if only_same_type && old.record.kind != kind {
            return Err(error::RECORD_ID_INVALID);
        }
        if old.record.default_ns {
            return Err(error::OPERATE_FAILED);
        }
        self.zones.replace(zone.id, old.id, record, self.clock.now()).map_err(add_error)?;
        Ok(json!({ "RecordId": old.id }))
    }

    fn record(&self, zone_id: u64, params: &Params) -> Result<Arc<ZoneRecord>, ApiError> {
        let id = params.number("RecordId")?.ok_or_else(|| error::missing_parameter("RecordId"))?;
        let id = u64::try_from(id).map_err(|_| error::RECORD_ID_INVALID)?;
        self.zones.record(zone_id, id).ok_or(error::RECORD_ID_INVALID)
    }

    /// The record that a create or modify request describes, and the zone that it is for.
    fn new_record(
        &self,
        params: &Params,
        kind: RecordType,
    ) -> Result<(ZoneInfo, NewRecord), ApiError> {
        params.required_text("RecordLine")?;
        let value = params.required_text("Value")?;
        let zone = self.writable_zone(params)?;
        let sub_domain = params.text("SubDomain")?.filter(|name| !name.is_empty()).unwrap_or("@");
        let levels = if sub_domain == "@" { 0 } else { sub_domain.split('.').count() };
        if levels > zone.plan.detail().sub_domain_levels {
            return Err(error::SUBDOMAIN_LEVEL_LIMIT);
        }
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
        let record = NewRecord {
            line_id: line(params, zone.plan)?.unwrap_or(DEFAULT_LINE_ID),
            ttl: ttl(params, zone.plan)?,
            mx,
            weight: weight.transpose()?,
            remark: params.text("Remark")?.unwrap_or_default().to_owned(),
            enabled,
            ..NewRecord::new(sub_domain, kind, value)
        };
        Ok((zone, record))
    }
}

fn ttl(params: &Params, plan: Plan) -> Result<u32, ApiError> {
    let least = plan.detail().least_ttl;
    match params.number("TTL")? {
        None => Ok(DEFAULT_TTL.max(least)),
        Some(ttl) => u32::try_from(ttl)
            .ok()
            .filter(|ttl| (least..=LARGEST_TTL).contains(ttl))
            .ok_or(error::RECORD_TTL_LIMIT),
    }
}

/// The id of the line that a request names, which its zone's plan has to have; `RecordLineId` wins over `RecordLine`.
pub(super) fn line(params: &Params, plan: Plan) -> Result<Option<&'static str>, ApiError> {
    let mut lines = plan.lines().iter();
    let line = match (params.text("RecordLineId")?, params.text("RecordLine")?) {
        (Some(id), _) => lines.find(|line| line.id == id),
        (None, Some("Default" | "default")) => lines.next(),
        (None, Some(name)) => lines.find(|line| line.name == name),
        (None, None) => return Ok(None),
    };
    line.map(|line| Some(line.id)).ok_or(error::RECORD_LINE_INVALID)
}

/// The type of this name, in whatever case.
pub(super) fn record_type(name: &str) -> Result<RecordType, ApiError> {
    let kind = TYPES.into_iter().find(|kind| kind.to_string() == name.to_ascii_uppercase());
    kind.ok_or(error::RECORD_TYPE_INVALID)
}

fn add_error(error: AddError) -> ApiError {
    match error {
        AddError::Absent => error::RECORD_ID_INVALID,
        AddError::Exists => error::RECORD_EXISTS,
        AddError::NoDefaultLine => error::MUST_ADD_DEFAULT_LINE_FIRST,
        AddError::SubDomain => error::SUBDOMAIN_INVALID,
        AddError::Value => error::RECORD_VALUE_INVALID,
    }
}
