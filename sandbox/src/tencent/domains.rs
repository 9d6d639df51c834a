//! The actions on domains, and how every action finds the domain it is about.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::{format_description, offset};

use super::error::{self, ApiError};
use super::params::Params;
use super::{DnspodApi, Outcome, UIN};
use crate::dns::{Owner, ZoneInfo, ZoneStatus};

/// Default and largest page of the list of domains.
const DOMAIN_PAGE: usize = 3000;

/// The account that shares zones with the one that owns the sandbox's.
const OTHER_UIN: &str = "100000000002";

impl DnspodApi {
    pub(super) fn describe_domain_list(&self, params: &Params) -> Outcome {
        params.allow(&["Type", "Offset", "Limit", "Keyword"], &["GroupId", "Tags"])?;
        let kind = params.text("Type")?.unwrap_or("ALL");
        let keyword = params.text("Keyword")?.unwrap_or_default();
        let (offset, limit) = params.page(DOMAIN_PAGE, DOMAIN_PAGE)?;

        if !["ALL", "MINE", "SHARE", "ISMARK", "PAUSE", "VIP", "RECENT", "SHARE_OUT", "FREE"]
            .contains(&kind)
        {
            return Err(error::wrong_value("Type"));
        }
        let is_visible = |zone: &ZoneInfo| {
            matches!(zone.owner, Owner::Account | Owner::Shared) && zone.alias_of.is_none()
        };
        let all: Vec<ZoneInfo> = self.zones.zones().into_iter().filter(is_visible).collect();
        let count = |wanted: fn(&ZoneInfo) -> bool| all.iter().filter(|zone| wanted(zone)).count();
        let is_of_kind = |zone: &&ZoneInfo| match kind {
            "MINE" => zone.owner == Owner::Account,
            "SHARE" => zone.owner == Owner::Shared,
            "PAUSE" => zone.status == ZoneStatus::Pause,
            "VIP" => zone.plan.is_paid(),
            "FREE" => !zone.plan.is_paid(),
            "SHARE_OUT" | "ISMARK" => false,
            _ => true,
        };
        let matching: Vec<&ZoneInfo> = all
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
                "AllTotal": all.len(),
                "MineTotal": count(|zone| zone.owner == Owner::Account),
                "ShareTotal": count(|zone| zone.owner == Owner::Shared),
                "VipTotal": count(|zone| zone.plan.is_paid()),
                "PauseTotal": count(|zone| zone.status == ZoneStatus::Pause),
                "ErrorTotal": 0,
                "LockTotal": count(|zone| zone.status == ZoneStatus::Lock),
                "SpamTotal": count(|zone| zone.status == ZoneStatus::Spam),
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
                "Grade": zone.plan.detail().grade.to_uppercase(),
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
                "GradeLevel": zone.plan.level(),
                "UserId": 1,
                "Uin": uin(zone.owner),
                "IsVip": if zone.plan.is_paid() { "yes" } else { "no" },
                "Owner": account_name(uin(zone.owner)),
                "OwnerNick": "",
                "GradeTitle": zone.plan.detail().title,
                "CreatedOn": local_time(zone.created_on),
                "UpdatedOn": local_time(zone.created_on),
                "RecordCount": self.zones.record_count(zone.id),
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
        let zone = match params.number("DomainId")? {
            Some(id) if id != 0 => u64::try_from(id)
                .ok()
                .and_then(|id| self.zones.zone(id))
                .filter(|zone| zone.owner != Owner::Nobody)
                .ok_or(error::DOMAIN_ID_INVALID)?,
            _ => {
                let name = params.required_text("Domain")?;
                let ascii = idna::domain_to_ascii(name).unwrap_or_default();
                if ascii.is_empty() || ascii.ends_with('.') || !ascii.contains('.') {
                    return Err(error::DOMAIN_INVALID);
                }
                let zone = self.zones.zone_of(&ascii).ok_or(error::DOMAIN_NOT_EXISTS)?;
                match zone.owner {
                    Owner::Nobody => return Err(error::DOMAIN_NOT_EXISTS),
                    _ if zone.punycode == ascii => zone,
                    Owner::Account | Owner::Shared => return Err(error::DOMAIN_INVALID),
                    Owner::Foreign => return Err(error::DOMAIN_NOT_EXISTS),
                }
            }
        };
        match zone.owner {
            Owner::Foreign => Err(foreign),
            _ if zone.alias_of.is_some() => Err(error::DOMAIN_IS_ALIASER),
            _ => Ok(zone),
        }
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
            "Grade": zone.plan.detail().grade.to_uppercase(),
            "GroupId": 1,
            "SearchEnginePush": "NO",
            "Remark": "",
            "Punycode": zone.punycode,
            "EffectiveDNS": self.name_servers(zone),
            "GradeLevel": zone.plan.level(),
            "GradeTitle": zone.plan.detail().title,
            "IsVip": if zone.plan.is_paid() { "YES" } else { "NO" },
            "VipStartAt": "0000-00-00 00:00:00",
            "VipEndAt": "0000-00-00 00:00:00",
            "VipAutoRenew": "NO",
            "RecordCount": self.zones.record_count(zone.id),
            "CreatedOn": local_time(zone.created_on),
            "UpdatedOn": local_time(zone.created_on),
            "Owner": account_name(uin(zone.owner)),
            "TagList": [],
        })
    }

    pub(super) fn name_servers(&self, zone: &ZoneInfo) -> Vec<String> {
        self.zones
            .records_at(zone.id, "@")
            .iter()
            .filter(|record| record.record.default_ns)
            .map(|record| record.record.value.trim_end_matches('.').to_owned())
            .collect()
    }
}

/// A time as DNSPod writes it: without a zone, in China's.
pub(super) fn local_time(time: OffsetDateTime) -> String {
    time.to_offset(offset!(+8))
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"))
        .expect("the format asks for nothing that a time does not have")
}

fn status(status: ZoneStatus) -> &'static str {
    match status {
        ZoneStatus::Enable => "ENABLE",
        ZoneStatus::Pause => "PAUSE",
        ZoneStatus::Lock => "LOCK",
        ZoneStatus::Spam => "SPAM",
    }
}

/// The account that owns the sandbox's zones, in the form that names the owner of a zone.
pub(super) fn owner() -> String {
    account_name(UIN)
}

/// The account that owns a zone.
pub(super) fn uin(owner: Owner) -> &'static str {
    if owner == Owner::Account { UIN } else { OTHER_UIN }
}

/// An account in the form that names the owner of a zone.
pub(super) fn account_name(uin: &str) -> String {
    format!("qcloud_uin_{uin}@qcloud.com")
}
