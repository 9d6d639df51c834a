//! Which CAs are believed about callers, from files and from what the kube-apiserver publishes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ca_bundle::CaBundle;
use super::request_header::{RequestHeader, UserHeaders};

/// The ConfigMap in which a kube-apiserver tells aggregated servers whom to believe.
pub(super) const CONFIG_MAP_NAMESPACE: &str = "kube-system";
pub(super) const CONFIG_MAP: &str = "extension-apiserver-authentication";

/// Whom to believe about who a caller is. What is absent is not believed at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// The CAs of client certificates that name users.
    pub(super) client: Option<CaBundle>,
    /// The front proxy.
    pub(super) request_header: Option<RequestHeader>,
}

/// Where to learn whom to believe; the flags of Kubernetes' aggregated servers.
#[derive(Clone, Debug, Default)]
pub struct TrustSources {
    /// `--client-ca-file`: used instead of the ConfigMap's `client-ca-file`.
    pub client_ca_file: Option<PathBuf>,
    /// `--requestheader-client-ca-file` and what goes with it: used instead of the ConfigMap's `requestheader-…`.
    pub request_header: Option<RequestHeaderFlags>,
    /// `--authentication-skip-lookup`: do not read the ConfigMap.
    pub skip_lookup: bool,
    /// `--authentication-tolerate-lookup-failure`: be ready though the ConfigMap cannot be read.
    pub tolerate_lookup_failure: bool,
}

/// The flags `--requestheader-…`.
#[derive(Clone, Debug)]
pub struct RequestHeaderFlags {
    /// PEM file of the CAs of front proxies.
    pub client_ca_file: PathBuf,
    /// Common names of front proxies; empty for any.
    pub allowed_names: Vec<String>,
    /// Headers that hold the user's name.
    pub username_headers: Vec<String>,
    /// Headers that hold the user's UID.
    pub uid_headers: Vec<String>,
    /// Headers that hold the user's groups.
    pub group_headers: Vec<String>,
    /// Beginnings of headers that hold further attributes.
    pub extra_headers_prefix: Vec<String>,
}

impl TrustSources {
    /// Whether anything is to be learned from the ConfigMap.
    pub(super) fn need_lookup(&self) -> bool {
        !self.skip_lookup && (self.client_ca_file.is_none() || self.request_header.is_none())
    }

    /// Makes the trust from the ConfigMap's data and the texts of the files, as far as each is there.
    pub(super) fn trust(
        &self,
        config_map: Option<&BTreeMap<String, String>>,
        client_ca: Option<&str>,
        request_header_ca: Option<&str>,
    ) -> Result<Trust, String> {
        let published = |key: &str| config_map.and_then(|data| data.get(key)).map(String::as_str);
        let client = match (&self.client_ca_file, client_ca) {
            (Some(path), text) => Some(bundle(text, &path.display().to_string())?),
            (None, _) => match published("client-ca-file") {
                Some(text) => Some(bundle(Some(text), &key("client-ca-file"))?),
                None => None,
            },
        };
        let request_header = match &self.request_header {
            Some(flags) => {
                let path = flags.client_ca_file.display().to_string();
                Some(flags.with(bundle(request_header_ca, &path)?))
            }
            None => match published("requestheader-client-ca-file") {
                Some(text) => {
                    let cas = bundle(Some(text), &key("requestheader-client-ca-file"))?;
                    Some(published_request_header(cas, &published)?)
                }
                None => None,
            },
        };
        Ok(Trust { client, request_header })
    }
}

impl RequestHeaderFlags {
    fn with(&self, cas: CaBundle) -> RequestHeader {
        RequestHeader {
            cas,
            allowed_names: self.allowed_names.clone(),
            user: UserHeaders {
                name: self.username_headers.clone(),
                uid: self.uid_headers.clone(),
                group: self.group_headers.clone(),
                extra_prefix: self.extra_headers_prefix.clone(),
            },
        }
    }
}

fn published_request_header<'a>(
    cas: CaBundle,
    published: &dyn Fn(&str) -> Option<&'a str>,
) -> Result<RequestHeader, String> {
    let list = |name: &str| -> Result<Vec<String>, String> {
        let Some(text) = published(name) else { return Ok(Vec::new()) };
        serde_json::from_str(text)
            .map_err(|_| format!("{} is not a JSON list of strings", key(name)))
    };
    Ok(RequestHeader {
        cas,
        allowed_names: list("requestheader-allowed-names")?,
        user: UserHeaders {
            name: list("requestheader-username-headers")?,
            uid: list("requestheader-uid-headers")?,
            group: list("requestheader-group-headers")?,
            extra_prefix: list("requestheader-extra-headers-prefix")?,
        },
    })
}

fn bundle(text: Option<&str>, origin: &str) -> Result<CaBundle, String> {
    let text = text.ok_or_else(|| format!("{origin} cannot be read"))?;
    CaBundle::parse(text).map_err(|reason| format!("{origin}: {reason}"))
}

fn key(name: &str) -> String {
    format!("{name} of ConfigMap {CONFIG_MAP_NAMESPACE}/{CONFIG_MAP}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authentication::test_certificates::TestCa;

    fn data(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_client_ca_alone_is_enough() {
        let data = data(&[("client-ca-file", &TestCa::new("kubernetes").pem())]);
        let trust = TrustSources::default().trust(Some(&data), None, None).unwrap();
        assert!(trust.client.is_some() && trust.request_header.is_none());
        let nothing = TrustSources::default().trust(None, None, None).unwrap();
        assert!(nothing.client.is_none() && nothing.request_header.is_none());
    }

    #[test]
    fn the_front_proxy_is_as_published() {
        let ca = TestCa::new("front-proxy-ca").pem();
        let published = data(&[
            ("requestheader-client-ca-file", &ca),
            ("requestheader-allowed-names", r#"["front-proxy-client"]"#),
            ("requestheader-username-headers", r#"["X-Remote-User"]"#),
            ("requestheader-group-headers", r#"["X-Remote-Group"]"#),
            ("requestheader-extra-headers-prefix", r#"["X-Remote-Extra-"]"#),
        ]);
        let trust = TrustSources::default().trust(Some(&published), None, None).unwrap();
        let request_header = trust.request_header.unwrap();
        assert_eq!(request_header.allowed_names, ["front-proxy-client"]);
        assert_eq!(request_header.user.uid, Vec::<String>::new());

        // A list that cannot be read must not come to mean "any name".
        let mut broken = published;
        broken.insert("requestheader-allowed-names".to_owned(), "front-proxy-client".to_owned());
        let error = TrustSources::default().trust(Some(&broken), None, None).unwrap_err();
        assert!(error.starts_with("requestheader-allowed-names of ConfigMap"), "{error}");
    }

    #[test]
    fn files_come_before_what_is_published() {
        let file = TestCa::new("file");
        let sources =
            TrustSources { client_ca_file: Some("/ca.crt".into()), ..TrustSources::default() };
        assert!(sources.need_lookup());
        let data = data(&[("client-ca-file", "nonsense")]);
        let trust = sources.trust(Some(&data), Some(&file.pem()), None).unwrap();
        assert!(trust.client.is_some());
        let error = sources.trust(Some(&data), None, None).unwrap_err();
        assert_eq!(error, "/ca.crt cannot be read");
        assert!(!TrustSources { skip_lookup: true, ..sources }.need_lookup());
    }
}
