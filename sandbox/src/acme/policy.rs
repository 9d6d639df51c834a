//! What the CA does as it pleases, within what the RFCs leave open.

use std::collections::BTreeMap;
use std::time::Duration;

/// The CA's choices. The default is a CA that is strict and keeps nobody waiting.
#[derive(Clone)]
#[non_exhaustive]
pub struct Policy {
    /// The keys that [external account binding](https://www.rfc-editor.org/rfc/rfc8555#section-7.3.4) knows: the
    /// key identifier and the MAC key, decoded.
    pub external_account_keys: BTreeMap<String, Vec<u8>>,
    /// Whether a new account must be bound to an external one. Default: no.
    pub external_account_required: bool,
    /// The share of identifiers, in percent, for which a new order takes over a valid authorization of the same
    /// account. Default: 0, because every issuance is then the same and CAs are about to end this reuse.
    pub authorization_reuse_percent: u8,
    /// Whether a new order for exactly the identifiers and profile of an account's pending or ready order is that
    /// order, as at Let's Encrypt. Default: yes.
    pub order_reuse: bool,
    /// Domains that, with all below them, are refused with `rejectedIdentifier`. Default: `blocked.example`.
    pub blocked_domains: Vec<String>,
    /// `Retry-After` of orders, authorizations and challenges that are still being worked on. Default: none, so that a
    /// client polls at its own pace.
    pub poll_retry_after: Option<Duration>,
    /// `Retry-After` of renewal information. Default: 6 hours, as at Let's Encrypt.
    pub renewal_info_retry_after: Option<Duration>,
    /// How long a DNS server may take to answer during validation. Default: 2 s.
    pub dns_timeout: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            external_account_keys: BTreeMap::new(),
            external_account_required: false,
            authorization_reuse_percent: 0,
            order_reuse: true,
            blocked_domains: vec!["blocked.example".to_owned()],
            poll_retry_after: None,
            renewal_info_retry_after: Some(Duration::from_secs(6 * 3600)),
            dns_timeout: Duration::from_secs(2),
        }
    }
}
