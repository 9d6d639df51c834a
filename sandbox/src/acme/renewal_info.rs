//! Renewal information and what replaces what (RFC 9773).

use std::sync::Arc;

use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::authorization::timestamp;
use super::certificate::Certificate;
use super::identifier::Identifier;
use super::problem::{ErrorType, Problem};
use super::response::Object;
use super::{Server, State as CaState};

/// Certificates with a shorter life are renewed after half of it, others after two thirds.
const SHORT_LIFETIME: Duration = Duration::days(10);

/// `GET /renewal-info/{id}`: when to renew (§4.2). The identifier is that of §4.1.
pub(crate) async fn renewal_info(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Object, Problem> {
    check_form(&id)?;
    let state = server.state();
    let (_, certificate) = find(&state, &id).ok_or_else(|| Problem::not_found("certificate"))?;
    let (start, end) = state.renewal_window.unwrap_or_else(|| window(certificate));
    let body = json!({
        "suggestedWindow": { "start": timestamp(start), "end": timestamp(end) },
    });
    Ok(Object::new(body).retry_after(server.config.policy.renewal_info_retry_after))
}

/// Checks that `account` may replace the certificate with this identifier by one for `identifiers` (§5).
pub(crate) fn check_replaces(
    state: &CaState,
    id: &str,
    account: &str,
    identifiers: &[Identifier],
) -> Result<(), Problem> {
    check_form(id)?;
    let (_, replaced) =
        find(state, id).ok_or_else(|| Problem::not_found("certificate to be replaced"))?;
    if replaced.account != account {
        let detail = "the certificate to be replaced was issued to another account";
        return Err(Problem::unauthorized(detail));
    }
    if !replaced.identifiers.iter().any(|identifier| identifiers.contains(identifier)) {
        let detail = "the certificate to be replaced has none of the order's identifiers";
        return Err(Problem::malformed(detail));
    }
    if replaced.replaced {
        let detail = "the certificate was replaced by another order already";
        return Err(Problem::new(ErrorType::AlreadyReplaced, detail));
    }
    Ok(())
}

/// Notes that an order that named this certificate was finalized.
pub(crate) fn mark_replaced(state: &mut CaState, id: &str) {
    let found = find(state, id).map(|(key, _)| key.clone());
    if let Some(certificate) = found.and_then(|key| state.certificates.get_mut(&key)) {
        certificate.replaced = true;
    }
}

/// The identifier of a certificate (§4.1): its authority's key identifier and its serial number as DER has it.
pub(crate) fn certificate_id(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let key_identifier = certificate.extensions().iter().find_map(|extension| {
        match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(authority) => authority.key_identifier.as_ref(),
            _ => None,
        }
    })?;
    let serial = certificate.raw_serial();
    Some(format!("{}.{}", URL_SAFE_NO_PAD.encode(key_identifier.0), URL_SAFE_NO_PAD.encode(serial)))
}

fn window(certificate: &Certificate) -> (OffsetDateTime, OffsetDateTime) {
    let (begin, end) = (certificate.issued.not_before, certificate.issued.not_after);
    if let Some(revoked) = certificate.revoked {
        // Renew at once, whatever else was planned.
        return (begin.min(revoked - Duration::hours(2)), revoked - Duration::hours(1));
    }
    let lifetime = end - begin;
    let middle = begin + if lifetime < SHORT_LIFETIME { lifetime / 2 } else { lifetime * 2 / 3 };
    (middle - lifetime / 100, middle + lifetime / 100)
}

fn find<'a>(state: &'a CaState, id: &str) -> Option<(&'a String, &'a Certificate)> {
    state.certificates.iter().find(|(_, certificate)| certificate.renewal_id == id)
}

fn check_form(id: &str) -> Result<(), Problem> {
    let is_encoded = |part: &str| !part.is_empty() && URL_SAFE_NO_PAD.decode(part).is_ok();
    match id.split_once('.') {
        Some((authority, serial)) if is_encoded(authority) && is_encoded(serial) => Ok(()),
        _ => Err(Problem::malformed("a certificate's identifier is two base64url parts and a dot")),
    }
}
