//! External account binding (RFC 8555 §7.3.4).

use aws_lc_rs::hmac;
use serde_json::{Map, Value};

use super::jwk::Jwk;
use super::jws::{Jws, SignerName};
use super::policy::Policy;
use super::problem::{ErrorType, Problem};

/// Checks that a new account with `account_key` is bound to an external account that the CA knows.
///
/// `url` is that of newAccount, to which both the binding and the request around it are signed.
pub(crate) fn check(
    policy: &Policy,
    binding: Option<&Value>,
    url: &str,
    account_key: &Jwk,
) -> Result<(), Problem> {
    let Some(binding) = binding else {
        return if policy.external_account_required {
            let detail = "a new account has to be bound to an external one";
            Err(Problem::new(ErrorType::ExternalAccountRequired, detail))
        } else {
            Ok(())
        };
    };
    let jws = Jws::parse(binding.to_string().as_bytes())?;
    if jws.protected.alg != "HS256" {
        let detail =
            format!("an external account binding is not signed with {:?}", jws.protected.alg);
        return Err(Problem::new(ErrorType::BadSignatureAlgorithm, detail)
            .with_member("algorithms", Value::from(vec!["HS256"])));
    }
    if jws.protected.nonce.is_some() {
        return Err(Problem::malformed("an external account binding has no nonce"));
    }
    if jws.protected.url.as_deref() != Some(url) {
        return Err(Problem::malformed("an external account binding has the url of newAccount"));
    }
    let SignerName::KeyId(kid) = jws.signer_name()? else {
        return Err(Problem::malformed("an external account binding names its key by kid"));
    };
    let bound_key: Map<String, Value> = serde_json::from_slice(&jws.payload)
        .map_err(|_| Problem::malformed("the payload of an external account binding is a JWK"))?;
    if Jwk::parse(&bound_key)? != *account_key {
        return Err(Problem::malformed("the external account binding is for another account key"));
    }
    let is_good = policy.external_account_keys.get(&kid).is_some_and(|key| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::verify(&key, &jws.signing_input, &jws.signature).is_ok()
    });
    if is_good {
        Ok(())
    } else {
        // An unknown key and a wrong one are not told apart.
        Err(Problem::unauthorized(format!("no external account has the key {kid:?} with this MAC")))
    }
}
