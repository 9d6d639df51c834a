//! The actions we use, in the fields that both sites know: four that an account must permit, and the list of zones.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Client;
use crate::api::{AccountRecord, AccountZone};
use crate::class::Class;
use crate::error::CallError;
use crate::zone::Zone;

/// Records or zones asked for at once (the API gives at most 3000): a page stays well below the bound on a body.
pub(super) const PAGE: u64 = 1000;

/// A zone, as `DescribeDomain` gives it (<https://cloud.tencent.com/document/api/1427/56173>).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DomainInfo {
    domain_id: u64,
    #[serde(default)]
    status: String,
    #[serde(default)]
    domain: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeDomainList {
    #[serde(rename = "Type")]
    kind: &'static str,
    offset: u64,
    limit: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeDomainListAnswer {
    domain_count_info: Option<DomainCountInfo>,
    domain_list: Option<Vec<DomainListItem>>,
}

/// `DomainTotal` counts what the filter matches; `AllTotal` does not, and never ends a filtered list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DomainCountInfo {
    domain_total: u64,
}

/// A zone, as `DescribeDomainList` gives it (<https://cloud.tencent.com/document/api/1427/56172>).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DomainListItem {
    domain_id: u64,
    name: String,
    #[serde(default)]
    status: String,
}

/// A record, as `DescribeRecordList` gives it (<https://cloud.tencent.com/document/api/1427/56166>).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordListItem {
    record_id: u64,
    name: String,
    #[serde(rename = "Type")]
    record_type: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeDomain<'a> {
    domain: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeDomainAnswer {
    domain_info: DomainInfo,
}

