//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::handler::{Caller, Handler};
use super::limits;

/// The first byte of a TLS record that begins a handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 22;
/// What somebody reads who has forgotten the s of https.
const NOT_TLS: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\
    Content-Length: 48\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Serves `stream` until it ends, is idle for too long, or `closing` says that the server stops; then the requests that
/// have begun are answered first.
pub(super) async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: TlsAcceptor,
    handler: Arc<Handler>,
    closing: CancellationToken,
) {
    // Answers are small and each is awaited, so none may wait for another's acknowledgement.
    let _ = stream.set_nodelay(true);
    let stream = tokio::select! {
        accepted = timeout(limits::HANDSHAKE, handshake(stream, &acceptor)) => match accepted {
            Ok(Ok(Some(stream))) => stream,
            Ok(Ok(None)) => return,
            Ok(Err(error)) => return tracing::debug!(%error, %address, "a TLS handshake failed"),
            Err(_) => return tracing::debug!(%address, "a TLS handshake took too long"),
        },
        () = closing.cancelled() => return,
    };
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let caller = Arc::new(Caller { certificates: certificates.to_vec(), address });
    http(stream, caller, handler, closing).await;
}

/// `None` where the client does not speak TLS and was told so.
async fn handshake(
    mut stream: TcpStream,
    acceptor: &TlsAcceptor,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Ok(None);
    }
    if first[0] != TLS_HANDSHAKE {
        stream.write_all(NOT_TLS).await?;
        stream.shutdown().await?;
        // A connection that is closed with something unread is reset, and the answer is lost on its way.
        let mut unread = stream.take(u64::from(limits::HEAD_BYTES));
        tokio::io::copy(&mut unread, &mut tokio::io::sink()).await?;
        return Ok(None);
    }
    acceptor.accept(stream).await.map(Some)
}

async fn http(
    stream: TlsStream<TcpStream>,
    caller: Arc<Caller>,
    handler: Arc<Handler>,
    closing: CancellationToken,
) {
    let open = Arc::new(AtomicUsize::new(0));
    let seen = Arc::new(AtomicUsize::new(0));
    let service = service_fn({
        let (open, seen) = (Arc::clone(&open), Arc::clone(&seen));
        move |request: Request<Incoming>| {
            let (caller, handler) = (Arc::clone(&caller), Arc::clone(&handler));
            let guard = OpenRequest::new(&open, &seen);
            async move {
                let response: Response<Full<Bytes>> = handler.handle(&caller, request).await;
                drop(guard);
                Ok::<_, Infallible>(response)
            }
        }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    let head_bytes = limits::HEAD_BYTES as usize;
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD)
        .max_buf_size(head_bytes);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS)
        .max_header_list_size(limits::HEAD_BYTES)
        .keep_alive_interval(limits::PING)
        .keep_alive_timeout(limits::PING);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    let mut seen_before = 0;
    let mut is_closing = false;
    let mut idle_until = Instant::now() + limits::IDLE;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection ended early");
                }
                return;
            }
            () = closing.cancelled(), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep_until(idle_until) => {
                let seen_now = seen.load(Ordering::Relaxed);
                let is_idle = open.load(Ordering::Relaxed) == 0 && seen_now == seen_before;
                if is_idle && is_closing {
                    return;
                }
                if is_idle {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
                seen_before = seen_now;
                idle_until = Instant::now() + limits::IDLE;
            }
        }
    }
}

/// Counts a request while it is worked on.
struct OpenRequest(Arc<AtomicUsize>);

impl OpenRequest {
    fn new(open: &Arc<AtomicUsize>, seen: &AtomicUsize) -> Self {
        seen.fetch_add(1, Ordering::Relaxed);
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
