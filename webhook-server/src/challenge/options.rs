//! How DNSPod is reached, and what is done there.

use acme_core::dns01::{AuthoritativeLookup, AuthoritativeLookupBuilder};
use acme_core::http::HttpOptions;
use url::Url;

/// How DNSPod is reached, and what is done there.
#[derive(Clone, Debug)]
pub struct DnspodOptions {
    /// Tencent Cloud API 3.0; the Chinese site unless set.
    pub endpoint: Option<Url>,
    /// The legacy DNSPod API; the Chinese site unless set.
    pub legacy_endpoint: Option<Url>,
    /// Whether credentials of the machine or the pod may be used where an Issuer names none and cert-manager allows it.
    pub ambient_credentials: bool,
    /// Proxy, roots, time limits.
    pub http: HttpOptions,
    /// How name servers are found where an Issuer wants to wait for them.
    pub lookup: AuthoritativeLookupBuilder,
    /// Whether a clean-up succeeds, leaving the record behind, when the Secret with its credential is gone: else the
    /// Challenge, and its namespace, cannot be deleted until the Secret is back.
    pub clean_up_without_secret: bool,
}

impl Default for DnspodOptions {
    fn default() -> Self {
        Self {
            endpoint: None,
            legacy_endpoint: None,
            ambient_credentials: false,
            http: HttpOptions::default(),
            lookup: AuthoritativeLookup::builder(),
            clean_up_without_secret: false,
        }
    }
}
