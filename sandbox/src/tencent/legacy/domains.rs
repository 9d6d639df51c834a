//! The actions on domains, and how every action finds the domain it is about.

use super::answer::{DomainInfo, DomainListItem, DomainTotals, Fields};
use super::form::Form;
use super::status::Cause;
use crate::dns::{Owner, ZoneInfo, ZoneStatus};
use crate::tencent::DnspodApi;
use crate::tencent::domains::{account_name, local_time, uin};

/// The most domains that a list shows, whatever is asked for.
const LARGEST_PAGE: usize = 3000;

/// The default TTL of a domain, in seconds.
const TTL: &str = "600";

impl DnspodApi {
    pub(super) fn domain_list(&self, form: &Form) -> Result<Fields, Cause> {
        let (offset, length) = form.page(LARGEST_PAGE)?;
        let keyword = form.text("keyword").unwrap_or_default();
        // The manual gives no code for a type that there is not.
        let kind = form.text("type").unwrap_or("all");
        let all: Vec<ZoneInfo> = self.zones.zones().into_iter().filter(is_visible).collect();
        let count = |wanted: fn(&ZoneInfo) -> bool| all.iter().filter(|zone| wanted(zone)).count();
        let matching: Vec<&ZoneInfo> = all
            .iter()
            .filter(|zone| match kind {
                "mine" => zone.owner == Owner::Account,
                "share" => zone.owner == Owner::Shared,
                "pause" => zone.status == ZoneStatus::Pause,
                "vip" => zone.plan.is_paid(),
                "ismark" | "share_out" => false,
                _ => true,
            })
            .filter(|zone| zone.name.contains(keyword) || zone.punycode.contains(keyword))
            .collect();
        let page = matching.iter().skip(offset).take(length);
        let domains: Vec<DomainListItem> = page.map(|zone| self.legacy_list_item(zone)).collect();
        if domains.is_empty() && form.empty_is_error() {
            return Err(Cause::NoDomains);
        }
        let info = DomainTotals {
            domain_total: matching.len(),
            all_total: all.len(),
            mine_total: count(|zone| zone.owner == Owner::Account),
            share_total: count(|zone| zone.owner == Owner::Shared),
            vip_total: count(|zone| zone.plan.is_paid()),
            ismark_total: 0,
            pause_total: count(|zone| zone.status == ZoneStatus::Pause),
            error_total: 0,
            lock_total: count(|zone| zone.status == ZoneStatus::Lock),
            spam_total: count(|zone| zone.status == ZoneStatus::Spam),
            vip_expire: 0,
            share_out_total: 0,
        };
        Ok(Fields::DomainList { info, domains })
    }

    pub(super) fn domain_info(&self, form: &Form) -> Result<Fields, Cause> {
        let zone = self.legacy_zone(form)?;
        let domain = DomainInfo {
            id: zone.id.to_string(),
            grade: zone.plan.detail().grade,
            grade_title: zone.plan.detail().title,
            status: status(zone.status),
            ext_status: "",
            records: self.zones.record_count(zone.id).to_string(),
            group_id: "1",
            is_mark: "no",
            remark: false,
            is_vip: if zone.plan.is_paid() { "yes" } else { "no" },
            searchengine_push: "no",
            user_id: "1",
            created_on: local_time(zone.created_on),
            updated_on: local_time(zone.created_on),
            ttl: TTL.to_owned(),
            cname_speedup: "disable",
            owner: account_name(uin(zone.owner)),
            auth_to_anquanbao: false,
            name: zone.name,
            punycode: zone.punycode,
        };
        Ok(Fields::DomainInfo { domain: Box::new(domain) })
    }

    /// The zone that a request is about: `domain_id` first, else `domain` in any spelling.
    pub(super) fn legacy_zone(&self, form: &Form) -> Result<ZoneInfo, Cause> {
        let zone = if let Some(id) = form.number("domain_id", Cause::Parameter)? {
            self.zones.zone(id).filter(is_known).ok_or(Cause::Parameter)?
        } else {
            let zone = self.zones.zone_named(form.required("domain")?);
            zone.filter(is_known).ok_or(Cause::NoSuchDomain)?
        };
        if zone.owner == Owner::Foreign { Err(Cause::NotOwner) } else { Ok(zone) }
    }

    /// The same for an action that changes records, which not every zone lets happen.
    pub(super) fn legacy_writable_zone(&self, form: &Form) -> Result<ZoneInfo, Cause> {
        let zone = self.legacy_zone(form)?;
        match zone.status {
            ZoneStatus::Enable | ZoneStatus::Pause => Ok(zone),
            ZoneStatus::Lock => Err(Cause::Locked),
            ZoneStatus::Spam => Err(Cause::DomainBanned),
        }
    }

    fn legacy_list_item(&self, zone: &ZoneInfo) -> DomainListItem {
        DomainListItem {
            id: zone.id,
            status: status(zone.status),
            grade: zone.plan.detail().grade,
            group_id: "1",
            searchengine_push: "no",
            is_mark: "no",
            ttl: TTL.to_owned(),
            cname_speedup: "disable",
            remark: "",
            created_on: local_time(zone.created_on),
            updated_on: local_time(zone.created_on),
            punycode: zone.punycode.clone(),
            ext_status: "",
            name: zone.name.clone(),
            grade_title: zone.plan.detail().title,
            is_vip: if zone.plan.is_paid() { "yes" } else { "no" },
            owner: account_name(uin(zone.owner)),
            records: self.zones.record_count(zone.id).to_string(),
            auth_to_anquanbao: false,
        }
    }
}

/// Whether the list of domains shows a zone.
fn is_visible(zone: &ZoneInfo) -> bool {
    matches!(zone.owner, Owner::Account | Owner::Shared) && zone.alias_of.is_none()
}

/// Whether a request may name a zone. [unverified]: the manual does not say what becomes of one that names an alias; here
/// it is no domain, as in the list.
fn is_known(zone: &ZoneInfo) -> bool {
    zone.owner != Owner::Nobody && zone.alias_of.is_none()
}

fn status(status: ZoneStatus) -> &'static str {
    match status {
        ZoneStatus::Enable => "enable",
        ZoneStatus::Pause => "pause",
        ZoneStatus::Lock => "lock",
        ZoneStatus::Spam => "spam",
    }
}
