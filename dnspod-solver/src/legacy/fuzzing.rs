//! For the targets of fuzz/.

use acme_core::DnsName;

use super::records::{RecordCreate, RecordList, RecordRemove};
use super::transport::Head;
use super::zones::{DomainInfo, DomainList};

/// Reads an answer as each of the actions does; the error's text, where it holds one.
pub fn answer(body: &[u8]) -> Option<String> {
    let _ = serde_json::from_slice::<DomainInfo>(body);
    let _ = serde_json::from_slice::<DomainList>(body);
    let _ = serde_json::from_slice::<RecordList>(body);
    let _ = serde_json::from_slice::<RecordCreate>(body);
    let _ = serde_json::from_slice::<RecordRemove>(body);
    let head: Head = serde_json::from_slice(body).ok()?;
    let error = head.done("Record.Create").err()?;
    let name = DnsName::parse("ws.example").expect("this is a name");
    Some(error.into_provider_error(&name, &name).to_string())
}
