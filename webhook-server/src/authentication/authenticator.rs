//! All ways of being known, in the order in which Kubernetes' own aggregated servers try them.

use std::sync::Arc;

use acme_core::Clock;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;

use super::client_certificate;
use super::token_review::TokenReviews;
use super::trust::Trust;
use super::user::User;

/// Tells who a request comes from.
pub(crate) struct Authenticator {
    trust: watch::Receiver<Option<Arc<Trust>>>,
    tokens: TokenReviews,
    clock: Arc<dyn Clock>,
}

/// Why it is not known who a request comes from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAuthenticated {
    /// Something was shown, and nothing of it is accepted. The reasons are for the log: the caller is told none.
    #[error("{0}")]
    Refused(String),
    /// It is not known yet whose certificates are accepted.
    #[error("the CAs of callers are not known yet")]
    NotReady,
}

impl Authenticator {
    pub(crate) fn new(
        trust: watch::Receiver<Option<Arc<Trust>>>,
        client: kube::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { trust, tokens: TokenReviews::new(client), clock }
    }

    /// Whether certificates can be judged.
    pub(crate) fn is_ready(&self) -> bool {
        self.trust.borrow().is_some()
    }

    /// Tries the front proxy's headers, the client certificate and the bearer token in turn. Who shows none of them is
    /// anonymous; who shows only what is not accepted is refused.
    pub(crate) async fn authenticate(
        &self,
        certificates: &[CertificateDer<'_>],
        headers: &HeaderMap,
    ) -> Result<User, NotAuthenticated> {
        let mut reasons = Vec::new();
        if !certificates.is_empty() {
            let trust = self.trust.borrow().clone().ok_or(NotAuthenticated::NotReady)?;
            let clock = self.clock.as_ref();
            if let Some(request_header) = &trust.request_header {
                match request_header.authenticate(certificates, headers, clock) {
                    Ok(Some(user)) => return Ok(user.authenticated()),
                    Ok(None) => {}
                    Err(reason) => {
                        reasons.push(format!("as a front proxy's certificate: {reason}"));
                    }
                }
            }
            if let Some(cas) = &trust.client {
                match client_certificate::authenticate(cas, certificates, clock) {
                    Ok(Some(user)) => return Ok(user.authenticated()),
                    Ok(None) => {}
                    Err(reason) => reasons.push(format!("as a client's certificate: {reason}")),
                }
            }
        }
        if let Some(token) = bearer_token(headers) {
            match self.tokens.authenticate(token).await {
                Ok(user) => return Ok(user.authenticated()),
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() {
            Ok(User::anonymous())
        } else {
            Err(NotAuthenticated::Refused(reasons.join("; ")))
        }
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_one() {
        let token = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            bearer_token(&headers).map(str::to_owned)
        };
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer  abc ").as_deref(), Some("abc"));
        for none in ["Basic abc", "Bearer", "Bearer ", "abc"] {
            assert_eq!(token(none), None, "{none}");
        }
        assert_eq!(bearer_token(&HeaderMap::new()), None);
    }
}
