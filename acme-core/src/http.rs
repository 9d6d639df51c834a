//! The HTTPS client that ACME and DNS APIs are called with.
//!
//! rustls over aws-lc-rs, `TCP_NODELAY`, a deadline on every request, no redirects, bounded bodies, names resolved by
//! a library (so that a static binary works in an empty root). Nothing is read from the environment.

use std::sync::Arc;
use std::time::Duration;

/// How to reach HTTPS servers.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// PEM certificates trusted besides Mozilla's roots.
    pub extra_roots: Vec<String>,
    /// `http://` proxy for all requests, and the hosts that go without (as in `NO_PROXY`).
    pub proxy: Option<(url::Url, String)>,
    /// Bound on one request, connection and body included.
    pub timeout: Duration,
    /// Name servers asked for host names instead of the system's.
    pub resolvers: Arc<[std::net::SocketAddr]>,
}
