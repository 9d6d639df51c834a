//! The webhook as a whole: made from its settings, run until it is stopped.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use acme_core::Clock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::challenge_handler::ChallengeHandler;
use super::handler::Handler;
use super::limits;
use super::listener::accept;
use super::self_signed::{SelfSigned, SelfSigner};
use super::serving_certificate::{CertificateError, CertificateFiles};
use super::tls;
use crate::api::Documents;
use crate::authentication::{Authenticator, TrustSources, keep_trust};
use crate::authorization::Authorizer;
use crate::challenge::{Calls, DnspodOptions, Solver};
use crate::metrics::Metrics;

/// Everything that a webhook is told.
pub struct Settings {
    /// The API groups that Issuers name in `groupName`.
    pub groups: Vec<String>,
    /// Where to listen.
    pub address: SocketAddr,
    /// Where the serving certificate comes from.
    pub certificate: CertificateSource,
    /// Whom to believe about callers.
    pub trust: TrustSources,
    /// How the kube-apiserver is reached.
    pub kubernetes: Kubernetes,
    /// How DNSPod is reached.
    pub dnspod: DnspodOptions,
    /// The wall clock, for certificates and signatures.
    pub clock: Arc<dyn Clock>,
    /// Time from a challenge's arrival to its answer.
    pub challenge_budget: Duration,
    /// How long requests are still accepted once the process was asked to stop and says that it is not ready.
    pub shutdown_delay: Duration,
}

/// Where the serving certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// Two PEM files, which are read again when they change.
    Files {
        /// The certificate and its chain.
        chain: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A CA of our own, kept in a Secret that all replicas share.
    SelfSigned(SelfSigned),
}

/// How the kube-apiserver is reached, for each purpose.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    /// For Secrets and APIServices.
    pub core: kube::Config,
    /// For client CAs and `TokenReview`.
    pub authentication: kube::Config,
    /// For `SubjectAccessReview`.
    pub authorization: kube::Config,
}

/// The time that a challenge has unless somebody says otherwise.
pub const CHALLENGE_BUDGET: Duration = limits::CHALLENGE;

/// A running webhook. Dropping it ends everything at once.
pub struct Webhook {
    address: SocketAddr,
    handler: Arc<Handler>,
    closing: CancellationToken,
    shutdown_delay: Duration,
    /// Accepts connections; ends when the last of them has.
    server: JoinSet<()>,
    /// Keep certificates and CAs as they are elsewhere.
    _keepers: JoinSet<()>,
}

/// Why a webhook did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said; a port below 1024 needs a privilege.
        source: io::Error,
    },
    /// The serving certificate cannot be used.
    #[error("the serving certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// A self-signed certificate cannot be had.
    #[error("the self-signed serving certificate: {0}")]
    SelfSigned(String),
    /// The configuration of the kube-apiserver's client cannot be used.
    #[error("the kube-apiserver's client: {0}")]
    Kubernetes(String),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

impl Webhook {
    /// Begins to serve. It is ready (`/readyz`) once it knows the CAs of callers.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let Settings { address, clock, .. } = settings;
        let authentication = client(settings.kubernetes.authentication)?;
        let authorization = client(settings.kubernetes.authorization)?;
        let core = client(settings.kubernetes.core)?;
        let mut keepers = JoinSet::new();
        let certificate = match settings.certificate {
            CertificateSource::Files { chain, key } => {
                let mut files = CertificateFiles::new(chain, key);
                let certificate = Arc::new(files.read()?);
                keepers.spawn(files.keep(Arc::clone(&certificate)));
                certificate
            }
            CertificateSource::SelfSigned(options) => {
                let signer = SelfSigner {
                    options,
                    groups: settings.groups.clone(),
                    client: core.clone(),
                    clock: Arc::clone(&clock),
                };
                let certificate = Arc::new(signer.first().await?);
                keepers.spawn(signer.keep(Arc::clone(&certificate)));
                certificate
            }
        };
        let acceptor = TlsAcceptor::from(Arc::new(tls::config(certificate)?));
        let listening = |source| StartError::Listen { address, source };
        let listener = bind(address).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;

        let (sender, trust) = watch::channel(None);
        keepers.spawn(keep_trust(settings.trust, authentication.clone(), sender));

        let solver = Solver::new(core, settings.dnspod, Arc::clone(&clock));
        let calls = Arc::new(Calls::new(solver));
        let metrics = Arc::new(Metrics::default());
        let handler = Arc::new(Handler {
            documents: Documents::new(&settings.groups),
            groups: settings.groups,
            authenticator: Authenticator::new(trust, authentication, clock),
            authorizer: Authorizer::new(authorization),
            challenges: ChallengeHandler::new(
                calls,
                settings.challenge_budget,
                Arc::clone(&metrics),
            ),
            metrics,
            stopping: CancellationToken::new(),
        });
        let closing = CancellationToken::new();
        let mut server = JoinSet::new();
        server.spawn(accept(listener, acceptor, Arc::clone(&handler), closing.clone()));
        Ok(Self {
            address,
            handler,
            closing,
            shutdown_delay: settings.shutdown_delay,
            server,
            _keepers: keepers,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops gracefully: says at once that it is not ready, accepts requests for the delay of its settings, then answers
    /// those that have begun, within bounds, and closes all connections.
    pub async fn stop(mut self) {
        self.handler.stopping.cancel();
        tokio::time::sleep(self.shutdown_delay).await;
        self.closing.cancel();
        let ending = async {
            while self.server.join_next().await.is_some() {}
            self.handler.challenges.drain().await;
        };
        if tokio::time::timeout(limits::DRAIN, ending).await.is_err() {
            tracing::warn!("requests were still worked on when the time to stop was over");
        }
    }
}

/// `[::]` takes IPv4 too; on a machine without IPv6 it means all of IPv4.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        result => result,
    }
}

fn client(config: kube::Config) -> Result<kube::Client, StartError> {
    kube::Client::try_from(config).map_err(|error| StartError::Kubernetes(error.to_string()))
}
