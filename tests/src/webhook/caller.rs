//! Whoever calls the webhook at its own address instead of through kube-apiserver.

use std::fmt;
use std::net::SocketAddr;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::control_plane::Pair;

/// A caller, which opens a connection for each request.
pub struct Caller {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
}

/// What the webhook answered.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub code: u16,
    /// The body; null where it is no JSON.
    pub body: Value,
    /// The serving certificate, in DER.
    pub certificate: Vec<u8>,
}

impl Caller {
    /// `host` is the name in the serving certificate, which `ca` (PEM) has to vouch for. `own` is the certificate that
    /// the caller shows.
    ///
    /// # Errors
    /// A sentence: a certificate cannot be used.
    pub fn new(
        host: &str,
        address: SocketAddr,
        ca: &str,
        own: Option<&Pair>,
    ) -> Result<Self, String> {
        // The process's provider is set by whoever comes first; they are all the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let build = || {
            let mut builder = reqwest::Client::builder()
                .tls_certs_only([reqwest::Certificate::from_pem(ca.as_bytes())?])
                .tls_info(true)
                .no_proxy()
                .pool_max_idle_per_host(0)
                .resolve(host, address);
            if let Some(own) = own {
                let both = Zeroizing::new(format!("{}{}", own.key.as_str(), own.certificate));
                builder = builder.identity(reqwest::Identity::from_pem(both.as_bytes())?);
            }
            builder.build()
        };
        let http = build().map_err(|error: reqwest::Error| error.to_string())?;
        let base = format!("https://{host}:{}", address.port());
        Ok(Self { http, base, headers: HeaderMap::new() })
    }

    /// Adds a header to every request; one that is there already stays.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("tests send printable headers");
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn post(&self, path: &str, body: String) -> Result<Answer, reqwest::Error> {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        self.send(request).await
    }

    /// Gets a path.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.headers(self.headers.clone()).send().await?;
        let code = response.status().as_u16();
        let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        let certificate = shown.unwrap_or_default().to_vec();
        let body = serde_json::from_str(&response.text().await?).unwrap_or_default();
        Ok(Answer { code, body, certificate })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.body)
    }
}
