//! The HTTPS client that ACME and DNS APIs are called with.
//!
//! rustls over aws-lc-rs, `TCP_NODELAY`, a deadline on every request, no redirects, bounded bodies, names resolved by
//! a library (so that a static binary works in an empty root). Nothing is read from the environment.

mod resolve;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustls::pki_types::CertificateDer;

/// Bound on name lookup, connection and TLS handshake together; the request's own bound comes on top.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections kept for reuse with each host: as many as the callers send requests at once.
const IDLE_CONNECTIONS: usize = 32;
/// An HTTP/2 connection that does not answer a ping while a request waits is given up after these two together,
/// because a connection that a NAT forgot would otherwise serve every later request with silence.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach HTTPS servers.
#[derive(Clone)]
pub struct HttpOptions {
    /// PEM certificates trusted besides Mozilla's roots.
    pub extra_roots: Vec<String>,
    /// `http://` proxy for all requests, and the hosts that go without (as in `NO_PROXY`).
    pub proxy: Option<(url::Url, String)>,
    /// Bound on one request, connection and body included.
    pub timeout: Duration,
    /// Name servers asked for host names instead of the system's.
    pub resolvers: Arc<[std::net::SocketAddr]>,
    /// The `User-Agent` header (RFC 8555 §6.1 demands one).
    pub user_agent: String,
}

impl Default for HttpOptions {
    /// 30 s, no proxy, Mozilla's roots, the system's name servers.
    fn default() -> Self {
        Self {
            extra_roots: Vec::new(),
            proxy: None,
            timeout: Duration::from_secs(30),
            resolvers: Arc::new([]),
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl fmt::Debug for HttpOptions {
    /// Leaves out the proxy's address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("extra_roots", &self.extra_roots.len())
            .field("proxy", &self.proxy.is_some())
            .field("timeout", &self.timeout)
            .field("resolvers", &self.resolvers)
            .field("user_agent", &self.user_agent)
            .finish()
    }
}

impl HttpOptions {
    /// Makes a client. Each client has its own connection pool: make one and clone it.
    pub fn client(&self) -> Result<reqwest::Client, HttpError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls()?)
            .dns_resolver(resolve::HostResolver::new(Arc::clone(&self.resolvers)))
            .user_agent(self.user_agent.as_str())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(self.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .tcp_nodelay(true)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            // Without this, reqwest would take a proxy from the environment.
            .no_proxy();
        if let Some((url, without)) = &self.proxy {
            builder = builder.proxy(proxy(url, without)?);
        }
        if reqwest::header::HeaderValue::from_str(&self.user_agent).is_err() {
            return Err(HttpError::new("user_agent", "it holds a character no header may hold"));
        }
        builder.build().map_err(|error| HttpError::new("http", &reason(error)))
    }

    fn tls(&self) -> Result<rustls::ClientConfig, HttpError> {
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for text in &self.extra_roots {
            for certificate in certificates(text)? {
                roots.add(certificate).map_err(|error| {
                    HttpError::new("extra_roots", &format!("not a CA certificate: {error}"))
                })?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::new("http", &error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn certificates(pem_text: &str) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let found: Vec<_> = pem::parse_many(pem_text)
        .map_err(|error| HttpError::new("extra_roots", &format!("not PEM: {error}")))?
        .into_iter()
        .filter(|block| block.tag() == "CERTIFICATE")
        .map(|block| CertificateDer::from(block.into_contents()))
        .collect();
    if found.is_empty() {
        return Err(HttpError::new("extra_roots", "there is no CERTIFICATE block in the PEM text"));
    }
    Ok(found)
}

fn proxy(url: &url::Url, without: &str) -> Result<reqwest::Proxy, HttpError> {
    // The address is never quoted: it may hold a password.
    if url.scheme() != "http" || url.host().is_none() {
        return Err(HttpError::new("proxy", "an address of the form http://HOST:PORT is needed"));
    }
    let proxy = reqwest::Proxy::all(url.clone())
        .map_err(|error| HttpError::new("proxy", &reason(error)))?;
    Ok(proxy.no_proxy(reqwest::NoProxy::from_string(without)))
}

/// Which of the [`HttpOptions`] cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct HttpError {
    /// The field of [`HttpOptions`], or `http` where none of them is at fault.
    pub field: &'static str,
    /// What is wrong and what is needed.
    pub reason: String,
}

impl HttpError {
    pub(crate) fn new(field: &'static str, reason: &str) -> Self {
        Self { field, reason: reason.to_owned() }
    }
}

/// Reads a response's body, at most `limit` bytes of it.
pub async fn read_bounded(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(BodyError::TooLarge { limit });
    }
    let mut body = BytesMut::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| BodyError::Broken { reason: reason(error) })?
    {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The connection broke or the time was up before the body's end.
    #[error("the answer broke off: {reason}")]
    Broken {
        /// What happened, down to the cause.
        reason: String,
    },
    /// The body is larger than any honest answer.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
}

/// Texts of errors that tell nobody anything where a cause follows.
const FILLERS: [&str; 4] =
    ["error sending request", "client error", "dns error", "error resolving DNS"];

/// An error of a request with its causes down to the root, without the URL (which callers name better, and which may
/// hold what must not be printed).
pub fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return "no answer within the time limit".to_owned();
    }
    let error = error.without_url();
    let mut texts: Vec<String> = Vec::new();
    let mut next: Option<&dyn Error> = Some(&error);
    while let Some(error) = next {
        let text = error.to_string();
        next = error.source();
        let is_filler = FILLERS.iter().any(|filler| text.starts_with(filler));
        if !(is_filler && next.is_some()) && texts.last() != Some(&text) {
            texts.push(text);
        }
    }
    texts.join(": ")
}
