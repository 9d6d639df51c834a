//! Where the two APIs are, and whether a URL may be the endpoint of one.

use url::{Host, Url};

use crate::BuildError;

/// API 3.0 of the Chinese site, which serves all accounts of it.
const V3: &str = "https://dnspod.tencentcloudapi.com";
/// The legacy API of the Chinese site.
const LEGACY: &str = "https://dnsapi.cn";
/// STS of the Chinese site.
const STS: &str = "https://sts.tencentcloudapi.com";
/// The metadata service, as instances (CVM) reach it.
const METADATA: &str = "http://metadata.tencentyun.com";
/// The domain of every host of API 3.0.
const V3_DOMAIN: &str = "tencentcloudapi.com";
/// The hosts of the legacy API: of the Chinese and of the international site.
const LEGACY_HOSTS: [&str; 2] = ["dnsapi.cn", INTERNATIONAL];
const INTERNATIONAL: &str = "api.dnspod.com";

/// The endpoint of API 3.0: `chosen`, or Tencent's own.
pub(crate) fn v3(chosen: Option<Url>) -> Result<Url, BuildError> {
    let endpoint = checked(chosen, V3)?;
    if LEGACY_HOSTS.iter().any(|host| is_in(&endpoint, host)) {
        return Err(BuildError::EndpointOfLegacy(shown(&endpoint)));
    }
    Ok(endpoint)
}

/// The endpoint of STS: `chosen`, or that of the site which has `dnspod` as its endpoint of API 3.0.
pub(crate) fn sts(chosen: Option<Url>, dnspod: &Url) -> Result<Url, BuildError> {
    let site = dnspod.host_str().and_then(|host| host.strip_prefix("dnspod."));
    match site.filter(|_| chosen.is_none() && is_in(dnspod, V3_DOMAIN)) {
        Some(site) => checked(None, &format!("https://sts.{site}")),
        None => checked(chosen, STS),
    }
}

/// The metadata service: `chosen`, or Tencent's own, which is reached in clear within the instance's network.
pub(crate) fn metadata(chosen: Option<Url>) -> Result<Url, BuildError> {
    checked(chosen, METADATA)
}

/// The endpoint of the legacy API: `chosen`, or DNSPod's own.
pub(crate) fn legacy(chosen: Option<Url>) -> Result<Url, BuildError> {
    let endpoint = checked(chosen, LEGACY)?;
    if is_in(&endpoint, V3_DOMAIN) {
        return Err(BuildError::EndpointOfV3(shown(&endpoint)));
    }
    Ok(endpoint)
}

/// The name of the default record line at an endpoint of the legacy API.
pub(crate) fn default_line(endpoint: &Url) -> &'static str {
    if is_in(endpoint, INTERNATIONAL) { "default" } else { "默认" }
}

/// A path belongs to the API (API 3.0 signs `/`, the legacy one puts the action there), so the endpoint has none.
fn checked(chosen: Option<Url>, default: &str) -> Result<Url, BuildError> {
    let Some(endpoint) = chosen else {
        return Ok(Url::parse(default).expect("the default endpoint is a URL"));
    };
    let bare = endpoint.path() == "/"
        && endpoint.query().is_none()
        && endpoint.fragment().is_none()
        && endpoint.username().is_empty()
        && endpoint.password().is_none();
    let on_this_machine = match endpoint.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match endpoint.scheme() {
        "https" if bare => Ok(endpoint),
        "http" if bare && on_this_machine => Ok(endpoint),
        "http" if bare => Err(BuildError::Unencrypted(shown(&endpoint))),
        _ => Err(BuildError::Endpoint(shown(&endpoint))),
    }
}

/// Without what may be a password.
fn shown(endpoint: &Url) -> String {
    endpoint.host_str().map_or_else(String::new, |host| format!("{}://{host}", endpoint.scheme()))
}

fn is_in(endpoint: &Url, domain: &str) -> bool {
    let host = endpoint.host_str().unwrap_or_default();
    host.strip_suffix(domain).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{default_line, legacy, sts};

    #[test]
    fn the_default_line_has_the_name_of_the_site() {
        let line = |endpoint: &str| default_line(&endpoint.parse().unwrap());
        assert_eq!(line("https://api.dnspod.com"), "default");
        assert_eq!(line("https://dnsapi.cn"), "默认");
        assert_eq!(line("http://127.0.0.1:18080"), "默认");
        assert_eq!(line("https://notapi.dnspod.com.example"), "默认");
        assert_eq!(default_line(&legacy(None).unwrap_or_else(|e| panic!("{e}"))), "默认");
    }

    #[test]
    fn sts_is_on_the_same_site_as_the_api() {
        for (dnspod, expected) in [
            ("https://dnspod.tencentcloudapi.com", "https://sts.tencentcloudapi.com/"),
            ("https://dnspod.intl.tencentcloudapi.com", "https://sts.intl.tencentcloudapi.com/"),
            (
                "https://dnspod.internal.tencentcloudapi.com",
                "https://sts.internal.tencentcloudapi.com/",
            ),
            ("http://127.0.0.1:18080", "https://sts.tencentcloudapi.com/"),
            ("https://dnspod.example", "https://sts.tencentcloudapi.com/"),
        ] {
            let endpoint = sts(None, &dnspod.parse().unwrap()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(endpoint.as_str(), expected, "{dnspod}");
        }
        let chosen = "http://127.0.0.1:1".parse().ok();
        let endpoint = sts(chosen, &"https://dnspod.tencentcloudapi.com".parse().unwrap());
        assert_eq!(endpoint.unwrap_or_else(|e| panic!("{e}")).as_str(), "http://127.0.0.1:1/");
    }
}
