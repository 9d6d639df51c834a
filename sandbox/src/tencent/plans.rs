//! The actions on plans and what they allow, and on the account.

use serde_json::{Value, json};

use super::domains::owner;
use super::error;
use super::params::Params;
use super::{DnspodApi, Outcome, UIN};
use crate::dns::Owner;
use crate::plan::{PLANS, Plan, PlanDetail};

impl DnspodApi {
    pub(super) fn describe_record_line_list(&self, params: &Params) -> Outcome {
        params.allow(&["Domain", "DomainId", "DomainGrade"], &[])?;
        let grade = params.required_text("DomainGrade")?;
        self.zone(params, error::NO_PERMISSION)?;
        let plan = Plan::of_grade(grade).ok_or(error::DOMAIN_GRADE_INVALID)?;
        let lines: Vec<Value> = plan
            .lines()
            .iter()
            .map(|line| json!({ "Name": line.name, "LineId": line.id }))
            .collect();
        Ok(json!({ "LineList": lines, "LineGroupList": [] }))
    }

    pub(super) fn describe_package_detail(&self, params: &Params) -> Outcome {
        params.allow(&[], &[])?;
        let name_servers = self.default_name_servers();
        let info: Vec<Value> = PLANS.iter().map(|detail| package(detail, &name_servers)).collect();
        let levels: Vec<&str> = PLANS.iter().map(|detail| detail.grade).collect();
        Ok(json!({ "Info": info, "LevelMap": levels }))
    }

    pub(super) fn describe_domain_purview(&self, params: &Params) -> Outcome {
        params.allow(&["Domain", "DomainId"], &[])?;
        let zone = self.zone(params, error::NO_PERMISSION)?;
        if zone.owner == Owner::Shared {
            return Err(error::DOMAIN_OWNER_ALLOWED_ONLY);
        }
        let detail = zone.plan.detail();
        let purview = |name: &str, value: String| json!({ "Name": name, "Value": value });
        Ok(json!({
            "PurviewList": [
                purview("子域名级数", detail.sub_domain_levels.to_string()),
                purview("泛解析级数", detail.sub_domain_levels.to_string()),
                purview("负载均衡数量", detail.record_roll.to_string()),
                purview("记录TTL最低", detail.least_ttl.to_string()),
            ],
        }))
    }

    pub(super) fn describe_user_detail(&self, params: &Params) -> Outcome {
        params.allow(&[], &[])?;
        let own = self.zones.zones().into_iter().filter(|zone| zone.owner == Owner::Account);
        let highest = own.map(|zone| zone.plan).max().unwrap_or_default();
        Ok(json!({
            "UserInfo": {
                "AllowTransferIn": false,
                "Email": owner(),
                "EmailVerified": "yes",
                "FreeNs": self.default_name_servers(),
                "Id": 1,
                "Nick": "",
                "RealName": "",
                "Status": "enabled",
                "Telephone": "",
                "TelephoneVerified": "yes",
                "Uin": UIN.parse::<u64>().expect("the constant is a number"),
                "UserGrade": highest.detail().grade,
                "WechatBinded": "no",
            },
        }))
    }

    /// The name servers of every zone: whatever the plan, the sandbox has the same.
    fn default_name_servers(&self) -> Vec<String> {
        self.zones.zones().first().map_or_else(Vec::new, |zone| self.name_servers(zone))
    }
}

fn package(detail: &PlanDetail, name_servers: &[String]) -> Value {
    json!({
        "RealPrice": detail.real_price,
        "ChangedTimes": detail.changed_times,
        "MinTtl": detail.least_ttl,
        "RecordRoll": detail.record_roll,
        "SubDomainLevel": detail.sub_domain_levels,
        "MaxWildcard": detail.sub_domain_levels,
        "DnsServerRegion": detail.dns_server_region,
        "DomainGradeCn": detail.title,
        "GradeLevel": detail.plan.level(),
        "Ns": name_servers,
        "DomainGrade": detail.grade,
    })
}
