//! JSON Web Signatures in the flattened form that ACME allows (RFC 7515, RFC 8555 §6.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::jwk::{ALGORITHMS, Jwk};
use super::problem::{ErrorType, Problem};

/// A JWS whose signature is not verified yet.
pub(crate) struct Jws {
    /// The protected header.
    pub(crate) protected: Protected,
    /// The payload, decoded.
    pub(crate) payload: Vec<u8>,
    /// What is signed.
    pub(crate) signing_input: Vec<u8>,
    /// The signature, decoded.
    pub(crate) signature: Vec<u8>,
}

/// The protected header.
#[derive(Deserialize)]
pub(crate) struct Protected {
    pub(crate) alg: String,
    pub(crate) nonce: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) kid: Option<String>,
    pub(crate) jwk: Option<Map<String, Value>>,
    crit: Option<Value>,
}

/// How the signer is named in the protected header.
pub(crate) enum SignerName {
    /// An account's URL, or the identifier of an external account's key.
    KeyId(String),
    /// The key itself.
    Key(Jwk),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flattened {
    protected: String,
    payload: String,
    signature: String,
}

impl Jws {
    /// Takes a flattened JWS apart. Unprotected headers and several signatures are refused.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let flattened: Flattened = serde_json::from_slice(body).map_err(|error| {
            Problem::malformed(format!("the request's body is no flattened JWS: {error}"))
        })?;
        let protected = decode(&flattened.protected, "protected header")?;
        let protected: Protected = serde_json::from_slice(&protected).map_err(|error| {
            Problem::malformed(format!("the protected header cannot be read: {error}"))
        })?;
        if protected.crit.is_some() {
            return Err(Problem::malformed("no critical header parameters are supported"));
        }
        Ok(Self {
            protected,
            payload: decode(&flattened.payload, "payload")?,
            signature: decode(&flattened.signature, "signature")?,
            signing_input: format!("{}.{}", flattened.protected, flattened.payload).into_bytes(),
        })
    }

    /// The signer as the header names it, by exactly one of `kid` and `jwk`.
    pub(crate) fn signer_name(&self) -> Result<SignerName, Problem> {
        match (&self.protected.kid, &self.protected.jwk) {
            (Some(kid), None) => Ok(SignerName::KeyId(kid.clone())),
            (None, Some(jwk)) => Jwk::parse(jwk).map(SignerName::Key),
            _ => Err(Problem::malformed("the protected header has one of jwk and kid, not both")),
        }
    }

    /// Refuses a signature that `key` did not make.
    pub(crate) fn verify(&self, key: &Jwk) -> Result<(), Problem> {
        let alg = self.protected.alg.as_str();
        if !ALGORITHMS.contains(&alg) {
            let detail = format!("requests are not signed with {alg:?}");
            return Err(Problem::new(ErrorType::BadSignatureAlgorithm, detail)
                .with_member("algorithms", json!(ALGORITHMS)));
        }
        if key.verifies(alg, &self.signing_input, &self.signature) {
            Ok(())
        } else {
            Err(Problem::malformed("the signature was not made by the account's key"))
        }
    }
}

fn decode(encoded: &str, what: &str) -> Result<Vec<u8>, Problem> {
    URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| Problem::malformed(format!("the {what} is no base64url without padding")))
}
