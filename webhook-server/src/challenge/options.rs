//! How DNSPod is reached, and what is done there.

use std::time::Duration;

use acme_core::dns01::{AuthoritativeLookup, AuthoritativeLookupBuilder};
use acme_core::http::HttpOptions;
use url::Url;

use super::ambient::AmbientCredential;

/// Of the 25 s that a challenge has, Secrets may take 4; what is left after this goes to the way there and back. Then it
/// is told what took too long, and not only that time was up.
const TIME_LIMIT: Duration = Duration::from_secs(19);
/// See [`TIME_LIMIT`].
const PROPAGATION_LIMIT: Duration = Duration::from_secs(23);

/// How DNSPod is reached, and what is done there.
#[derive(Clone, Debug)]
pub struct DnspodOptions {
    /// Tencent Cloud API 3.0; the Chinese site unless set.
    pub endpoint: Option<Url>,
    /// The legacy DNSPod API; the Chinese site unless set.
    pub legacy_endpoint: Option<Url>,
    /// The mail address of whoever runs the webhook, which the legacy API is told.
    pub contact_email: Option<String>,
    /// What is used where an Issuer names no credential and cert-manager allows it.
    pub ambient: Option<AmbientCredential>,
    /// Proxy, roots, time limits.
    pub http: HttpOptions,
    /// How name servers are found where an Issuer wants to wait for them.
    pub lookup: AuthoritativeLookupBuilder,
    /// Bound on one append or delete at DNSPod.
    pub time_limit: Duration,
    /// From the beginning of a call, how long it may take until every name server answers, where an Issuer wants to wait
    /// for them.
    pub propagation_limit: Duration,
    /// Whether a clean-up succeeds, leaving the record behind, when the Secret with its credential is gone: else the
    /// Challenge, and its namespace, cannot be deleted until the Secret is back.
    pub clean_up_without_secret: bool,
}

impl Default for DnspodOptions {
    fn default() -> Self {
        Self {
            endpoint: None,
            legacy_endpoint: None,
            contact_email: None,
            ambient: None,
            http: HttpOptions::default(),
            lookup: AuthoritativeLookup::builder(),
            time_limit: TIME_LIMIT,
            propagation_limit: PROPAGATION_LIMIT,
            clean_up_without_secret: false,
        }
    }
}
