//! Account key rollover (RFC 8555 §7.3.5).

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use http::header::LOCATION;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Server;
use super::account::account_url;
use super::jwk::Jwk;
use super::jws::{Jws, SignerName};
use super::problem::Problem;
use super::request::AccountRequest;
use super::response::Object;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyChange {
    account: String,
    old_key: Map<String, Value>,
}

/// `POST /key-change`: the account's old key signs what its new key signed.
pub(crate) async fn key_change(
    State(server): State<Arc<Server>>,
    request: AccountRequest,
) -> Result<Object, Problem> {
    let jws = Jws::parse(request.payload())?;
    let SignerName::Key(new_key) = jws.signer_name()? else {
        return Err(Problem::malformed("the inner JWS has the new key as jwk"));
    };
    jws.verify(&new_key)?;
    if jws.protected.url.as_ref() != Some(&request.url) {
        return Err(Problem::malformed("the inner and the outer JWS have the same url"));
    }
    if jws.protected.nonce.is_some() {
        return Err(Problem::malformed("the inner JWS has no nonce"));
    }
    let change: KeyChange = serde_json::from_slice(&jws.payload).map_err(|error| {
        Problem::malformed(format!("the payload of the inner JWS cannot be read: {error}"))
    })?;
    let old_key = Jwk::parse(&change.old_key)?;

    let url = account_url(&server, &request.account);
    let mut state = server.state();
    if let Some((id, _)) = state.accounts.iter().find(|(_, account)| account.key == new_key) {
        let detail = "the new key is that of an account already";
        return Err(Problem::malformed(detail)
            .with_status(StatusCode::CONFLICT)
            .with_header(LOCATION, account_url(&server, id)));
    }
    let account =
        state.accounts.get_mut(&request.account).ok_or_else(|| Problem::not_found("account"))?;
    if change.account != url || old_key != account.key {
        return Err(Problem::malformed("account and oldKey are not those of the outer JWS"));
    }
    account.key = new_key;
    Ok(Object::new(account.to_json(&url)).location(&url))
}
