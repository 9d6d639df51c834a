//! The directory: where a CA's resources are and what it says about itself (RFC 8555 §7.1.1).

use std::collections::BTreeMap;

use serde::Deserialize;
use url::{Host, Url};

use super::error::AcmeError;

/// Bound on a URL from a CA, in bytes.
const MAX_URL: usize = 2048;

/// Where a CA's resources are and what it says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(super) new_nonce: Url,
    pub(super) new_account: Url,
    pub(super) new_order: Url,
    /// Where to ask when to renew (RFC 9773 §4), where the CA offers it.
    pub(crate) renewal_info: Option<Url>,
    /// The terms that a person must accept.
    pub(crate) terms_of_service: Option<Url>,
    /// The names that CAA records know this CA by.
    pub(crate) caa_identities: Vec<String>,
    /// Whether accounts need an external account binding (RFC 8555 §7.3.4).
    pub(crate) external_account_required: bool,
    /// Profiles and what the CA says of them (draft-ietf-acme-profiles).
    pub(crate) profiles: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDirectory {
    new_nonce: String,
    new_account: String,
    new_order: String,
    renewal_info: Option<String>,
    #[serde(default)]
    meta: RawMeta,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawMeta {
    terms_of_service: Option<String>,
    caa_identities: Vec<String>,
    external_account_required: bool,
    profiles: BTreeMap<String, String>,
}

impl Directory {
    /// Reads a directory; `local` as for [`resource_url`].
    pub(super) fn parse(body: &[u8], local: bool) -> Result<Self, AcmeError> {
        let raw: RawDirectory = serde_json::from_slice(body).map_err(|error| {
            AcmeError::malformed(format!(
                "this is no ACME directory ({error}); check the directory's address"
            ))
        })?;
        let url = |text: &str, what| resource_url(text, local, what);
        Ok(Self {
            new_nonce: url(&raw.new_nonce, "newNonce")?,
            new_account: url(&raw.new_account, "newAccount")?,
            new_order: url(&raw.new_order, "newOrder")?,
            renewal_info: raw.renewal_info.map(|text| url(&text, "renewalInfo")).transpose()?,
            // For people to read: an odd one stops nobody.
            terms_of_service: raw
                .meta
                .terms_of_service
                .filter(|text| text.len() <= MAX_URL)
                .and_then(|text| Url::parse(&text).ok()),
            caa_identities: raw.meta.caa_identities,
            external_account_required: raw.meta.external_account_required,
            profiles: raw.meta.profiles,
        })
    }
}

/// Reads the URL of a resource from a CA's answer.
///
/// It must be `https` (RFC 8555 §6.1). A CA on this machine (`local`) may use `http`, and only such a CA may send a
/// client to this machine.
pub(super) fn resource_url(text: &str, local: bool, what: &str) -> Result<Url, AcmeError> {
    if text.len() > MAX_URL {
        let what = format!(
            "the address for {what} has {} bytes, at most {MAX_URL} are accepted",
            text.len()
        );
        return Err(AcmeError::malformed(what));
    }
    let fault = match Url::parse(text) {
        Err(error) => error.to_string(),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "it holds a user name".to_owned()
        }
        Ok(url) if is_loopback(&url) && !local => "it leads to this machine".to_owned(),
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {
            return Ok(url);
        }
        Ok(_) => "it is not https".to_owned(),
    };
    let shown = super::problem::cleaned(text, 100);
    Err(AcmeError::malformed(format!("the address {shown:?} for {what} cannot be used: {fault}")))
}

/// Whether a URL leads to this machine by its name or address.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_read_with_what_the_ca_says_about_itself() {
        let body = br#"{
            "newNonce": "https://ca.example/nonce", "newAccount": "https://ca.example/account",
            "newOrder": "https://ca.example/order", "renewalInfo": "https://ca.example/ari",
            "keyChange": 5, "x7Yq": "https://community.example/adding-random-entries",
            "meta": {"termsOfService": "https://ca.example/terms", "caaIdentities": ["ca.example"],
                     "externalAccountRequired": true, "profiles": {"classic": "The usual."}}}"#;
        let directory = Directory::parse(body, false).unwrap();
        assert_eq!(directory.new_order.as_str(), "https://ca.example/order");
        assert_eq!(directory.terms_of_service.unwrap().path(), "/terms");
        assert_eq!(directory.caa_identities, ["ca.example"]);
        assert!(directory.external_account_required);
        assert_eq!(directory.profiles["classic"], "The usual.");
    }

    #[test]
    fn what_is_no_directory_says_so() {
        for body in [&b"<html>"[..], b"{}", b"[]", b"\xff"] {
            let error = Directory::parse(body, false).unwrap_err();
            assert!(error.to_string().contains("no ACME directory"), "{error}");
        }
    }

    #[test]
    fn addresses_from_a_ca_are_https_and_stay_off_this_machine() {
        let long = format!("https://ca.example/{}", "a".repeat(MAX_URL));
        for bad in [
            "http://ca.example/",
            "file:///etc/passwd",
            "https://user:pass@ca.example/",
            "https://127.0.0.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://localhost/",
            "/relative",
            &long,
        ] {
            assert!(resource_url(bad, false, "order").is_err(), "{bad}");
        }
        assert!(resource_url("https://ca.example/order", false, "order").is_ok());
        assert!(resource_url("http://127.0.0.1:14000/order", true, "order").is_ok());
        assert!(resource_url("http://ca.example/order", true, "order").is_err());
    }
}
