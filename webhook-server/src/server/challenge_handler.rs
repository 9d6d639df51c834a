//! A challenge as a request: its body, its time, its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use super::limits;
use crate::api::Status;
use crate::authentication::User;
use crate::challenge::{self, Calls, ChallengeRequest};
use crate::metrics::Metrics;

/// Takes challenges from those who may send them.
pub(super) struct ChallengeHandler {
    calls: Arc<Calls>,
    places: Semaphore,
    budget: Duration,
    metrics: Arc<Metrics>,
}

impl ChallengeHandler {
    /// Each challenge is answered within `budget` from its arrival.
    pub(super) fn new(calls: Arc<Calls>, budget: Duration, metrics: Arc<Metrics>) -> Self {
        Self { calls, places: Semaphore::new(limits::CHALLENGES), budget, metrics }
    }

    /// Solves the challenge in the body of `request`. That it failed is said within an answer of status 201, as every
    /// webhook says it; a `Status` says that there was nothing to solve.
    pub(super) async fn respond(
        &self,
        user: &User,
        request: Request<Incoming>,
        arrived: Instant,
    ) -> Result<Response<Full<Bytes>>, Status> {
        let deadline = arrived + self.budget;
        check(&request)?;
        let _place = timeout_at(deadline, self.places.acquire())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| {
                Status::unavailable("too many challenges are worked on; this is tried again")
            })?;
        let body = read(request.into_body()).await?;
        let payload = challenge::read(&body)?;
        let solving = self.calls.solve(&payload.request);
        let (outcome, failure) = match timeout_at(deadline, solving).await {
            Ok(Ok(())) => ("solved", None),
            Ok(Err(error)) => (error.kind(), Some(error.to_string())),
            Err(_) => ("unfinished", Some(self.unfinished(&payload.request))),
        };
        let action = payload.request.action.name();
        self.metrics.count_challenge(action, outcome, arrived.elapsed());
        log(user, &payload.request, arrived, failure.as_deref());
        Ok(match failure {
            None => challenge::succeeded(&payload),
            Some(message) => challenge::failed(&payload, &message),
        })
    }

    /// Waits until no call runs; none is to be started any more.
    pub(super) async fn drain(&self) {
        self.calls.drain().await;
    }

    fn unfinished(&self, request: &ChallengeRequest) -> String {
        let ChallengeRequest { action, resolved_fqdn, .. } = request;
        let seconds = self.budget.as_secs();
        format!(
            "{action} of {resolved_fqdn} is not finished after {seconds} s; it goes on, and cert-manager asks again"
        )
    }
}

fn check(request: &Request<Incoming>) -> Result<(), Status> {
    let query = request.uri().query().unwrap_or_default();
    if query.split('&').any(|parameter| parameter.starts_with("dryRun=")) {
        return Err(Status::bad_request(
            "a challenge cannot be tried without effect: leave out the parameter dryRun",
        ));
    }
    if !is_json(request.headers()) {
        return Err(Status::unsupported_media_type());
    }
    Ok(())
}

/// Whether the body is JSON; one without a type is taken for it, as Kubernetes does.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(header) = headers.get(CONTENT_TYPE) else { return true };
    let media_type = header.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

async fn read<B>(body: B) -> Result<Bytes, Status>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let limited = Limited::new(body, limits::BODY_BYTES);
    match timeout(limits::BODY, limited.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Status::request_too_large(limits::BODY_BYTES))
        }
        Ok(Err(_)) => Err(Status::bad_request("the body of the request broke off")),
        Err(_) => {
            let seconds = limits::BODY.as_secs();
            Err(Status::request_timeout(format!(
                "the body of the request took longer than {seconds} s"
            )))
        }
    }
}

/// One line for each challenge. The value of the record and the Issuer's config are left out.
fn log(user: &User, request: &ChallengeRequest, arrived: Instant, failure: Option<&str>) {
    let ChallengeRequest { action, resolved_fqdn, resolved_zone, resource_namespace, .. } = request;
    let milliseconds = u64::try_from(arrived.elapsed().as_millis()).unwrap_or(u64::MAX);
    match failure {
        None => tracing::info!(
            %action,
            name = resolved_fqdn,
            zone = resolved_zone,
            namespace = resource_namespace,
            user = user.name,
            milliseconds,
            "a challenge was solved"
        ),
        Some(error) => tracing::warn!(
            %action,
            name = resolved_fqdn,
            zone = resolved_zone,
            namespace = resource_namespace,
            user = user.name,
            milliseconds,
            error,
            "a challenge failed"
        ),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut_off() {
        let drips = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Some((Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"{"))), ()))
        });
        let began = Instant::now();
        let status = read(StreamBody::new(Box::pin(drips))).await.unwrap_err();
        assert_eq!(status.message, "the body of the request took longer than 10 s");
        assert_eq!(began.elapsed(), limits::BODY);
    }
}
