//! Whether CAA records let a CA issue (RFC 8659, RFC 8657), asked before an order is spent on it.

mod property;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use url::Url;

use self::property::{IssueValue, Parameters};
use super::{CaaRecord, LookupError, TxtLookup};
use crate::{DnsName, Identifier};

/// Asks for the CAA records of every identifier and of every parent, all at once, and judges them.
///
/// `ca_identities` is the directory's `caaIdentities` (RFC 8555 §7.1.1); a CA that names none is not judged. Without
/// `account_url` (no account yet) a restriction to accounts is not judged.
///
/// A lookup that fails forbids nothing here, because the CA may see more than this machine: it is returned as a
/// warning, a sentence for people. A CA refuses on a failed lookup, so the warning is worth showing.
pub async fn check(
    lookup: &dyn TxtLookup,
    identifiers: &[Identifier],
    ca_identities: &[String],
    account_url: Option<&Url>,
) -> Result<Vec<String>, CaaRefusal> {
    if ca_identities.is_empty() {
        return Ok(Vec::new());
    }
    let mut names: Vec<DnsName> =
        identifiers.iter().flat_map(|identifier| climb(identifier.base())).collect();
    names.sort_unstable();
    names.dedup();
    let answers = join_all(names.iter().map(|name| lookup.caa(name))).await;
    let answers: BTreeMap<&DnsName, Result<Vec<CaaRecord>, LookupError>> =
        names.iter().zip(answers).collect();

    let mut failed = BTreeSet::new();
    for identifier in identifiers {
        match relevant_records(&answers, identifier.base()) {
            Ok(Some((name, records))) => {
                judge(records, identifier, ca_identities, account_url).map_err(|reason| {
                    CaaRefusal { name: name.clone(), identifier: identifier.clone(), reason }
                })?;
            }
            Ok(None) => {}
            Err(error) => {
                failed.insert(error.to_string());
            }
        }
    }
    let warnings = failed.into_iter().map(|error| {
        format!("CAA records: {error}; the CA issues only if it gets an answer there")
    });
    Ok(warnings.collect())
}

/// A CAA record that forbids this CA to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaaRefusal {
    /// Where the records stand.
    pub name: DnsName,
    /// The name to be issued.
    pub identifier: Identifier,
    /// The records in the way and what would be needed.
    pub reason: String,
}

/// The name and every parent of it up to the top-level domain (RFC 8659 §3).
fn climb(name: &DnsName) -> impl Iterator<Item = DnsName> {
    std::iter::successors(Some(name.clone()), DnsName::parent)
}

/// The first CAA records on the way up, and where they stand.
fn relevant_records<'a>(
    answers: &'a BTreeMap<&DnsName, Result<Vec<CaaRecord>, LookupError>>,
    name: &DnsName,
) -> Result<Option<(DnsName, &'a [CaaRecord])>, &'a LookupError> {
    for name in climb(name) {
        match answers.get(&name) {
            Some(Ok(records)) if !records.is_empty() => return Ok(Some((name, records))),
            Some(Err(error)) => return Err(error),
            _ => {}
        }
    }
    Ok(None)
}

/// Whether `records` let the CA issue for `identifier`; otherwise, why not.
fn judge(
    records: &[CaaRecord],
    identifier: &Identifier,
    ca_identities: &[String],
    account_url: Option<&Url>,
) -> Result<(), String> {
    let unknown = |record: &&CaaRecord| record.critical && !KNOWN_TAGS.contains(&&*record.tag);
    if let Some(record) = records.iter().find(unknown) {
        return Err(format!(
            "`{}` is marked critical and no CA can be expected to know it",
            shown(record)
        ));
    }
    let tagged = |tag| records.iter().filter(move |record| record.tag == tag);
    let wild = identifier.is_wildcard() && tagged(ISSUEWILD).next().is_some();
    let restricting: Vec<&CaaRecord> = tagged(if wild { ISSUEWILD } else { ISSUE }).collect();
    if restricting.is_empty() {
        return Ok(());
    }

    let mut reasons = Vec::new();
    for record in restricting {
        match permits(record, ca_identities, account_url) {
            Ok(()) => return Ok(()),
            Err(reason) => reasons.push(format!("`{}` {reason}", shown(record))),
        }
    }
    Err(format!(
        "{}; add a record `{} \"{}\"`",
        reasons.join(", "),
        if wild { ISSUEWILD } else { ISSUE },
        ca_identities[0]
    ))
}

/// Whether one `issue` or `issuewild` record permits; otherwise, what it does instead.
fn permits(
    record: &CaaRecord,
    ca_identities: &[String],
    account_url: Option<&Url>,
) -> Result<(), String> {
    let Some(IssueValue { issuer, parameters }) = IssueValue::parse(&record.value) else {
        return Err("permits nobody, because it cannot be parsed".to_owned());
    };
    let Some(issuer) = issuer else {
        return Err("permits nobody".to_owned());
    };
    if !ca_identities.iter().any(|identity| identity.eq_ignore_ascii_case(issuer)) {
        return Err("names another CA".to_owned());
    }
    restricts_to_us(&parameters, account_url)
}

/// RFC 8657 §3 and §4: the account and the validation method, each where it is restricted.
fn restricts_to_us(parameters: &Parameters<'_>, account_url: Option<&Url>) -> Result<(), String> {
    match (parameters.all("accounturi").as_slice(), account_url) {
        ([], _) | ([_], None) => {}
        ([uri], Some(account)) if *uri == account.as_str() => {}
        ([_], Some(account)) => return Err(format!("names another account than {account}")),
        _ => return Err("names more than one account, which permits none".to_owned()),
    }
    match parameters.all("validationmethods").as_slice() {
        [] => Ok(()),
        [methods] if methods.split(',').any(|method| method == "dns-01") => Ok(()),
        _ => Err("does not permit validation by dns-01".to_owned()),
    }
}

/// As in a zone file, on one line whatever the record holds.
fn shown(record: &CaaRecord) -> String {
    let flags = if record.critical { 128 } else { 0 };
    format!("{flags} {} \"{}\"", record.tag.escape_debug(), record.value.escape_debug())
}

const ISSUE: &str = "issue";
const ISSUEWILD: &str = "issuewild";

/// Tags in IANA's registry that ask nothing of a CA that issues for domain names, beside the two above.
const KNOWN_TAGS: [&str; 6] =
    [ISSUE, ISSUEWILD, "iodef", "issuemail", "contactemail", "contactphone"];
