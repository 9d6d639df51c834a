//! Orders (RFC 8555 §7.1.3, §7.4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, State};
use http::header::RETRY_AFTER;
use rand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

use super::authorization::{self, Authorization, Progress as AuthorizationProgress, timestamp};
use super::identifier::Identifier;
use super::issuance::Profile;
use super::problem::{ErrorType, Problem};
use super::renewal_info::check_replaces;
use super::request::AccountRequest;
use super::response::{Object, whole_seconds};
use super::{Server, State as CaState, certificate, random_id};
use crate::fault::Fault;

/// How long an order may take.
const LIFETIME: Duration = Duration::days(7);
/// So many names fit into one order.
const IDENTIFIER_LIMIT: usize = 100;

/// An account's order of one certificate.
pub(crate) struct Order {
    pub(crate) account: String,
    pub(crate) profile: Profile,
    /// Sorted, each once.
    pub(crate) identifiers: Vec<Identifier>,
    authorizations: Vec<String>,
    expires: OffsetDateTime,
    /// The certificate that this order renews, as RFC 9773 names it.
    pub(crate) replaces: Option<String>,
    pub(crate) progress: Progress,
}

/// How far an order has come beyond its authorizations.
pub(crate) enum Progress {
    /// Not finalized.
    Open,
    /// The certificate is made; until `at` the order only says that it is being worked on.
    Issued { certificate: String, at: Instant },
}

/// An order's status (§7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderStatus {
    Pending,
    Ready,
    Processing,
    Valid,
    Invalid,
}

impl Order {
    /// The status, which follows from that of the authorizations.
    pub(crate) fn status(
        &self,
        authorizations: &BTreeMap<String, Authorization>,
        now: OffsetDateTime,
    ) -> OrderStatus {
        if let Progress::Issued { at, .. } = self.progress {
            return if Instant::now() < at { OrderStatus::Processing } else { OrderStatus::Valid };
        }
        if self.expires <= now {
            return OrderStatus::Invalid;
        }
        let mut status = OrderStatus::Ready;
        for authorization in self.authorizations.iter().filter_map(|id| authorizations.get(id)) {
            let is_unnoticed = matches!(
                authorization.progress,
                AuthorizationProgress::Invalid { order_unaware: true, .. }
            );
            match authorization.status(now) {
                "valid" => {}
                "pending" => status = OrderStatus::Pending,
                _ if is_unnoticed => status = OrderStatus::Pending,
                _ => return OrderStatus::Invalid,
            }
        }
        status
    }

    fn to_json(&self, server: &Server, state: &CaState, id: &str) -> Value {
        let authorizations: Vec<String> =
            self.authorizations.iter().map(|id| authorization::url(server, id)).collect();
        let status = self.status(&state.authorizations, server.config.clock.now());
        let mut object = json!({
            "status": match status {
                OrderStatus::Pending => "pending",
                OrderStatus::Ready => "ready",
                OrderStatus::Processing => "processing",
                OrderStatus::Valid => "valid",
                OrderStatus::Invalid => "invalid",
            },
            "expires": timestamp(self.expires),
            "identifiers": self.identifiers,
            "profile": self.profile.name(),
            "authorizations": authorizations,
            "finalize": server.url(&format!("/finalize/{id}")),
        });
        if let Some(replaces) = &self.replaces {
            object["replaces"] = json!(replaces);
        }
        if let (OrderStatus::Valid, Progress::Issued { certificate, .. }) = (status, &self.progress)
        {
            object["certificate"] = json!(certificate::url(server, certificate));
        }
        object
    }

