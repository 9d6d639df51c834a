//! Serves an axum router on a loopback port of the system's choosing, over TLS or plain HTTP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::fault::{Fault, Faults};

/// How long the server waits after it could not accept a connection (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A port that is bound and not yet served: its address is known before the router that needs it is made.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Binds 127.0.0.1 on a port of the system's choosing.
    pub(crate) async fn new() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address that is bound.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `router`, over TLS where a configuration is given, until the result is dropped.
    pub(crate) fn serve(
        self,
        router: Router,
        tls: Option<Arc<ServerConfig>>,
        faults: Arc<Faults>,
    ) -> HttpServer {
        let acceptor = tls.map(TlsAcceptor::from);
        let accepted = Arc::default();
        let task = accept(self.listener, router, acceptor, faults, Arc::clone(&accepted));
        HttpServer { task: tokio::spawn(task), accepted }
    }
}

/// A running server. Dropping it closes its port and all its connections.
#[derive(Debug)]
pub(crate) struct HttpServer {
    task: JoinHandle<()>,
    accepted: Arc<AtomicU64>,
}

impl HttpServer {
    /// How many connections it accepted since the last [`HttpServer::forget_connections`].
    pub(crate) fn connections(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Counts from zero again.
    pub(crate) fn forget_connections(&self) {
        self.accepted.store(0, Ordering::Relaxed);
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        // The task owns the listener and every connection's task, so they all end with it.
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    faults: Arc<Faults>,
    accepted: Arc<AtomicU64>,
) {
    let mut connections = JoinSet::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _peer)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the sandbox cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        accepted.fetch_add(1, Ordering::Relaxed);
        connections.spawn(connection(
            stream,
            router.clone(),
            acceptor.clone(),
            Arc::clone(&faults),
        ));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    faults: Arc<Faults>,
) {
    // Answers are small and each is awaited, so none may wait for another's acknowledgement.
    let _ = stream.set_nodelay(true);
    if let Some(milliseconds) = faults.value(Fault::RoundTrip) {
        // One round trip for TCP's handshake and one for that of TLS 1.3.
        tokio::time::sleep(Duration::from_millis(milliseconds) * 2).await;
    }
    match acceptor {
        None => http(stream, router).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => http(stream, router).await,
            // A client that does not trust the sandbox's root: its own error says so.
            Err(error) => tracing::debug!(%error, "a TLS handshake with the sandbox failed"),
        },
    }
}

async fn http(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let server = auto::Builder::new(TokioExecutor::new());
    let service = TowerToHyperService::new(router);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(error, "a connection to the sandbox ended early");
    }
}
