//! Authorizations (RFC 8555 §7.1.4, §7.5).

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::identifier::Identifier;
use super::problem::Problem;
use super::request::AccountRequest;
use super::response::Object;
use super::{Server, challenge, random_id};
use crate::fault::Fault;

/// How long an authorization may stay pending.
const PENDING_LIFETIME: Duration = Duration::days(7);
/// How long an authorization stays valid.
pub(crate) const VALID_LIFETIME: Duration = Duration::days(30);

/// The right of an account to a name, or its attempt to get it.
pub(crate) struct Authorization {
    pub(crate) account: String,
    /// Without the wildcard label.
    pub(crate) identifier: Identifier,
    pub(crate) wildcard: bool,
    pub(crate) token: String,
    pub(crate) expires: OffsetDateTime,
    pub(crate) progress: Progress,
}

/// How far the one challenge has come, and with it the authorization.
pub(crate) enum Progress {
    Pending,
    /// The challenge was accepted and is being validated.
    Processing,
    Valid {
        validated: OffsetDateTime,
    },
    Invalid {
        problem: Problem,
        /// The order does not take notice: it stays pending.
        order_unaware: bool,
    },
    Deactivated,
}

impl Authorization {
    /// A pending authorization for the name of `identifier`.
    pub(crate) fn new(server: &Server, account: &str, identifier: &Identifier) -> Self {
        let (base, wildcard) = identifier.base_domain();
        let is_hostile = server.config.faults.take(Fault::HostileToken);
        Self {
            account: account.to_owned(),
            identifier: Identifier::dns(base),
            wildcard,
            token: if is_hostile { "../../x".to_owned() } else { random_token() },
            expires: server.config.clock.now() + PENDING_LIFETIME,
            progress: Progress::Pending,
        }
    }

    /// The status as §7.1.6 names it.
    pub(crate) fn status(&self, now: OffsetDateTime) -> &'static str {
        match &self.progress {
            Progress::Deactivated => "deactivated",
            Progress::Invalid { .. } => "invalid",
            Progress::Valid { .. } if self.expires <= now => "expired",
            Progress::Valid { .. } => "valid",
            // What was never valid does not expire but fails.
            Progress::Pending | Progress::Processing if self.expires <= now => "invalid",
            Progress::Pending | Progress::Processing => "pending",
        }
    }

    fn to_json(&self, server: &Server, id: &str) -> Value {
        let mut object = json!({
            "identifier": self.identifier,
            "status": self.status(server.config.clock.now()),
            "expires": timestamp(self.expires),
            "challenges": [challenge::to_json(self, &challenge::url(server, id))],
        });
        if self.wildcard {
            object["wildcard"] = json!(true);
        }
        object
    }
}

#[derive(Deserialize)]
struct AuthorizationUpdate {
    status: String,
}

/// `POST /authorization/{id}`: fetches or deactivates the authorization (§7.5, §7.5.2).
pub(crate) async fn authorization(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    request: AccountRequest,
) -> Result<Object, Problem> {
    let update: Option<AuthorizationUpdate> =
        if request.is_post_as_get() { None } else { Some(request.json()?) };
    let mut state = server.state();
    let authorization = state
        .authorizations
        .get_mut(&id)
        .filter(|authorization| authorization.account == request.account)
        .ok_or_else(|| Problem::not_found("authorization"))?;
    if let Some(AuthorizationUpdate { status }) = update {
        if status != "deactivated" {
            let detail = format!("an authorization's status cannot be set to {status:?}");
            return Err(Problem::malformed(detail));
        }
        authorization.progress = Progress::Deactivated;
    }
    let is_pending = authorization.status(server.config.clock.now()) == "pending";
    let wait = server.config.policy.poll_retry_after.filter(|_| is_pending);
    Ok(Object::new(authorization.to_json(&server, &id)).retry_after(wait))
}

/// The URL of an authorization.
pub(crate) fn url(server: &Server, id: &str) -> String {
    server.url(&format!("/authorization/{id}"))
}

/// A time as RFC 3339 writes it, in whole seconds.
pub(crate) fn timestamp(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).expect("the CA's times are between the years 1970 and 9999")
}

/// 256 random bits: §8.1 asks for 128 at least.
fn random_token() -> String {
    random_id() + &random_id()
}
