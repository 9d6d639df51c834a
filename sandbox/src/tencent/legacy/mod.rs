//! DNSPod's legacy API, `https://dnsapi.cn/<Action>` and `https://api.dnspod.com/<Action>`: what is needed to solve
//! DNS-01, over the same zones and with the same ids as API 3.0 (github.com/DNSPod/dnspod-api-doc).
//!
//! Ids are numbers here and text there, and the same number means different things for different actions, as in the
//! real one: see `status.rs` for the table.

mod answer;
mod call;
mod domains;
mod edition;
mod edits;
mod form;
mod login;
mod records;
mod status;

pub(super) use call::call;
pub(crate) use edition::Edition;
pub(crate) use login::Legacy;
