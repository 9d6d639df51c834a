//! Problem documents (RFC 7807) with the error types of RFC 8555 §6.7, RFC 9773 §7 and the profiles draft.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::identifier::Identifier;

/// The last part of an error's URN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorType {
    AccountDoesNotExist,
    AlreadyReplaced,
    AlreadyRevoked,
    BadCsr,
    BadNonce,
    BadPublicKey,
    BadRevocationReason,
    BadSignatureAlgorithm,
    Caa,
    Dns,
    ExternalAccountRequired,
    InvalidContact,
    InvalidProfile,
    Malformed,
    OrderNotReady,
    RateLimited,
    RejectedIdentifier,
    ServerInternal,
    Unauthorized,
    UnsupportedContact,
    UnsupportedIdentifier,
    UserActionRequired,
}

impl ErrorType {
    fn name(self) -> &'static str {
        match self {
            Self::AccountDoesNotExist => "accountDoesNotExist",
            Self::AlreadyReplaced => "alreadyReplaced",
            Self::AlreadyRevoked => "alreadyRevoked",
            Self::BadCsr => "badCSR",
            Self::BadNonce => "badNonce",
            Self::BadPublicKey => "badPublicKey",
            Self::BadRevocationReason => "badRevocationReason",
            Self::BadSignatureAlgorithm => "badSignatureAlgorithm",
            Self::Caa => "caa",
            Self::Dns => "dns",
            Self::ExternalAccountRequired => "externalAccountRequired",
            Self::InvalidContact => "invalidContact",
            Self::InvalidProfile => "invalidProfile",
            Self::Malformed => "malformed",
            Self::OrderNotReady => "orderNotReady",
            Self::RateLimited => "rateLimited",
            Self::RejectedIdentifier => "rejectedIdentifier",
            Self::ServerInternal => "serverInternal",
            Self::Unauthorized => "unauthorized",
            Self::UnsupportedContact => "unsupportedContact",
            Self::UnsupportedIdentifier => "unsupportedIdentifier",
            Self::UserActionRequired => "userActionRequired",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::AlreadyReplaced => StatusCode::CONFLICT,
            Self::Caa
            | Self::ExternalAccountRequired
            | Self::OrderNotReady
            | Self::Unauthorized
            | Self::UserActionRequired => StatusCode::FORBIDDEN,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::ServerInternal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Why a request, a validation or an order failed, as it is sent to the client.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) kind: ErrorType,
    pub(crate) status: StatusCode,
    detail: String,
    members: Vec<(&'static str, Value)>,
    headers: Vec<(HeaderName, String)>,
    /// Whether the answer lacks the fresh nonce that RFC 8555 §6.5 demands.
    without_nonce: bool,
}

/// Marks an answer that gets no `Replay-Nonce`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WithoutNonce;

impl Problem {
    /// A problem with the HTTP status that belongs to its type.
    pub(crate) fn new(kind: ErrorType, detail: impl Into<String>) -> Self {
        Self {
            kind,
            status: kind.status(),
            detail: detail.into(),
            members: Vec::new(),
            headers: Vec::new(),
            without_nonce: false,
        }
    }

    /// A request that does not follow the protocol.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Malformed, detail)
    }

    /// There is no such thing, or it belongs to another account.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::malformed(format!("there is no such {what}")).with_status(StatusCode::NOT_FOUND)
    }

    /// The requester may not do this.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Unauthorized, detail)
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn with_member(mut self, name: &'static str, value: Value) -> Self {
        self.members.push((name, value));
        self
    }

    pub(crate) fn without_nonce(mut self) -> Self {
        self.without_nonce = true;
        self
    }

    /// One problem per identifier (RFC 8555 §6.7.1), each below a problem that stands for all of them.
    pub(crate) fn with_subproblems(self, subproblems: &[(Identifier, Self)]) -> Self {
        let subproblems = subproblems
            .iter()
            .map(|(identifier, problem)| {
                let mut subproblem = problem.to_json();
                subproblem["identifier"] = json!(identifier);
                subproblem
            })
            .collect();
        self.with_member("subproblems", Value::Array(subproblems))
    }

    /// The problem document.
    pub(crate) fn to_json(&self) -> Value {
        let mut document = json!({
            "type": format!("urn:ietf:params:acme:error:{}", self.kind.name()),
            "detail": self.detail,
            "status": self.status.as_u16(),
        });
        for (name, value) in &self.members {
            document[*name] = value.clone();
        }
        document
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content_type = [(CONTENT_TYPE, "application/problem+json")];
        let body = self.to_json().to_string();
        let mut response = (self.status, content_type, body).into_response();
        for (name, value) in self.headers {
            // A value that is no header value could only come from a request: leave it out.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        if self.without_nonce {
            response.extensions_mut().insert(WithoutNonce);
        }
        response
    }
}
