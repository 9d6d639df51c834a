//! What becomes of a request: who is it, may they, and what is there.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use rustls::pki_types::CertificateDer;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::challenge_handler::ChallengeHandler;
use crate::api::{
    Check, Documents, Health, HealthPath, RequestInfo, Resource, SOLVER_NAME, Status, Target,
    VERSION, metrics,
};
use crate::authentication::{Authenticator, NotAuthenticated};
use crate::authorization::Authorizer;
use crate::metrics::Metrics;

/// The other end of a connection.
pub(super) struct Caller {
    /// What it shows in the TLS handshake, its own certificate first; nothing of it is verified but that it has the key.
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) address: SocketAddr,
}

/// Answers requests.
pub(super) struct Handler {
    pub(super) groups: Vec<String>,
    pub(super) documents: Documents,
    pub(super) authenticator: Authenticator,
    pub(super) authorizer: Authorizer,
    pub(super) challenges: ChallengeHandler,
    pub(super) metrics: Arc<Metrics>,
    /// The process was asked to stop.
    pub(super) stopping: CancellationToken,
}

impl Handler {
    /// Answers `request`. Health is told to everybody; all else to those who may know it.
    pub(super) async fn handle(
        self: &Arc<Self>,
        caller: &Caller,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        if let Some(path) = HealthPath::parse(request.uri().path())
            && (request.method() == Method::GET || request.method() == Method::HEAD)
        {
            return path.respond(&self.checks(path.endpoint), request.uri().query());
        }
        let response = self.answer(caller, request).await.unwrap_or_else(Response::from);
        self.metrics.count_request(response.status().as_u16());
        response
    }

    async fn answer(
        self: &Arc<Self>,
        caller: &Caller,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Status> {
        let arrived = Instant::now();
        let info = RequestInfo::new(request.method(), request.uri().path());
        let user = self
            .authenticator
            .authenticate(&caller.certificates, request.headers())
            .await
            .map_err(|error| refused(caller, &request, &error))?;
        self.authorizer.authorize(&user, &info).await.inspect_err(|status| {
            let error = &status.message;
            tracing::warn!(address = %caller.address, user = user.name, error, "a request was refused");
        })?;
        match info.target {
            Target::Path(path) if path == "/metrics" && request.method() == Method::GET => {
                Ok(metrics(self.metrics.render()))
            }
            Target::Path(path) => {
                self.documents.respond(request.method(), &path, request.headers())
            }
            Target::Resource(target) if self.is_solver(&target) => {
                if request.method() != Method::POST {
                    return Err(Status::method_not_allowed());
                }
                self.challenges.respond(&user, request, arrived).await
            }
            Target::Resource(_) => Err(Status::not_found()),
        }
    }

    fn is_solver(&self, target: &Resource) -> bool {
        let Resource { group, version, namespace, resource, name, subresource } = target;
        self.groups.contains(group)
            && version == VERSION
            && resource == SOLVER_NAME
            && [namespace, name, subresource].iter().all(|part| part.is_empty())
    }

    fn checks(&self, endpoint: Health) -> Vec<Check> {
        let ping = Check { name: "ping", passed: true };
        let client_ca = Check { name: "client-ca", passed: self.authenticator.is_ready() };
        let shutdown = Check { name: "shutdown", passed: !self.stopping.is_cancelled() };
        match endpoint {
            Health::Livez => vec![ping],
            Health::Healthz => vec![ping, client_ca],
            Health::Readyz => vec![ping, client_ca, shutdown],
        }
    }
}

fn refused(caller: &Caller, request: &Request<Incoming>, error: &NotAuthenticated) -> Status {
    tracing::warn!(
        address = %caller.address,
        path = request.uri().path(),
        %error,
        "a caller is not known"
    );
    match error {
        NotAuthenticated::Refused(_) => Status::unauthorized(),
        NotAuthenticated::NotReady => {
            Status::unavailable(format!("the webhook is not ready: {error}"))
        }
    }
}
