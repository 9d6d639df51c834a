//! Answers: their fields in the manual's order and with the manual's types, which differ from action to action.
//!
//! The order matters: acme.sh finds a record by a text that starts with `"id"`.

use serde::Serialize;

/// A whole answer.
#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) status: StatusFields,
    #[serde(flatten)]
    pub(super) fields: Fields,
}

#[derive(Serialize)]
pub(super) struct StatusFields {
    pub(super) code: &'static str,
    pub(super) message: &'static str,
    pub(super) created_at: String,
}

/// What an action answers beside its status.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Fields {
    Nothing {},
    DomainList { info: DomainTotals, domains: Vec<DomainListItem> },
    DomainInfo { domain: Box<DomainInfo> },
    RecordList { domain: RecordsDomain, info: RecordTotals, records: Vec<RecordListItem> },
    RecordCreate { record: CreatedRecord },
    RecordModify { record: ModifiedRecord },
    RecordInfo { domain: RecordDomain, record: RecordInfo },
}

/// `info` of `Domain.List`.
#[derive(Serialize)]
pub(super) struct DomainTotals {
    pub(super) domain_total: usize,
    pub(super) all_total: usize,
    pub(super) mine_total: usize,
    pub(super) share_total: usize,
    pub(super) vip_total: usize,
    pub(super) ismark_total: usize,
    pub(super) pause_total: usize,
    pub(super) error_total: usize,
    pub(super) lock_total: usize,
    pub(super) spam_total: usize,
    pub(super) vip_expire: usize,
    pub(super) share_out_total: usize,
}

/// An element of `Domain.List`, whose id is a number.
#[derive(Serialize)]
pub(super) struct DomainListItem {
    pub(super) id: u64,
    pub(super) status: &'static str,
    pub(super) grade: &'static str,
    pub(super) group_id: &'static str,
    pub(super) searchengine_push: &'static str,
    pub(super) is_mark: &'static str,
    pub(super) ttl: String,
    pub(super) cname_speedup: &'static str,
    pub(super) remark: &'static str,
    pub(super) created_on: String,
    pub(super) updated_on: String,
    pub(super) punycode: String,
    pub(super) ext_status: &'static str,
    pub(super) name: String,
    pub(super) grade_title: &'static str,
    pub(super) is_vip: &'static str,
    pub(super) owner: String,
    pub(super) records: String,
    pub(super) auth_to_anquanbao: bool,
}

/// `domain` of `Domain.Info`, whose id is text.
#[derive(Serialize)]
pub(super) struct DomainInfo {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) punycode: String,
    pub(super) grade: &'static str,
    pub(super) grade_title: &'static str,
    pub(super) status: &'static str,
    pub(super) ext_status: &'static str,
    pub(super) records: String,
    pub(super) group_id: &'static str,
    pub(super) is_mark: &'static str,
    /// `false` where there is none.
    pub(super) remark: bool,
    pub(super) is_vip: &'static str,
    pub(super) searchengine_push: &'static str,
    pub(super) user_id: &'static str,
    pub(super) created_on: String,
    pub(super) updated_on: String,
    pub(super) ttl: String,
    pub(super) cname_speedup: &'static str,
    pub(super) owner: String,
    pub(super) auth_to_anquanbao: bool,
}

/// `domain` of `Record.List`, whose id and TTL are numbers.
#[derive(Serialize)]
pub(super) struct RecordsDomain {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) punycode: String,
    pub(super) grade: &'static str,
    pub(super) owner: String,
    pub(super) ext_status: &'static str,
    pub(super) ttl: u32,
}

/// `info` of `Record.List`.
#[derive(Serialize)]
pub(super) struct RecordTotals {
    pub(super) sub_domains: String,
    pub(super) record_total: String,
    pub(super) records_num: String,
}

/// An element of `Record.List`.
#[derive(Serialize)]
pub(super) struct RecordListItem {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) line: &'static str,
    pub(super) line_id: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) ttl: String,
    pub(super) value: String,
    pub(super) weight: Option<u64>,
    pub(super) mx: String,
    pub(super) enabled: &'static str,
    pub(super) status: &'static str,
    pub(super) monitor_status: &'static str,
    pub(super) remark: String,
    pub(super) updated_on: String,
    pub(super) use_aqb: &'static str,
}

/// `record` of `Record.Create`, whose id is text.
#[derive(Serialize)]
pub(super) struct CreatedRecord {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: &'static str,
    pub(super) weight: Option<u64>,
}

/// `record` of `Record.Modify`, whose id is a number.
#[derive(Serialize)]
pub(super) struct ModifiedRecord {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) status: &'static str,
}

/// `domain` of `Record.Info`.
#[derive(Serialize)]
pub(super) struct RecordDomain {
    pub(super) id: u64,
    pub(super) domain: String,
    pub(super) domain_grade: &'static str,
}

/// `record` of `Record.Info`, with other names than in `Record.List`.
#[derive(Serialize)]
pub(super) struct RecordInfo {
    pub(super) id: String,
    pub(super) sub_domain: String,
    pub(super) record_type: String,
    pub(super) record_line: &'static str,
    pub(super) record_line_id: &'static str,
    pub(super) value: String,
    pub(super) weight: Option<u64>,
    pub(super) mx: String,
    pub(super) ttl: String,
    pub(super) enabled: &'static str,
    pub(super) monitor_status: &'static str,
    pub(super) remark: String,
    pub(super) updated_on: String,
    pub(super) domain_id: String,
}
