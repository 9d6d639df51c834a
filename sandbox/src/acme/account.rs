//! Accounts (RFC 8555 §7.1.2, §7.3).

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use http::header::LINK;
use serde::Deserialize;
use serde_json::{Value, json};

use super::directory::TERMS_PATH;
use super::jwk::Jwk;
use super::order::OrderStatus;
use super::problem::{ErrorType, Problem};
use super::request::{AccountRequest, SignedRequest, Signer};
use super::response::Object;
use super::{Server, eab, order, random_id};

/// So many orders are on one page of an account's list.
const PAGE: usize = 50;

/// An account.
pub(crate) struct Account {
    pub(crate) key: Jwk,
    pub(crate) status: AccountStatus,
    contact: Vec<String>,
    external_account_binding: Option<Value>,
    /// The account's orders, oldest first.
    pub(crate) orders: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountStatus {
    Valid,
    Deactivated,
}

impl Account {
    pub(crate) fn to_json(&self, url: &str) -> Value {
        let status = match self.status {
            AccountStatus::Valid => "valid",
            AccountStatus::Deactivated => "deactivated",
        };
        let mut object = json!({
            "status": status,
            "contact": self.contact,
            "termsOfServiceAgreed": true,
            "orders": format!("{url}/orders"),
        });
        if let Some(binding) = &self.external_account_binding {
            object["externalAccountBinding"] = binding.clone();
        }
        object
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewAccount {
    #[serde(default)]
    contact: Vec<String>,
    #[serde(default)]
    terms_of_service_agreed: bool,
    #[serde(default)]
    only_return_existing: bool,
    external_account_binding: Option<Value>,
}

#[derive(Deserialize)]
struct AccountUpdate {
    contact: Option<Vec<String>>,
    status: Option<String>,
}

/// `POST /new-account`
pub(crate) async fn new_account(
    State(server): State<Arc<Server>>,
    request: SignedRequest,
) -> Result<Object, Problem> {
    let Signer::Key(key) = &request.signer else {
        return Err(Problem::malformed("newAccount is signed with jwk, not kid"));
    };
    let new: NewAccount = request.json()?;
    let mut state = server.state();
    if let Some((id, account)) = state.accounts.iter().find(|(_, account)| account.key == *key) {
        if account.status == AccountStatus::Deactivated {
            return Err(Problem::unauthorized("the account of this key is deactivated")
                .with_status(StatusCode::UNAUTHORIZED));
        }
        let url = account_url(&server, id);
        return Ok(Object::new(account.to_json(&url)).location(&url));
    }
    if new.only_return_existing {
        let detail = "there is no account with this key";
        return Err(Problem::new(ErrorType::AccountDoesNotExist, detail));
    }
    if !new.terms_of_service_agreed {
        let terms = server.url(TERMS_PATH);
        let detail = format!("an account needs agreement to the terms of service at {terms}");
        return Err(Problem::new(ErrorType::UserActionRequired, detail)
            .with_header(LINK, format!("<{terms}>;rel=\"terms-of-service\""))
            .with_member("instance", json!(terms)));
    }
    check_contact(&new.contact)?;
    let binding = new.external_account_binding;
    eab::check(&server.config.policy, binding.as_ref(), &request.url, key)?;
    let id = random_id();
    let url = account_url(&server, &id);
    let account = Account {
        key: key.clone(),
        status: AccountStatus::Valid,
        contact: new.contact,
        external_account_binding: binding,
        orders: Vec::new(),
    };
    let body = account.to_json(&url);
    state.accounts.insert(id, account);
    Ok(Object::created(body, &url))
}

/// `POST /account/{id}`: fetches, changes or deactivates the account (§7.3.2, §7.3.6).
pub(crate) async fn account(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    request: AccountRequest,
) -> Result<Object, Problem> {
    if id != request.account {
        return Err(Problem::unauthorized("this is another account's URL"));
    }
    let update = if request.is_post_as_get() {
        AccountUpdate { contact: None, status: None }
    } else {
        request.json()?
    };
    // Before anything is changed: a request is carried out as a whole or not at all.
    check_contact(update.contact.as_deref().unwrap_or_default())?;
    let mut state = server.state();
    let account = state.accounts.get_mut(&id).ok_or_else(|| Problem::not_found("account"))?;
    match update.status.as_deref() {
        None | Some("valid") => {}
        Some("deactivated") => account.status = AccountStatus::Deactivated,
        Some(other) => {
            let detail = format!("an account's status cannot be set to {other:?}");
            return Err(Problem::malformed(detail));
        }
    }
    if let Some(contact) = update.contact {
        account.contact = contact;
    }
    Ok(Object::new(account.to_json(&account_url(&server, &id))))
}

#[derive(Deserialize)]
pub(crate) struct Page {
    /// How many orders came before.
    #[serde(default)]
    cursor: usize,
}

/// `POST /account/{id}/orders`: the account's orders that are not invalid, page by page (§7.1.2.1).
pub(crate) async fn orders(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
    request: AccountRequest,
) -> Result<Object, Problem> {
    request.expect_post_as_get()?;
    let Query(Page { cursor }) =
        page.map_err(|_| Problem::malformed("the cursor is not one that the CA gave"))?;
    if id != request.account {
        return Err(Problem::unauthorized("these are another account's orders"));
    }
    let now = server.config.clock.now();
    let state = server.state();
    let account = state.accounts.get(&id).ok_or_else(|| Problem::not_found("account"))?;
    let is_listed = |id: &&String| {
        state
            .orders
            .get(*id)
            .is_some_and(|order| order.status(&state.authorizations, now) != OrderStatus::Invalid)
    };
    let page = account.orders.iter().skip(cursor).take(PAGE);
    let urls: Vec<String> = page.filter(is_listed).map(|id| order::url(&server, id)).collect();
    let object = Object::new(json!({ "orders": urls }));
    let next = cursor.saturating_add(PAGE);
    Ok(if next < account.orders.len() {
        let url = account_url(&server, &id);
        object.link(&format!("{url}/orders?cursor={next}"), "next")
    } else {
        object
    })
}

/// The URL of an account, which is also its key identifier.
pub(crate) fn account_url(server: &Server, id: &str) -> String {
    server.url(&format!("/account/{id}"))
}

/// Only addresses as `mailto` URLs, without header fields, one each (§7.3).
fn check_contact(contact: &[String]) -> Result<(), Problem> {
    if contact.len() > 10 {
        return Err(Problem::malformed("an account has ten contacts at most"));
    }
    for url in contact {
        let Some((scheme, address)) = url.split_once(':') else {
            let detail = format!("the contact {url:?} is no URL");
            return Err(Problem::new(ErrorType::InvalidContact, detail));
        };
        if !scheme.eq_ignore_ascii_case("mailto") {
            let detail = format!("the contact {url:?} is no mailto URL");
            return Err(Problem::new(ErrorType::UnsupportedContact, detail));
        }
        let is_address = address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.contains('.')
                && !address.contains(|c: char| ",?@ ".contains(c) && c != '@' || !c.is_ascii())
                && !domain.contains('@')
        });
        if !is_address {
            let detail = format!("the contact {url:?} is not one address without header fields");
            return Err(Problem::new(ErrorType::InvalidContact, detail));
        }
    }
    Ok(())
}
