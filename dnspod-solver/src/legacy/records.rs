//! The actions on records, in the fields that both sites know.

use std::borrow::Cow;

use serde::Deserialize;
use tokio::time::Instant;

use super::Client;
use super::lenient::Number;
use super::page::{PAGE, is_last};
use crate::api::AccountRecord;
use crate::class::Class;
use crate::error::CallError;
use crate::zone::Zone;

#[derive(Deserialize)]
pub(super) struct RecordList {
    info: Option<RecordCount>,
    records: Option<Vec<Record>>,
}

/// How many records the list has in all.
#[derive(Deserialize)]
struct RecordCount {
    record_total: Option<Number>,
}

#[derive(Deserialize)]
struct Record {
    id: Number,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

#[derive(Deserialize)]
pub(super) struct RecordCreate {
    record: CreatedRecord,
}

#[derive(Deserialize)]
struct CreatedRecord {
    id: Number,
}

#[derive(Deserialize)]
pub(super) struct RecordRemove {}

impl From<Record> for AccountRecord {
    fn from(record: Record) -> Self {
        let Record { id: Number(id), name, kind, value } = record;
        Self { id, name, record_type: kind, value }
    }
}

impl Client {
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
            let ((zone_by, which), from, length) =
                (zone_field(zone), offset.to_string(), PAGE.to_string());
            let fields = [
                (zone_by, &*which),
                ("sub_domain", subdomain),
                ("record_type", "TXT"),
                ("offset", &from),
                ("length", &length),
            ];
            let answer: RecordList = match self.call("Record.List", &fields, deadline).await {
                Err(error) if error.class() == Class::Gone => return Ok(found),
                answer => answer?,
            };
            let page = answer.records.unwrap_or_default();
            offset += page.len() as u64;
            let total = answer.info.and_then(|info| info.record_total);
            let last = is_last(page.len(), offset, total);
            found.extend(page.into_iter().map(AccountRecord::from).filter(&wanted));
            if last {
                return Ok(found);
            }
        }
    }

    /// Creates a TXT record and gives its id. `ttl` is in seconds; without a `line` it is on the default one.
    ///
    /// That the record is there already is known by a code that the manual does not list. A refusal that no table knows
    /// is therefore held against the list of records; its words, which change, are never read.
    pub(crate) async fn create_txt_record(
        &self,
        zone: &Zone,
        subdomain: &str,
        value: &str,
        ttl: u32,
        line: Option<&str>,
        deadline: Instant,
    ) -> Result<u64, CallError> {
        let ((zone_by, which), ttl) = (zone_field(zone), ttl.to_string());
        let mut fields = vec![
            (zone_by, &*which),
            ("sub_domain", subdomain),
            ("record_type", "TXT"),
            ("record_line", line.unwrap_or(self.line)),
            ("value", value),
            ("ttl", &ttl),
        ];
        if line.is_none() {
            // The id is the same on both sites and wins; the international site's manual knows only the name.
            fields.push(("record_line_id", "0"));
        }
        let answer: Result<RecordCreate, _> = self.call("Record.Create", &fields, deadline).await;
        let error = match answer {
            Ok(RecordCreate { record: CreatedRecord { id: Number(id) } }) => return Ok(id),
            Err(error) => error,
        };
        if error.is_unknown() {
            let equal = |record: &AccountRecord| {
                record.record_type == "TXT"
                    && record.value == value
                    && zone.full_name(&record.name) == zone.full_name(subdomain)
            };
            if let Ok(listed) = self.txt_records(zone, subdomain, equal, deadline).await
                && let Some(record) = listed.first()
            {
                return Ok(record.id);
            }
        }
        Err(error)
    }

    /// Deletes a record; one that is gone already is success.
    pub(crate) async fn delete_record(
        &self,
        zone: &Zone,
        record_id: u64,
        deadline: Instant,
    ) -> Result<(), CallError> {
        let ((zone_by, which), record_id) = (zone_field(zone), record_id.to_string());
        let fields = [(zone_by, &*which), ("record_id", &record_id)];
        let answer: Result<RecordRemove, _> = self.call("Record.Remove", &fields, deadline).await;
        match answer {
            Err(error) if error.class() == Class::Gone => Ok(()),
            answer => answer.map(|_| ()),
        }
    }
}

/// The zone by its id, or by its name where the id is not known.
fn zone_field(zone: &Zone) -> (&'static str, Cow<'_, str>) {
    match zone.id {
        Some(id) => ("domain_id", id.to_string().into()),
        None => ("domain", zone.domain.as_str().into()),
    }
}
