//! Bounds on what callers can take from us.

use std::time::Duration;

/// Connections that are open at once; the kube-apiserver needs a few. Further ones wait to be accepted.
pub(super) const CONNECTIONS: usize = 512;
/// Challenges that are worked on at once. cert-manager sends 5, or as many as somebody told it to.
pub(super) const CHALLENGES: usize = 256;
/// Bound on the first bytes and the TLS handshake.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(10);
/// Bound on the head of an HTTP/1.1 request, and on silence before it.
pub(super) const HEAD: Duration = Duration::from_secs(30);
/// Bound on a request's body. One of cert-manager has less than a kilobyte.
pub(super) const BODY: Duration = Duration::from_secs(10);
/// Connections without a request are closed after so long.
pub(super) const IDLE: Duration = Duration::from_secs(90);
/// The largest body, as in Kubernetes' own servers.
pub(super) const BODY_BYTES: usize = 3 << 20;
/// The largest head of a request, in bytes.
pub(super) const HEAD_BYTES: u32 = 64 << 10;
/// HTTP/2 requests at once on one connection. The kube-apiserver sends all of its through one.
pub(super) const STREAMS: u32 = 250;
/// An HTTP/2 peer that does not answer a ping is gone.
pub(super) const PING: Duration = Duration::from_secs(30);
/// Time for a challenge, from its arrival to the answer: Kubernetes' own webhook servers give up after 34 s, with an
/// error that nobody understands.
pub(super) const CHALLENGE: Duration = Duration::from_secs(25);
/// How long calls may take to end once the process was asked to stop.
pub(super) const DRAIN: Duration = Duration::from_secs(26);
