//! The actions on domains, and how every action finds the domain it is about.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::{format_description, offset};

use super::error::{self, ApiError};
use super::params::Params;
use super::{DnspodApi, Outcome};
use crate::dns::{Owner, ZoneInfo, ZoneStatus};

/// Default and largest page of the list of domains.
const DOMAIN_PAGE: usize = 3000;

/// The account that owns the sandbox's zones.
const UIN: &str = "100000000001";

impl DnspodApi {
    pub(super) fn describe_domain_list(&self, params: &Params) -> Outcome {
        params.allow(&["Type", "Offset", "Limit", "Keyword"], &["GroupId", "Tags"])?;
        let kind = params.text("Type")?.unwrap_or("ALL");
        let keyword = params.text("Keyword")?.unwrap_or_default();
        let (offset, limit) = params.page(DOMAIN_PAGE, DOMAIN_PAGE)?;

        let own: Vec<ZoneInfo> =
            self.zones.zones().into_iter().filter(|zone| zone.owner == Owner::Account).collect();
        let of_status = |status| own.iter().filter(|zone| zone.status == status).count();
        let is_of_kind = |zone: &&ZoneInfo| match kind {
            "PAUSE" => zone.status == ZoneStatus::Pause,
            "SHARE" | "SHARE_OUT" | "ISMARK" | "VIP" => false,
            _ => true,
        };
        if !["ALL", "MINE", "SHARE", "ISMARK", "PAUSE", "VIP", "RECENT", "SHARE_OUT", "FREE"]
            .contains(&kind)
        {
            return Err(error::wrong_value("Type"));
        }
        let matching: Vec<&ZoneInfo> = own
            .iter()
            .filter(is_of_kind)
            .filter(|zone| zone.name.contains(keyword) || zone.punycode.contains(keyword))
            .collect();
        let page: Vec<Value> = matching
            .iter()
            .skip(offset)
            .take(limit)
            .map(|zone| self.domain_list_item(zone))
            .collect();
        Ok(json!({
            "DomainCountInfo": {
                "DomainTotal": matching.len(),
                "AllTotal": own.len(),
                "MineTotal": own.len(),
                "ShareTotal": 0,
                "VipTotal": 0,
                "PauseTotal": of_status(ZoneStatus::Pause),
                "ErrorTotal": 0,
                "LockTotal": of_status(ZoneStatus::Lock),
                "SpamTotal": of_status(ZoneStatus::Spam),
                "VipExpire": 0,
                "ShareOutTotal": 0,
                "GroupTotal": 0,
            },
            "DomainList": page,
        }))
    }

    pub(super) fn describe_domain(&self, params: &Params) -> Outcome {
        params.allow(&["Domain", "DomainId"], &[])?;
        let zone = self.zone(params, error::NO_PERMISSION)?;
        let name_servers = self.name_servers(&zone);
        Ok(json!({
            "DomainInfo": {
                "DomainId": zone.id,
                "Status": status(zone.status).to_lowercase(),
                "Grade": "DP_Free",
                "GroupId": 1,
                "IsMark": "no",
                "TTL": 600,
                "CnameSpeedup": "disable",
                "CNAMESpeedup": "disable",
                "Remark": "",
                "Punycode": zone.punycode,
                "DnsStatus": "",
                "DNSStatus": "",
                "DnspodNsList": name_servers,
                "ActualNsList": name_servers,
                "Domain": zone.name,
                "GradeLevel": 2,
                "UserId": 1,
                "Uin": UIN,
                "IsVip": "no",
                "Owner": owner(),
                "OwnerNick": "",
                "GradeTitle": "免费版",
                "CreatedOn": local_time(zone.created_on),
                "UpdatedOn": local_time(zone.created_on),
                "RecordCount": self.zones.records(zone.id).len(),
                "IsGracePeriod": "no",
                "VipBuffered": "no",
                "VipStartAt": null,
                "VipEndAt": null,
                "VipAutoRenew": null,
                "VipResourceId": null,
                "IsSubDomain": zone.punycode.split('.').count() > 2,
                "TagList": [],
                "SearchEnginePush": "no",
                "SlaveDNS": "no",
            },
        }))
    }

