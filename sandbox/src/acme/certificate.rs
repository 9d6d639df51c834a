//! Downloads of issued certificates (RFC 8555 §7.4.2).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LINK};
use time::OffsetDateTime;

use super::Server;
use super::identifier::Identifier;
use super::issuance::Issued;
use super::problem::Problem;
use super::request::AccountRequest;
use super::response::append;

/// A certificate and whom it was issued to.
pub(crate) struct Certificate {
    pub(crate) account: String,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) issued: Issued,
    /// How renewal information names it (RFC 9773 §4.1).
    pub(crate) renewal_id: String,
    /// Whether an order that replaces it was finalized.
    pub(crate) replaced: bool,
    /// When it was revoked.
    pub(crate) revoked: Option<OffsetDateTime>,
}

/// `POST /certificate/{id}`: the default chain.
pub(crate) async fn certificate(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    request: AccountRequest,
) -> Result<Response, Problem> {
    chain(&server, &id, &request, 0)
}

/// `POST /certificate/{id}/alternate`: the chain to the other root.
pub(crate) async fn alternate(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    request: AccountRequest,
) -> Result<Response, Problem> {
    chain(&server, &id, &request, 1)
}

/// The URL of a certificate's default chain.
pub(crate) fn url(server: &Server, id: &str) -> String {
    server.url(&format!("/certificate/{id}"))
}

fn chain(
    server: &Server,
    id: &str,
    request: &AccountRequest,
    which: usize,
) -> Result<Response, Problem> {
    request.expect_post_as_get()?;
    let state = server.state();
    let certificate = state
        .certificates
        .get(id)
        .filter(|certificate| certificate.account == request.account)
        .ok_or_else(|| Problem::not_found("certificate"))?;
    let content_type = [(CONTENT_TYPE, "application/pem-certificate-chain")];
    let mut response = (content_type, certificate.issued.chains[which].clone()).into_response();
    let url = url(server, id);
    let other = if which == 0 { format!("{url}/alternate") } else { url };
    append(response.headers_mut(), LINK, &format!("<{other}>;rel=\"alternate\""));
    Ok(response)
}
