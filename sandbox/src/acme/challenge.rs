//! The DNS-01 challenge (RFC 8555 §7.1.5, §7.5.1, §8.4). Each authorization has exactly one, with its identifier.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::authorization::{self, Authorization, Progress, timestamp};
use super::problem::Problem;
use super::request::AccountRequest;
use super::response::Object;
use super::{Server, validation};

/// `POST /challenge/{id}`: fetches the challenge, or with `{}` says that it is ready to be validated.
pub(crate) async fn challenge(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    request: AccountRequest,
) -> Result<Object, Problem> {
    let is_response = !request.is_post_as_get();
    if is_response {
        // Members are allowed and mean nothing for dns-01.
        request.json::<Map<String, Value>>()?;
    }
    let mut state = server.state();
    let authorization = state
        .authorizations
        .get_mut(&id)
        .filter(|authorization| authorization.account == request.account)
        .ok_or_else(|| Problem::not_found("challenge"))?;
    if is_response {
        if authorization.expires <= server.config.clock.now() {
            return Err(Problem::not_found("challenge any more: its authorization expired"));
        }
        match authorization.progress {
            Progress::Pending => {
                authorization.progress = Progress::Processing;
                tokio::spawn(validation::validate(Arc::clone(&server), id.clone()));
            }
            // Said again, for instance because the first answer was lost.
            Progress::Processing | Progress::Valid { .. } => {}
            Progress::Invalid { .. } | Progress::Deactivated => {
                return Err(Problem::malformed("the challenge's authorization is not pending"));
            }
        }
    }
    let is_processing = matches!(authorization.progress, Progress::Processing);
    let wait = server.config.policy.poll_retry_after.filter(|_| is_processing);
    Ok(Object::new(to_json(authorization, &url(&server, &id)))
        .link(&authorization::url(&server, &id), "up")
        .retry_after(wait))
}

/// The challenge of an authorization.
pub(crate) fn to_json(authorization: &Authorization, url: &str) -> Value {
    let mut object = json!({ "type": "dns-01", "url": url, "token": authorization.token });
    object["status"] = match &authorization.progress {
        Progress::Pending | Progress::Deactivated => json!("pending"),
        Progress::Processing => json!("processing"),
        Progress::Valid { validated } => {
            object["validated"] = json!(timestamp(*validated));
            json!("valid")
        }
        Progress::Invalid { problem, .. } => {
            object["error"] = problem.to_json();
            json!("invalid")
        }
    };
    object
}

/// The URL of the challenge of an authorization.
pub(crate) fn url(server: &Server, authorization: &str) -> String {
    server.url(&format!("/challenge/{authorization}"))
}
