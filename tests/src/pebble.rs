//! A running Pebble, configured for one test and gone with it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::time::{sleep, timeout};
use url::Url;

use crate::process::last_lines;
use crate::real_part::RealPart;

/// How long Pebble may take until it accepts connections (it makes RSA keys first, on a busy machine).
const START_LIMIT: Duration = Duration::from_secs(30);

/// The pause between two looks at whether it accepts connections.
const START_POLL: Duration = Duration::from_millis(10);

/// Ports are chosen before Pebble takes them, so that another process may be faster; then others are chosen.
const START_TRIES: u32 = 3;

const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// How Pebble is to behave. The default is Pebble's own malice, without its sleeps.
#[derive(Clone, Debug)]
pub struct PebbleOptions {
    /// The name server that validation asks, over TCP too; none answers at the default.
    pub dns: SocketAddr,
    /// The share of nonces that are refused, in per cent; Pebble's default is 5.
    pub nonce_reject: Option<u8>,
    /// The share of valid authorizations that new orders take up, in per cent; Pebble's default is 50.
    pub authz_reuse: Option<u8>,
    /// How many chains there are besides the default one, each to a root of its own.
    pub alternate_roots: u8,
    /// Key ids and base64url HMAC keys; where there is one, accounts need an external account binding.
    pub external_accounts: BTreeMap<String, String>,
    /// Names that are refused.
    pub blocked: Vec<String>,
    /// The `Retry-After`, in seconds, of answers about pending authorizations and orders; Pebble's default is 3 and 5.
    pub retry_after: Option<u8>,
    /// Strict mode: what may become an error in later releases is one.
    pub strict: bool,
}

impl Default for PebbleOptions {
    fn default() -> Self {
        Self {
            dns: SocketAddr::from((Ipv4Addr::LOCALHOST, 9)),
            nonce_reject: None,
            authz_reuse: None,
            alternate_roots: 0,
            external_accounts: BTreeMap::new(),
            blocked: Vec::new(),
            retry_after: None,
            strict: true,
        }
    }
}

/// A running Pebble; dropping it kills it.
#[derive(Debug)]
pub struct Pebble {
    _child: Child,
    dir: TempDir,
    acme: SocketAddr,
    management: SocketAddr,
    tls_root: String,
    http: reqwest::Client,
}

