//! What every POST goes through before it means anything (RFC 8555 §6).

use std::sync::Arc;

use axum::extract::FromRequest;
use axum::http::Request;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use rand::Rng;
use serde::de::DeserializeOwned;

use super::Server;
use super::account::AccountStatus;
use super::jwk::Jwk;
use super::jws::{Jws, SignerName};
use super::problem::{ErrorType, Problem};
use crate::fault::Fault;

/// The largest body that is read: a CSR for 100 names with an RSA key is a tenth of that.
const BODY_LIMIT: usize = 64 * 1024;

/// A request whose signature and nonce are good.
pub(crate) struct SignedRequest {
    pub(crate) signer: Signer,
    /// The URL that was signed, which is the one that was requested.
    pub(crate) url: String,
    payload: Vec<u8>,
}

/// Who signed a request.
pub(crate) enum Signer {
    /// A valid account, by the last part of its URL.
    Account(String),
    /// A key that came with the request.
    Key(Jwk),
}

/// A request of a valid account.
pub(crate) struct AccountRequest {
    /// The last part of the account's URL.
    pub(crate) account: String,
    /// The URL that was requested.
    pub(crate) url: String,
    payload: Vec<u8>,
}

impl SignedRequest {
    /// The payload as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        json(&self.payload)
    }
}

impl AccountRequest {
    /// The payload as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        json(&self.payload)
    }

    /// The payload as it was sent.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Whether nothing is changed but only fetched (RFC 8555 §6.3).
    pub(crate) fn is_post_as_get(&self) -> bool {
        self.payload.is_empty()
    }

    /// Refuses anything but a POST-as-GET.
    pub(crate) fn expect_post_as_get(&self) -> Result<(), Problem> {
        if self.is_post_as_get() {
            Ok(())
        } else {
            Err(Problem::malformed("this is fetched by POST-as-GET, whose payload is empty"))
        }
    }
}

impl FromRequest<Arc<Server>> for SignedRequest {
    type Rejection = Problem;

    async fn from_request(
        request: Request<axum::body::Body>,
        server: &Arc<Server>,
    ) -> Result<Self, Problem> {
        let content_type = request.headers().get(CONTENT_TYPE);
        if content_type.is_none_or(|value| value != "application/jose+json") {
            return Err(Problem::malformed("a POST has the content type application/jose+json")
                .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let requested_url = server.url(path);
        let body = axum::body::to_bytes(request.into_body(), BODY_LIMIT).await.map_err(|_| {
            Problem::malformed(format!("the body is longer than {BODY_LIMIT} bytes or broke off"))
                .with_status(StatusCode::PAYLOAD_TOO_LARGE)
        })?;
        let jws = Jws::parse(&body)?;
        let (signer, key) = signer(server, &jws)?;
        jws.verify(&key)?;
        check_nonce(server, &jws)?;
        if jws.protected.url.as_ref() != Some(&requested_url) {
            return Err(Problem::unauthorized(format!(
                "the url of the protected header is {:?}, but {requested_url:?} was requested",
                jws.protected.url.unwrap_or_default()
            )));
        }
        Ok(Self { signer, url: requested_url, payload: jws.payload })
    }
}

impl FromRequest<Arc<Server>> for AccountRequest {
    type Rejection = Problem;

    async fn from_request(
        request: Request<axum::body::Body>,
        server: &Arc<Server>,
    ) -> Result<Self, Problem> {
        let signed = SignedRequest::from_request(request, server).await?;
        match signed.signer {
            Signer::Account(account) => {
                Ok(Self { account, url: signed.url, payload: signed.payload })
            }
            Signer::Key(_) => Err(Problem::malformed("this request is signed with kid, not jwk")),
        }
    }
}

/// The signer and the key that has to have made the signature.
fn signer(server: &Server, jws: &Jws) -> Result<(Signer, Jwk), Problem> {
    match jws.signer_name()? {
        SignerName::Key(key) => Ok((Signer::Key(key.clone()), key)),
        SignerName::KeyId(url) => {
            let no_account = || {
                let detail = format!("there is no account {url:?}");
                Problem::new(ErrorType::AccountDoesNotExist, detail)
            };
            let id = url.strip_prefix(&server.url("/account/")).ok_or_else(no_account)?;
            let state = server.state();
            let account = state.accounts.get(id).ok_or_else(no_account)?;
            if account.status == AccountStatus::Deactivated {
                return Err(Problem::unauthorized("the account is deactivated")
                    .with_status(StatusCode::UNAUTHORIZED));
            }
            Ok((Signer::Account(id.to_owned()), account.key.clone()))
        }
    }
}

fn check_nonce(server: &Server, jws: &Jws) -> Result<(), Problem> {
    let bad_nonce = |detail: &str| Problem::new(ErrorType::BadNonce, detail);
    let nonce = jws
        .protected
        .nonce
        .as_deref()
        .ok_or_else(|| bad_nonce("the protected header has no nonce"))?;
    if !server.nonces.redeem(nonce) {
        return Err(bad_nonce("the nonce was never issued, was used already, or is too old"));
    }
    let faults = &server.config.faults;
    if faults.take(Fault::BadNonceBare) {
        return Err(bad_nonce("this nonce is refused, and no other is given").without_nonce());
    }
    let percent = faults.value(Fault::BadNonce).unwrap_or(0);
    if rand::rng().random_range(0..100) < percent {
        return Err(bad_nonce("this nonce is refused by chance; try again with the new one"));
    }
    Ok(())
}

fn json<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(payload)
        .map_err(|error| Problem::malformed(format!("the payload cannot be read: {error}")))
}
