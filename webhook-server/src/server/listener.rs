//! Accepting connections, so many at once and no more.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection;
use super::handler::Handler;
use super::limits;

/// How long the server waits after it could not accept a connection (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until `closing`, then returns when all of them have ended.
pub(super) async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    handler: Arc<Handler>,
    closing: CancellationToken,
) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (stream, address) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (acceptor, handler, closing) =
                (acceptor.clone(), Arc::clone(&handler), closing.clone());
            connections.spawn(async move {
                connection::serve(stream, address, acceptor, handler, closing).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = closing.cancelled() => {}
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}
