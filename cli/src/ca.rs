//! CAs by the names people know them by.

use url::{Host, Url};

/// A CA that can be named instead of giving its URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KnownCa {
    /// What is typed.
    pub(crate) alias: &'static str,
    /// Its directory (RFC 8555 §7.1.1).
    pub(crate) directory: &'static str,
    /// The alias of its test system, which a dry run uses; a test system names itself.
    pub(crate) staging: Option<&'static str>,
    /// Where to get the external account binding it demands; `None` where it demands none.
    pub(crate) binding_from: Option<&'static str>,
}

/// What `--ca` knows by name; the first is the default.
pub(crate) const KNOWN: [KnownCa; 7] = [
    KnownCa {
        alias: "letsencrypt",
        directory: "https://acme-v02.api.letsencrypt.org/directory",
        staging: Some("letsencrypt-staging"),
        binding_from: None,
    },
    KnownCa {
        alias: "letsencrypt-staging",
        directory: "https://acme-staging-v02.api.letsencrypt.org/directory",
        staging: Some("letsencrypt-staging"),
        binding_from: None,
    },
    KnownCa {
        alias: "zerossl",
        directory: "https://acme.zerossl.com/v2/DV90",
        staging: None,
        binding_from: Some("https://app.zerossl.com/developer"),
    },
    KnownCa {
        alias: "google",
        directory: "https://dv.acme-v02.api.pki.goog/directory",
        staging: Some("google-staging"),
        binding_from: Some("`gcloud publicca external-account-keys create`"),
    },
    KnownCa {
        alias: "google-staging",
        directory: "https://dv.acme-v02.test-api.pki.goog/directory",
        staging: Some("google-staging"),
        binding_from: Some("Google's Public CA API at its staging endpoint"),
    },
    KnownCa {
        alias: "sslcom",
        directory: "https://acme.ssl.com/sslcom-dv-ecc",
        staging: None,
        binding_from: Some("your account at SSL.com"),
    },
    KnownCa {
        alias: "actalis",
        directory: "https://acme-api.actalis.com/acme/directory",
        staging: None,
        binding_from: Some("your account at Actalis"),
    },
];

/// Reads the value of `--ca`, an alias or a URL; for a dry run, the CA's staging.
pub(crate) fn directory(ca: &str, dry_run: bool) -> Result<Url, CaError> {
    let Some(known) = KNOWN.iter().find(|known| known.alias == ca) else {
        return from_url(ca, dry_run);
    };
    let known = match (dry_run, known.staging) {
        (false, _) => known,
        (true, Some(staging)) => KNOWN
            .iter()
            .find(|known| known.alias == staging)
            .expect("a test finds every staging in the table"),
        (true, None) => return Err(CaError::NoStaging(known.alias)),
    };
    Ok(Url::parse(known.directory).expect("a test parses every URL of the table"))
}

/// The CA that has this host, if it is one of ours.
pub(crate) fn by_host(host: &str) -> Option<&'static KnownCa> {
    KNOWN.iter().find(|known| {
        known.directory.strip_prefix("https://").and_then(|rest| rest.split('/').next())
            == Some(host)
    })
}

fn from_url(text: &str, dry_run: bool) -> Result<Url, CaError> {
    if let Some(known) = KNOWN.iter().find(|known| known.directory == text) {
        return directory(known.alias, dry_run);
    }
    if !text.contains("://") {
        return Err(CaError::Unknown(text.to_owned()));
    }
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.has_host() => Ok(url),
        Ok(url) if url.scheme() == "http" && is_loopback(&url) => Ok(url),
        Ok(_) => Err(CaError::NotHttps),
        Err(error) => Err(CaError::NotUrl(error.to_string())),
    }
}

/// Without TLS a CA can only be one on this machine, for tests.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Why the value of `--ca` cannot be used; says what is allowed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CaError {
    #[error("{0} has no test system, and a dry run must not ask for a real certificate")]
    NoStaging(&'static str),
    #[error("ACME runs over HTTPS only (RFC 8555 §6.1): the URL must begin with https://")]
    NotHttps,
    #[error("this is not a URL: {0}")]
    NotUrl(String),
    #[error("{0:?} is not a CA known by name")]
    Unknown(String),
}

impl CaError {
    /// What to do.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::NoStaging(_) => {
                "try with --ca letsencrypt --dry-run, or with --sandbox".to_owned()
            }
            Self::NotHttps | Self::NotUrl(_) | Self::Unknown(_) => {
                let aliases: Vec<&str> = KNOWN.iter().map(|known| known.alias).collect();
                format!(
                    "give one of {}, or the https:// URL of an ACME directory",
                    aliases.join(", ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(ca: &str, dry_run: bool) -> String {
        directory(ca, dry_run).unwrap().to_string()
    }

    #[test]
    fn every_alias_has_a_directory_and_every_staging_is_an_alias() {
        for known in &KNOWN {
            assert_eq!(resolved(known.alias, false), known.directory);
            if let Some(staging) = known.staging {
                assert!(resolved(known.alias, true) == resolved(staging, false), "{}", known.alias);
            }
            assert_eq!(
                by_host(Url::parse(known.directory).unwrap().host_str().unwrap()),
                Some(known)
            );
        }
    }

    #[test]
    fn a_dry_run_never_asks_a_production_ca_that_we_know() {
        assert!(resolved("letsencrypt", true).contains("staging"));
        assert!(resolved(KNOWN[0].directory, true).contains("staging"));
        assert_eq!(directory("zerossl", true), Err(CaError::NoStaging("zerossl")));
    }

    #[test]
    fn a_url_is_taken_as_it_is_and_must_be_https() {
        assert_eq!(resolved("https://ca.example:14000/dir", true), "https://ca.example:14000/dir");
        assert_eq!(resolved("http://127.0.0.1:4000/dir", false), "http://127.0.0.1:4000/dir");
        assert_eq!(directory("http://ca.example/dir", false), Err(CaError::NotHttps));
        let unknown = directory("letsencrpyt", false).unwrap_err();
        assert_eq!(unknown, CaError::Unknown("letsencrpyt".to_owned()));
        assert!(unknown.hint().contains("letsencrypt-staging"));
    }
}
