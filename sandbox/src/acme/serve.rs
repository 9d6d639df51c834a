//! The CA as a part of a [`Sandbox`].

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use time::Duration;

use super::{CertificateAuthority, Config, DIRECTORY_PATH, NEW_NONCE_PATH};
use crate::Sandbox;
use crate::front::{Front, LoggedRequest, RequestLog};
use crate::serve::{Bound, HttpServer};

/// A running CA. Dropping it closes its port.
pub(crate) struct AcmeServer {
    ca: CertificateAuthority,
    directory_url: String,
    requests: Arc<RequestLog>,
    _http: HttpServer,
}

/// Why the CA does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcmeServerError {
    #[error("no port for the CA: {0}")]
    Listen(#[from] io::Error),
    #[error("the CA's own certificates could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
}

impl AcmeServer {
    /// Serves a new CA over TLS on a port of the system's choosing; the base URL of `config` is made from it.
    pub(crate) async fn start(
        mut config: Config,
        tls: Arc<ServerConfig>,
    ) -> Result<Self, AcmeServerError> {
        let port = Bound::new().await?;
        config.base_url = format!("https://{}", port.address());
        let directory_url = format!("{}{DIRECTORY_PATH}", config.base_url);
        let faults = Arc::clone(&config.faults);
        let requests = Arc::new(RequestLog::default());
        let front = Front {
            faults: Arc::clone(&faults),
            clock: Arc::clone(&config.clock),
            log: Arc::clone(&requests),
            faultless_paths: Some(&[DIRECTORY_PATH, NEW_NONCE_PATH]),
        };
        let ca = CertificateAuthority::new(config)?;
        let http = port.serve(front.before(ca.router()), Some(tls), faults);
        Ok(Self { ca, directory_url, requests, _http: http })
    }

    /// Forgets the requests so far.
    pub(crate) fn forget_requests(&self) {
        self.requests.clear();
    }
}

/// The ACME CA.
impl Sandbox {
    /// The URL of the CA's directory, for clients that trust [`Sandbox::root_pem`].
    pub fn directory_url(&self) -> &str {
        &self.acme.directory_url
    }

    /// The root certificate, in PEM, of the default chain that the CA issues from: `CN=Sandbox Root 1`. It is another
    /// than [`Sandbox::root_pem`], which only serves to reach the CA.
    pub fn issuer_root_pem(&self) -> String {
        self.acme.ca.issuer_root_pem()
    }

    /// The root certificate, in PEM, of the alternate chain: `CN=Sandbox Root 2`.
    pub fn alternate_issuer_root_pem(&self) -> String {
        self.acme.ca.alternate_issuer_root_pem()
    }

    /// Makes renewal information suggest for every certificate the window that begins and ends so many seconds from
    /// now (negative: in the past; the end may lie before the start), or with `None` what it suggests by itself.
    pub fn set_renewal_window(&self, window: Option<(i64, i64)>) {
        self.acme.ca.set_renewal_window(
            window.map(|(start, end)| (Duration::seconds(start), Duration::seconds(end))),
        );
    }

    /// The newest requests that the CA received, oldest first.
    pub fn acme_requests(&self) -> Vec<LoggedRequest> {
        self.acme.requests.requests()
    }
}
