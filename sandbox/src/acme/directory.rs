//! The directory and fresh nonces (RFC 8555 §7.1.1, §7.2).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::json;

use super::caa::CAA_IDENTITY;
use super::issuance::Profile;
use super::problem::Problem;
use super::response::Object;
use super::{NEW_NONCE_PATH, Server};

/// The path of the terms of service.
pub(crate) const TERMS_PATH: &str = "/terms";

/// `GET /directory`
pub(crate) async fn directory(State(server): State<Arc<Server>>) -> Object {
    let profiles: serde_json::Map<_, _> = Profile::ALL
        .iter()
        .map(|profile| (profile.name().to_owned(), json!(server.url(profile.documentation_path()))))
        .collect();
    Object::new(json!({
        "newNonce": server.url(NEW_NONCE_PATH),
        "newAccount": server.url("/new-account"),
        "newOrder": server.url("/new-order"),
        "revokeCert": server.url("/revoke-cert"),
        "keyChange": server.url("/key-change"),
        "renewalInfo": server.url("/renewal-info"),
        "meta": {
            "termsOfService": server.url(TERMS_PATH),
            "website": server.url("/"),
            "caaIdentities": [CAA_IDENTITY],
            "externalAccountRequired": server.config.policy.external_account_required,
            "profiles": profiles,
        },
        // A member that means nothing: clients have to pass over what they do not know.
        super::random_id(): "clients ignore members that they do not know (RFC 8555 section 7.1.1)",
    }))
}

/// `GET /new-nonce` and `HEAD /new-nonce`
pub(crate) async fn new_nonce(method: Method) -> StatusCode {
    if method == Method::HEAD { StatusCode::OK } else { StatusCode::NO_CONTENT }
}

/// `GET` of a page that the directory names.
pub(crate) async fn page(uri: http::Uri) -> Response {
    let text = match uri.path() {
        TERMS_PATH => "These certificates are for trying and testing. Nobody trusts them.",
        "/" => "The ACME CA of a sandbox. Its directory is at /directory.",
        path => match Profile::ALL.iter().find(|profile| profile.documentation_path() == path) {
            Some(profile) => profile.description(),
            None => return Problem::not_found("page").into_response(),
        },
    };
    Html(format!("<!doctype html><title>sandbox CA</title><p>{text}</p>\n")).into_response()
}
