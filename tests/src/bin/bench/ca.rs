//! The CAs that certificates are got from.

use std::sync::Arc;

use e2e::pebble::{Pebble, PebbleOptions};
use sandbox::Sandbox;
use url::Url;

/// The names of the CAs, for people and to find their figures by.
pub(crate) const PEBBLE: &str = "Pebble, 5 % bad nonces";
pub(crate) const KIND_PEBBLE: &str = "Pebble, 0 % bad nonces";
pub(crate) const SANDBOX: &str = "sandbox";
pub(crate) const FAR_SANDBOX: &str = "sandbox, 100 ms away";

/// A CA, and the sandbox whose DNSPod API and DNS its clients use.
pub(crate) struct Ca {
    /// One of the names above.
    pub(crate) name: &'static str,
    /// The sandbox; its CA is another where this is Pebble.
    pub(crate) sandbox: Arc<Sandbox>,
    pebble: Option<Pebble>,
}

impl Ca {
    /// Pebble that does not sleep and reuses no authorization, with its own share of bad nonces.
    pub(crate) async fn pebble() -> Result<Self, String> {
        Self::start_pebble(PEBBLE, 5).await
    }

    /// The same without bad nonces.
    pub(crate) async fn kind_pebble() -> Result<Self, String> {
        Self::start_pebble(KIND_PEBBLE, 0).await
    }

    async fn start_pebble(name: &'static str, nonce_reject: u8) -> Result<Self, String> {
        let sandbox = Arc::new(Sandbox::start().await.map_err(|error| error.to_string())?);
        let pebble = Pebble::start(PebbleOptions {
            dns: sandbox.name_servers()[0],
            nonce_reject: Some(nonce_reject),
            authz_reuse: Some(0),
            ..PebbleOptions::default()
        });
        let pebble = Some(pebble.await?);
        Ok(Self { name, sandbox, pebble })
    }

    /// The sandbox's own CA; it refuses no good nonce, so that requests can be counted.
    pub(crate) async fn sandbox() -> Result<Self, String> {
        let sandbox = Sandbox::builder().nonce_rejection(0).start();
        let sandbox = Arc::new(sandbox.await.map_err(|error| error.to_string())?);
        Ok(Self { name: SANDBOX, sandbox, pebble: None })
    }

    /// The same, 100 ms away: the CA and the DNSPod API.
    pub(crate) async fn far_sandbox() -> Result<Self, String> {
        let near = Self::sandbox().await?;
        near.sandbox.set_fault("round-trip=100").map_err(|error| error.to_string())?;
        Ok(Self { name: FAR_SANDBOX, ..near })
    }

    /// The URL of the directory.
    pub(crate) fn directory(&self) -> Result<Url, String> {
        match &self.pebble {
            Some(pebble) => Ok(pebble.directory_url()),
            None => Url::parse(self.sandbox.directory_url()).map_err(|error| error.to_string()),
        }
    }

    /// The root, in PEM, that its HTTPS is trusted by.
    pub(crate) fn tls_root(&self) -> &str {
        self.pebble.as_ref().map_or_else(|| self.sandbox.root_pem(), Pebble::tls_root)
    }

    /// Forgets what was counted, as far as the server can.
    pub(crate) fn reset(&self) {
        self.sandbox.reset_counts();
    }

    /// The requests it has taken, by its own log: from its start for Pebble, from the last reset for the sandbox.
    pub(crate) fn requests(&self) -> usize {
        match &self.pebble {
            Some(pebble) => pebble.requests(),
            None => self.sandbox.acme_requests().len(),
        }
    }

    /// Those among them that asked for a nonce and nothing else; `None` for Pebble.
    pub(crate) fn new_nonces(&self) -> Option<usize> {
        let requests = self.pebble.is_none().then(|| self.sandbox.acme_requests())?;
        Some(requests.iter().filter(|request| request.path == "/new-nonce").count())
    }
}