    /// The zone that a request is about: `DomainId` first, else `Domain` in any spelling. `foreign` is what is said
    /// of a zone of someone else.
    pub(super) fn zone(&self, params: &Params, foreign: ApiError) -> Result<ZoneInfo, ApiError> {
        let zones = self.zones.zones();
        let known = |zone: &&ZoneInfo| zone.owner != Owner::Nobody;
        let zone = match params.number("DomainId")? {
            Some(id) if id != 0 => zones
                .iter()
                .filter(known)
                .find(|zone| i64::try_from(zone.id) == Ok(id))
                .ok_or(error::DOMAIN_ID_INVALID)?,
            _ => {
                let name = params.required_text("Domain")?;
                let ascii = idna::domain_to_ascii(name).unwrap_or_default();
                if ascii.is_empty() || ascii.ends_with('.') || !ascii.contains('.') {
                    return Err(error::DOMAIN_INVALID);
                }
                let found = zones.iter().filter(known).find(|zone| zone.punycode == ascii);
                found.ok_or_else(|| absent(&zones, &ascii))?
            }
        };
        if zone.owner == Owner::Foreign { Err(foreign) } else { Ok(zone.clone()) }
    }

    /// The same for an action that changes records, which not every zone lets happen.
    pub(super) fn writable_zone(&self, params: &Params) -> Result<ZoneInfo, ApiError> {
        let zone = self.zone(params, error::NO_PERMISSION)?;
        match zone.status {
            ZoneStatus::Enable | ZoneStatus::Pause => Ok(zone),
            ZoneStatus::Lock => Err(error::DOMAIN_IS_LOCKED),
            ZoneStatus::Spam => Err(error::DOMAIN_IS_SPAM),
        }
    }

    fn domain_list_item(&self, zone: &ZoneInfo) -> Value {
        json!({
            "DomainId": zone.id,
            "Name": zone.name,
            "Status": status(zone.status),
            "TTL": 600,
            "CNAMESpeedup": "DISABLE",
            "DNSStatus": "",
            "Grade": "DP_FREE",
            "GroupId": 1,
            "SearchEnginePush": "NO",
            "Remark": "",
            "Punycode": zone.punycode,
            "EffectiveDNS": self.name_servers(zone),
            "GradeLevel": 2,
            "GradeTitle": "免费版",
            "IsVip": "NO",
            "VipStartAt": "0000-00-00 00:00:00",
            "VipEndAt": "0000-00-00 00:00:00",
            "VipAutoRenew": "NO",
            "RecordCount": self.zones.records(zone.id).len(),
            "CreatedOn": local_time(zone.created_on),
            "UpdatedOn": local_time(zone.created_on),
            "Owner": owner(),
            "TagList": [],
        })
    }

    fn name_servers(&self, zone: &ZoneInfo) -> Vec<String> {
        let records = self.zones.records(zone.id).into_iter().map(|record| record.record);
        records
            .filter(|record| record.default_ns)
            .map(|record| record.value.trim_end_matches('.').to_owned())
            .collect()
    }
}

/// A time as DNSPod writes it: without a zone, in China's.
pub(super) fn local_time(time: OffsetDateTime) -> String {
    time.to_offset(offset!(+8))
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"))
        .expect("the format asks for nothing that a time does not have")
}

fn absent(zones: &[ZoneInfo], name: &str) -> ApiError {
    let is_below =
        |zone: &ZoneInfo| name.strip_suffix(&zone.punycode).is_some_and(|rest| rest.ends_with('.'));
    let own = zones.iter().filter(|zone| zone.owner == Owner::Account);
    if own.into_iter().any(is_below) { error::DOMAIN_INVALID } else { error::DOMAIN_NOT_EXISTS }
}

fn status(status: ZoneStatus) -> &'static str {
    match status {
        ZoneStatus::Enable => "ENABLE",
        ZoneStatus::Pause => "PAUSE",
        ZoneStatus::Lock => "LOCK",
        ZoneStatus::Spam => "SPAM",
    }
}

fn owner() -> String {
    format!("qcloud_uin_{UIN}@qcloud.com")
}
