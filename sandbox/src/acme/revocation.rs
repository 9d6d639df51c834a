//! Revocation (RFC 8555 §7.6).

use std::sync::Arc;

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Deserialize;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate::Certificate;
use super::jwk::Jwk;
use super::problem::{ErrorType, Problem};
use super::request::{SignedRequest, Signer};
use super::{Server, State as CaState};

/// The reason codes (RFC 5280 §5.3.1) that subscribers may give.
const REASONS: [u64; 5] = [0, 1, 3, 4, 5];

#[derive(Deserialize)]
struct Revocation {
    certificate: String,
    reason: Option<u64>,
}

/// `POST /revoke-cert`: by the account it was issued to, by one that is authorized for all its names, or by its key.
pub(crate) async fn revoke_cert(
    State(server): State<Arc<Server>>,
    request: SignedRequest,
) -> Result<StatusCode, Problem> {
    let revocation: Revocation = request.json()?;
    let der = URL_SAFE_NO_PAD
        .decode(&revocation.certificate)
        .map_err(|_| Problem::malformed("the certificate is no base64url without padding"))?;
    let now = server.config.clock.now();
    let mut state = server.state();
    let (id, certificate) = state
        .certificates
        .iter()
        .find(|(_, certificate)| certificate.issued.der == der)
        .ok_or_else(|| Problem::not_found("certificate"))?;
    let may_revoke = match &request.signer {
        Signer::Account(account) => {
            certificate.account == *account
                || is_authorized_for_all(&server, &state, account, certificate)
        }
        Signer::Key(key) => is_key_of(key, &der),
    };
    if !may_revoke {
        let detail = "only the account of a certificate, one authorized for its names, or its key revokes it";
        return Err(Problem::unauthorized(detail));
    }
    if certificate.revoked.is_some() {
        let detail = "the certificate is revoked already";
        return Err(Problem::new(ErrorType::AlreadyRevoked, detail));
    }
    if let Some(reason) = revocation.reason
        && !REASONS.contains(&reason)
    {
        let detail = format!("{reason} is none of the reasons that are accepted: {REASONS:?}");
        return Err(Problem::new(ErrorType::BadRevocationReason, detail));
    }
    let id = id.clone();
    if let Some(certificate) = state.certificates.get_mut(&id) {
        certificate.revoked = Some(now);
    }
    Ok(StatusCode::OK)
}

fn is_authorized_for_all(
    server: &Server,
    state: &CaState,
    account: &str,
    certificate: &Certificate,
) -> bool {
    let now = server.config.clock.now();
    certificate.identifiers.iter().all(|identifier| {
        let (base, wildcard) = identifier.base_domain();
        state.authorizations.values().any(|authorization| {
            authorization.account == account
                && authorization.identifier.value == base
                && authorization.wildcard == wildcard
                && authorization.status(now) == "valid"
        })
    })
}

fn is_key_of(key: &Jwk, certificate: &[u8]) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, certificate)| key.is_key_of(certificate.public_key()))
}
