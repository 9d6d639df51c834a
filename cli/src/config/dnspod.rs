//! The DNSPod API: what it is called with and where it is.

use acme_core::http::HttpOptions;
use dnspod_solver::{DnsPod, DnsPodBuilder, Found, FoundCredential};
use url::Url;

use super::credential;
use super::setting::{Setting, Settings};
use crate::args::CredentialArgs;
use crate::report::Report;

/// The legacy API of the international site.
const INTERNATIONAL_LEGACY: &str = "https://api.dnspod.com";

/// What calls DNSPod: a credential, and endpoints where they are not Tencent's own.
pub(crate) struct Dnspod {
    pub(crate) credential: FoundCredential,
    /// Where the credential was found, for people.
    pub(crate) origin: String,
    /// The role that is assumed with it.
    pub(crate) role_arn: Option<String>,
    /// What should be mended about it though it works.
    pub(crate) warnings: Vec<String>,
    /// Of API 3.0.
    pub(crate) endpoint: Option<Url>,
    pub(crate) legacy_endpoint: Option<Url>,
    pub(crate) sts_endpoint: Option<Url>,
    pub(crate) metadata_endpoint: Option<Url>,
}

/// What was typed about the endpoints of both APIs.
pub(super) struct Endpoints<'a> {
    pub(super) v3: Option<&'a str>,
    pub(super) legacy: Option<&'a str>,
}

impl Dnspod {
    /// Reads everything. `None` goes with a mistake in `settings`.
    pub(super) fn read(
        settings: &mut Settings<'_>,
        args: &CredentialArgs,
        endpoints: &Endpoints<'_>,
    ) -> Option<Self> {
        let own = "Tencent's own is https://dnspod.tencentcloudapi.com and needs no option";
        let endpoint = url(settings, "dnspod-endpoint", endpoints.v3, own);
        let own = "DNSPod's own is https://dnsapi.cn and needs no option";
        let legacy_endpoint = url(settings, "dnspod-legacy-endpoint", endpoints.legacy, own);
        let own = "Tencent's own is https://sts.tencentcloudapi.com and needs no option";
        let sts_endpoint = url(settings, "sts-endpoint", args.sts_endpoint.as_deref(), own);
        let own = "Tencent's own is http://metadata.tencentyun.com and needs no option";
        let metadata_endpoint =
            url(settings, "metadata-endpoint", args.metadata_endpoint.as_deref(), own);
        let Found { credential, origin, role_arn, warnings, .. } =
            credential::find(settings, args)?;
        Some(Self {
            credential,
            origin,
            role_arn,
            warnings,
            endpoint,
            legacy_endpoint,
            sts_endpoint,
            metadata_endpoint,
        })
    }

    /// The provider for its account. `contact` is the mail address that the legacy API wants to know.
    pub(crate) fn provider(self, http: HttpOptions, contact: Option<&str>) -> DnsPodBuilder {
        let builder = match self.credential {
            FoundCredential::TencentCloud(source) => {
                let mut builder = DnsPod::builder(source);
                if let Some(endpoint) = self.endpoint {
                    builder = builder.endpoint(endpoint);
                }
                if let Some(endpoint) = self.sts_endpoint {
                    builder = builder.sts_endpoint(endpoint);
                }
                if let Some(endpoint) = self.metadata_endpoint {
                    builder = builder.metadata_endpoint(endpoint);
                }
                builder
            }
            FoundCredential::LoginToken { token, is_international } => {
                let mut builder = DnsPod::legacy(token);
                let own = || {
                    is_international.then(|| {
                        Url::parse(INTERNATIONAL_LEGACY).expect("the endpoint's constant is a URL")
                    })
                };
                if let Some(endpoint) = self.legacy_endpoint.or_else(own) {
                    builder = builder.endpoint(endpoint);
                }
                if let Some(contact) = contact {
                    builder = builder.contact(contact);
                }
                builder
            }
        };
        builder.http(http)
    }
}

fn url(settings: &mut Settings<'_>, option: &str, typed: Option<&str>, own: &str) -> Option<Url> {
    let Setting { origin, value } = settings.text(option, typed)?;
    match Url::parse(&value) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Some(url),
        _ => {
            settings.mistakes.push(Report::usage(
                format_args!("{origin}: {value:?} is not the URL of a server"),
                own,
            ));
            None
        }
    }
}