    /// The answer that shows the order, with the time until it is worth looking again.
    pub(crate) fn to_object(&self, server: &Server, state: &CaState, id: &str) -> Object {
        let policy = server.config.policy.poll_retry_after;
        let wait = match self.status(&state.authorizations, server.config.clock.now()) {
            OrderStatus::Pending | OrderStatus::Processing => policy,
            _ => None,
        };
        Object::new(self.to_json(server, state, id)).retry_after(wait)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewOrder {
    identifiers: Vec<Identifier>,
    profile: Option<String>,
    replaces: Option<String>,
    not_before: Option<Value>,
    not_after: Option<Value>,
}

/// `POST /new-order`
pub(crate) async fn new_order(
    State(server): State<Arc<Server>>,
    request: AccountRequest,
) -> Result<Object, Problem> {
    check_rate_limit(&server)?;
    let new: NewOrder = request.json()?;
    if new.not_before.is_some() || new.not_after.is_some() {
        return Err(Problem::malformed("notBefore and notAfter are not supported"));
    }
    let profile = profile(new.profile.as_deref())?;
    let identifiers = identifiers(&server, new.identifiers)?;

    let now = server.config.clock.now();
    let mut state = server.state();
    if let Some(replaced) = &new.replaces {
        check_replaces(&state, replaced, &request.account, &identifiers)?;
    }
    if server.config.policy.order_reuse
        && let Some((id, order)) = state.orders.iter().find(|(_, order)| {
            let status = || order.status(&state.authorizations, now);
            order.account == request.account
                && order.profile == profile
                && order.identifiers == identifiers
                && order.replaces == new.replaces
                && matches!(status(), OrderStatus::Pending | OrderStatus::Ready)
        })
    {
        let body = order.to_json(&server, &state, id);
        return Ok(Object::created(body, &url(&server, id)));
    }
    let mut authorizations = Vec::new();
    for identifier in &identifiers {
        let reused = reusable_authorization(&server, &state, &request.account, identifier);
        authorizations.push(reused.unwrap_or_else(|| {
            let id = random_id();
            let authorization = Authorization::new(&server, &request.account, identifier);
            state.authorizations.insert(id.clone(), authorization);
            id
        }));
    }
    let id = random_id();
    if let Some(account) = state.accounts.get_mut(&request.account) {
        account.orders.push(id.clone());
    }
    let order = Order {
        account: request.account,
        profile,
        identifiers,
        authorizations,
        expires: now + LIFETIME,
        replaces: new.replaces,
        progress: Progress::Open,
    };
    let body = order.to_json(&server, &state, &id);
    let location = url(&server, &id);
    state.orders.insert(id, order);
    Ok(Object::created(body, &location))
}

/// `POST /order/{id}`
pub(crate) async fn order(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    request: AccountRequest,
) -> Result<Object, Problem> {
    request.expect_post_as_get()?;
    let state = server.state();
    let order = find(&state, &id, &request.account)?;
    Ok(order.to_object(&server, &state, &id))
}

/// The order of `account` with this identifier.
pub(crate) fn find<'a>(state: &'a CaState, id: &str, account: &str) -> Result<&'a Order, Problem> {
    state
        .orders
        .get(id)
        .filter(|order| order.account == account)
        .ok_or_else(|| Problem::not_found("order"))
}

/// The URL of an order.
pub(crate) fn url(server: &Server, id: &str) -> String {
    server.url(&format!("/order/{id}"))
}

fn check_rate_limit(server: &Server) -> Result<(), Problem> {
    let faults = &server.config.faults;
    let retry_after = if let Some(left) = faults.remaining(Fault::RateLimitedSeconds) {
        whole_seconds(left)
    } else if let Some(left) = faults.remaining(Fault::RateLimitedDate) {
        // The format has whole seconds and cuts off the rest, so round up.
        let until = server.config.clock.now() + left + Duration::milliseconds(999);
        httpdate::fmt_http_date(until.into())
    } else {
        return Ok(());
    };
    let detail = "too many orders were made by this account lately; see Retry-After";
    Err(Problem::new(ErrorType::RateLimited, detail).with_header(RETRY_AFTER, retry_after))
}

fn profile(name: Option<&str>) -> Result<Profile, Problem> {
    let Some(name) = name else { return Ok(Profile::Classic) };
    Profile::ALL.into_iter().find(|profile| profile.name() == name).ok_or_else(|| {
        let detail = format!("there is no profile {name:?}; the directory lists those there are");
        Problem::new(ErrorType::InvalidProfile, detail)
    })
}

/// The identifiers in lower case, sorted, each once, if the CA issues for all of them.
fn identifiers(server: &Server, mut asked: Vec<Identifier>) -> Result<Vec<Identifier>, Problem> {
    for identifier in &mut asked {
        identifier.value.make_ascii_lowercase();
    }
    let identifiers: Vec<Identifier> =
        asked.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    if identifiers.is_empty() || identifiers.len() > IDENTIFIER_LIMIT {
        let detail = format!("an order has one to {IDENTIFIER_LIMIT} identifiers");
        return Err(Problem::malformed(detail));
    }
    let mut problems: Vec<(Identifier, Problem)> = identifiers
        .iter()
        .filter_map(|identifier| {
            let problem = identifier.check(&server.config.policy.blocked_domains).err()?;
            Some((identifier.clone(), problem))
        })
        .collect();
    match (problems.len(), identifiers.len()) {
        (0, _) => Ok(identifiers),
        (_, 1) => Err(problems.remove(0).1),
        (refused, all) => {
            let detail = format!("{refused} of {all} identifiers are refused; see subproblems");
            Err(Problem::new(problems[0].1.kind, detail).with_subproblems(&problems))
        }
    }
}

/// A valid authorization of the account for exactly this identifier, if this time one is taken over.
fn reusable_authorization(
    server: &Server,
    state: &CaState,
    account: &str,
    identifier: &Identifier,
) -> Option<String> {
    if rand::rng().random_range(0..100) >= server.config.policy.authorization_reuse_percent {
        return None;
    }
    let (base, wildcard) = identifier.base_domain();
    let now = server.config.clock.now();
    let (id, _) = state.authorizations.iter().find(|(_, authorization)| {
        authorization.account == account
            && authorization.identifier.value == base
            && authorization.wildcard == wildcard
            && authorization.status(now) == "valid"
    })?;
    Some(id.clone())
}