/// Without `ErrorOnEmpty`, which the international site does not document: that there is no record is an error, and is
/// read as [`Class::Gone`].
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeRecordList<'a> {
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_id: Option<u64>,
    /// The older spelling, which both sites know.
    #[serde(skip_serializing_if = "Option::is_none")]
    subdomain: Option<&'a str>,
    record_type: &'a str,
    offset: u64,
    limit: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeRecordListAnswer {
    record_count_info: Option<RecordCountInfo>,
    record_list: Option<Vec<RecordListItem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordCountInfo {
    total_count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRecord<'a> {
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_id: Option<u64>,
    sub_domain: &'a str,
    record_type: &'a str,
    /// Required, and the only text that differs between the sites; the id is the same on both and wins.
    record_line: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_line_id: Option<&'a str>,
    value: &'a str,
    #[serde(rename = "TTL")]
    ttl: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRecordAnswer {
    record_id: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteRecord<'a> {
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_id: Option<u64>,
    record_id: u64,
}

#[derive(Deserialize)]
struct DeleteRecordAnswer {}

impl From<RecordListItem> for AccountRecord {
    fn from(item: RecordListItem) -> Self {
        let RecordListItem { record_id, name, record_type, value } = item;
        Self { id: record_id, name, record_type, value }
    }
}

impl Client {
    /// The zone of exactly this name, if the account has it.
    pub(crate) async fn zone(
        &self,
        domain: &str,
        deadline: Instant,
    ) -> Result<Option<AccountZone>, CallError> {
        if !self.has_zone(domain, deadline).await? {
            return Ok(None);
        }
        let answer: DescribeDomainAnswer =
            self.call("DescribeDomain", &DescribeDomain { domain }, deadline).await?;
        let DomainInfo { domain_id, status, domain } = answer.domain_info;
        Ok(Some(AccountZone { id: domain_id, name: domain, status }))
    }

    /// All zones of the account, or `None` where there are more than `most`.
    pub(crate) async fn zones(
        &self,
        most: usize,
        deadline: Instant,
    ) -> Result<Option<Vec<AccountZone>>, CallError> {
        let mut zones = Vec::new();
        loop {
            let offset = zones.len() as u64;
            let request = DescribeDomainList { kind: "ALL", offset, limit: PAGE };
            let answer: DescribeDomainListAnswer =
                match self.call("DescribeDomainList", &request, deadline).await {
                    Err(error) if error.class() == Class::NotMyZone => return Ok(Some(zones)),
                    answer => answer?,
                };
            let page = answer.domain_list.unwrap_or_default();
            let total = answer.domain_count_info.map_or(u64::MAX, |count| count.domain_total);
            let is_last = page.is_empty() || offset + page.len() as u64 >= total;
            zones.extend(page.into_iter().map(|item| {
                let DomainListItem { domain_id, name, status } = item;
                AccountZone { id: domain_id, name, status }
            }));
            if zones.len() > most {
                return Ok(None);
            }
            if is_last {
                return Ok(Some(zones));
            }
        }
    }

    /// The TXT records at `subdomain` of `zone` that `wanted` chooses, from all pages.
    pub(crate) async fn txt_records(
        &self,
        zone: &Zone,
        subdomain: &str,
        wanted: impl Fn(&AccountRecord) -> bool,
        deadline: Instant,
    ) -> Result<Vec<AccountRecord>, CallError> {
        let mut found = Vec::new();
        let mut offset = 0;
        loop {
            let request = DescribeRecordList {
                domain: &zone.domain,
                domain_id: zone.id,
                subdomain: Some(subdomain),
                record_type: "TXT",
                offset,
                limit: PAGE,
            };
            let answer: DescribeRecordListAnswer =
                match self.call("DescribeRecordList", &request, deadline).await {
                    Err(error) if error.class() == Class::Gone => return Ok(found),
                    answer => answer?,
                };
            let page = answer.record_list.unwrap_or_default();
            let length = page.len() as u64;
            found.extend(page.into_iter().map(AccountRecord::from).filter(&wanted));
            offset += length;
            let total = answer.record_count_info.map_or(u64::MAX, |count| count.total_count);
            if length == 0 || offset >= total {
                return Ok(found);
            }
        }
    }

    /// Creates a TXT record and gives its id. Without a `line` it is on the default one.
    pub(crate) async fn create_txt_record(
        &self,
        zone: &Zone,
        subdomain: &str,
        value: &str,
        ttl: u32,
        line: Option<&str>,
        deadline: Instant,
    ) -> Result<u64, CallError> {
        let request = CreateRecord {
            domain: &zone.domain,
            domain_id: zone.id,
            sub_domain: subdomain,
            record_type: "TXT",
            record_line: line.unwrap_or("默认"),
            record_line_id: line.is_none().then_some("0"),
            value,
            ttl,
        };
        let answer: CreateRecordAnswer = self.call("CreateRecord", &request, deadline).await?;
        Ok(answer.record_id)
    }

    /// Deletes a record; one that is gone already is success.
    pub(crate) async fn delete_record(
        &self,
        zone: &Zone,
        record_id: u64,
        deadline: Instant,
    ) -> Result<(), CallError> {
        let request = DeleteRecord { domain: &zone.domain, domain_id: zone.id, record_id };
        let answer: Result<DeleteRecordAnswer, _> =
            self.call("DeleteRecord", &request, deadline).await;
        match answer {
            Err(error) if error.class() == Class::Gone => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// Whether the account has a zone of this name.
    ///
    /// `DescribeRecordList` is asked, not `DescribeDomain`: five times as many calls a second are permitted.
    async fn has_zone(&self, domain: &str, deadline: Instant) -> Result<bool, CallError> {
        let request = DescribeRecordList {
            domain,
            domain_id: None,
            subdomain: None,
            record_type: "TXT",
            offset: 0,
            limit: 1,
        };
        let answer: Result<DescribeRecordListAnswer, _> =
            self.call("DescribeRecordList", &request, deadline).await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) => match error.class() {
                Class::Gone => Ok(true),
                Class::NotMyZone => Ok(false),
                _ => Err(error),
            },
        }
    }
}

/// Reads an answer as each of the actions does, for the fuzz target; the error's text, where it holds one.
#[cfg(fuzzing)]
pub fn answer(body: &[u8]) -> Option<String> {
    use super::transport::fuzzing::{error, read};
    read::<DescribeDomainAnswer>(body);
    read::<DescribeDomainListAnswer>(body);
    read::<DescribeRecordListAnswer>(body);
    read::<CreateRecordAnswer>(body);
    read::<DeleteRecordAnswer>(body);
    let name = acme_core::DnsName::parse("ws.example").expect("this is a name");
    error(body).map(|error| error.into_provider_error(&name, &name).to_string())
}