impl Pebble {
    /// Starts Pebble and waits until it accepts connections.
    ///
    /// # Errors
    /// A sentence: Pebble cannot be had, or does not start; then with the end of its log.
    pub async fn start(options: PebbleOptions) -> Result<Self, String> {
        let mut reason = String::new();
        for _ in 0..START_TRIES {
            match Self::start_once(&options).await {
                Ok(pebble) => return Ok(pebble),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    /// The URL of the ACME directory.
    pub fn directory_url(&self) -> Url {
        url(self.acme, "dir")
    }

    /// The root, in PEM, that Pebble's HTTPS is trusted by; not the one that it issues from.
    pub fn tls_root(&self) -> &str {
        &self.tls_root
    }

    /// The ACME directory.
    pub async fn directory(&self) -> Result<Value, String> {
        let body = self.get(self.directory_url()).await?;
        serde_json::from_str(&body).map_err(|error| format!("the directory is no JSON: {error}"))
    }

    /// The root certificate, in PEM, of the chain `index`: 0 is the default one, then the alternates.
    pub async fn issuing_root(&self, index: u8) -> Result<String, String> {
        self.get(url(self.management, &format!("roots/{index}"))).await
    }

    /// Gets what an URL of this Pebble shows without a signature.
    pub async fn get(&self, url: Url) -> Result<String, String> {
        let failed = |error: reqwest::Error| format!("GET {url}: {error}");
        let answer = self.http.get(url.clone()).send().await.map_err(failed)?;
        answer.error_for_status().map_err(failed)?.text().await.map_err(failed)
    }

    /// Says what Pebble is to answer as renewal information (RFC 9773) for a certificate.
    pub async fn set_renewal_info(&self, certificate: &str, info: &Value) -> Result<(), String> {
        let url = url(self.management, "set-renewal-info/");
        let body = json!({ "certificate": certificate, "ariResponse": info.to_string() });
        let failed = |error: reqwest::Error| format!("POST {url}: {error}");
        let answer = self.http.post(url.clone()).json(&body).send().await.map_err(failed)?;
        answer.error_for_status().map(drop).map_err(failed)
    }

    /// What Pebble says of the certificate with this serial number, in hexadecimal: its `Status` is `Valid` or `Revoked`.
    ///
    /// # Errors
    /// A sentence: Pebble did not issue it.
    pub async fn certificate_status(&self, serial: &str) -> Result<Value, String> {
        let path = format!("cert-status-by-serial/{serial}");
        let body = self.get(url(self.management, &path)).await?;
        serde_json::from_str(&body).map_err(|error| format!("{path} is no JSON: {error}"))
    }

    /// What Pebble has written so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// How many ACME requests Pebble has taken so far, by its own log.
    pub fn requests(&self) -> usize {
        self.log().lines().filter(|line| line.contains("-> calling handler()")).count()
    }

    async fn start_once(options: &PebbleOptions) -> Result<Self, String> {
        let obtained = RealPart::Pebble.obtain().await.map_err(ToString::to_string)?;
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let tls_root = mint_certificate(&dir).map_err(|error| error.to_string())?;
        let [acme, management] = free_ports().map_err(|error| error.to_string())?;

        let config = Config::new(options, acme, management);
        let write = |file: &str, text: String| fs::write(dir.path().join(file), text);
        write("config.json", json!({ "pebble": config }).to_string())
            .map_err(|error| error.to_string())?;
        let log = File::create(dir.path().join("log")).map_err(|error| error.to_string())?;

        let mut command = obtained.command();
        command
            .current_dir(dir.path())
            .args(["-config", "config.json", "-dnsserver", &options.dns.to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_ALTERNATE_ROOTS", options.alternate_roots.to_string())
            .stdin(Stdio::null())
            .stderr(log.try_clone().map_err(|error| error.to_string())?)
            .stdout(log);
        if options.strict {
            command.arg("-strict");
        }
        for (variable, percent) in [
            ("PEBBLE_WFE_NONCEREJECT", options.nonce_reject),
            ("PEBBLE_AUTHZREUSE", options.authz_reuse),
        ] {
            match percent {
                Some(percent) => command.env(variable, percent.to_string()),
                None => command.env_remove(variable),
            };
        }
        let mut child = command.spawn().map_err(|error| format!("Pebble: {error}"))?;

        let ports = [acme, management];
        let ready = timeout(START_LIMIT, accepts_connections(&mut child, &ports)).await;
        if let Ok(Ok(())) = ready {
            let http = client(&tls_root).map_err(|error| error.to_string())?;
            return Ok(Self { _child: child, dir, acme, management, tls_root, http });
        }
        let log = fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        Err(format!("Pebble did not start; the end of its log:\n{}", last_lines(&log)))
    }
}

/// Pebble's configuration file, as far as it is used here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    listen_address: SocketAddr,
    management_listen_address: SocketAddr,
    certificate: &'a str,
    private_key: &'a str,
    external_account_binding_required: bool,
    #[serde(rename = "externalAccountMACKeys")]
    external_account_mac_keys: &'a BTreeMap<String, String>,
    domain_blocklist: &'a [String],
    key_algorithm: &'a str,
    profiles: BTreeMap<&'a str, Profile<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<RetryAfter>,
}

#[derive(Serialize)]
struct RetryAfter {
    authz: u8,
    order: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    description: &'a str,
    /// In seconds.
    validity_period: u64,
}

impl<'a> Config<'a> {
    fn new(options: &'a PebbleOptions, acme: SocketAddr, management: SocketAddr) -> Self {
        let profile =
            |description, days: u64| Profile { description, validity_period: days * 86_400 };
        Self {
            listen_address: acme,
            management_listen_address: management,
            certificate: "cert.pem",
            private_key: "key.pem",
            external_account_binding_required: !options.external_accounts.is_empty(),
            external_account_mac_keys: &options.external_accounts,
            domain_blocklist: &options.blocked,
            key_algorithm: "ecdsa",
            profiles: BTreeMap::from([
                ("default", profile("90 days", 90)),
                ("shortlived", profile("6 days", 6)),
            ]),
            retry_after: options.retry_after.map(|both| RetryAfter { authz: both, order: both }),
        }
    }
}

/// Writes a server certificate and its key for loopback and returns the root, in PEM, that it is trusted by.
fn mint_certificate(dir: &TempDir) -> Result<String, Box<dyn std::error::Error>> {
    let mut root = CertificateParams::default();
    root.distinguished_name.push(DnType::CommonName, "HTTPS root of a test's Pebble");
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;

    let mut server = CertificateParams::new(["localhost".to_owned()])?;
    server.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
    // certbot's TLS library insists on it.
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let server = server.signed_by(&key, &root)?;

    fs::write(dir.path().join("cert.pem"), server.pem())?;
    fs::write(dir.path().join("key.pem"), key.serialize_pem())?;
    Ok(root.pem())
}

fn free_ports() -> std::io::Result<[SocketAddr; 2]> {
    let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let [first, second] = listeners;
    Ok([first?.local_addr()?, second?.local_addr()?])
}

async fn accepts_connections(child: &mut Child, ports: &[SocketAddr]) -> Result<(), String> {
    for port in ports {
        while TcpStream::connect(port).await.is_err() {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(status.to_string());
            }
            sleep(START_POLL).await;
        }
    }
    // It may have been another process that took the port first.
    match child.try_wait() {
        Ok(None) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

pub(crate) fn client(root: &str) -> Result<reqwest::Client, Box<dyn std::error::Error>> {
    // The process's provider is set by whoever comes first; they are all the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(root.as_bytes())?])
        // Pebble refuses requests without one.
        .user_agent("certctl-e2e")
        .no_proxy()
        .timeout(REQUEST_LIMIT)
        .build()?)
}

fn url(address: SocketAddr, path: &str) -> Url {
    Url::parse(&format!("https://{address}/{path}"))
        .expect("an address and a plain path make an URL")
}
