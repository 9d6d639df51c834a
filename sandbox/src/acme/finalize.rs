//! Finalizing an order (RFC 8555 §7.4): from the CSR to the certificate.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tokio::time::Instant;

use super::certificate::Certificate;
use super::order::{self, OrderStatus, Progress};
use super::problem::{ErrorType, Problem};
use super::request::AccountRequest;
use super::response::Object;
use super::{Server, csr, random_id, renewal_info};
use crate::fault::Fault;

#[derive(Deserialize)]
struct Finalize {
    csr: String,
}

/// `POST /finalize/{id}`
pub(crate) async fn finalize(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    request: AccountRequest,
) -> Result<Object, Problem> {
    let Finalize { csr } = request.json()?;
    let csr = URL_SAFE_NO_PAD
        .decode(csr)
        .map_err(|_| Problem::new(ErrorType::BadCsr, "the CSR is no base64url without padding"))?;
    let now = server.config.clock.now();
    let faults = &server.config.faults;

    let mut state = server.state();
    let order = order::find(&state, &id, &request.account)?;
    let status = order.status(&state.authorizations, now);
    if status != OrderStatus::Ready {
        let detail = format!("the order is {status:?}, not Ready");
        return Err(Problem::new(ErrorType::OrderNotReady, detail));
    }
    if faults.take(Fault::OrderNotReady) {
        let detail = "the order is not known to be ready here yet; try again";
        return Err(Problem::new(ErrorType::OrderNotReady, detail));
    }
    let account =
        state.accounts.get(&request.account).ok_or_else(|| Problem::not_found("account"))?;
    let key = csr::check(&csr, &order.identifiers, &account.key)?;
    let issued = server
        .hierarchy
        .issue(order.profile, &order.identifiers, &key, now, faults)
        .map_err(|error| {
            let detail = format!("the certificate could not be made: {error}");
            Problem::new(ErrorType::ServerInternal, detail)
        })?;
    let certificate = Certificate {
        account: request.account,
        identifiers: order.identifiers.clone(),
        renewal_id: renewal_info::certificate_id(&issued.der).unwrap_or_default(),
        issued,
        replaced: false,
        revoked: None,
    };
    if let Some(replaced) = order.replaces.clone() {
        renewal_info::mark_replaced(&mut state, &replaced);
    }
    let certificate_id = random_id();
    state.certificates.insert(certificate_id.clone(), certificate);
    let delay = Duration::from_secs(faults.value(Fault::Processing).unwrap_or(0));
    if let Some(order) = state.orders.get_mut(&id) {
        order.progress =
            Progress::Issued { certificate: certificate_id, at: Instant::now() + delay };
    }
    let order = state.orders.get(&id).ok_or_else(|| Problem::not_found("order"))?;
    Ok(order.to_object(&server, &state, &id).location(&order::url(&server, &id)))
}
