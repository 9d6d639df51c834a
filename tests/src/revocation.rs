//! Revokes a certificate by its own key (RFC 8555 §7.6), as whoever finds that key can: no account is needed, and no code
//! of ours takes part.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::oracle::{Issued, certificates};
use crate::pebble::{self, Pebble};

/// RFC 5280 §5.3.1.
const KEY_COMPROMISE: u8 = 1;

/// Revokes a certificate of `pebble`, which has to take every nonce. Its key is an RSA key, cert-manager's default.
///
/// # Errors
/// A sentence: the key is another one, or what Pebble answers.
pub async fn revoke_by_own_key(pebble: &Pebble, issued: &Issued) -> Result<(), String> {
    let chain = certificates(&issued.fullchain)?;
    let certificate = chain.first().ok_or("the chain is empty")?;
    let http = pebble::client(pebble.tls_root()).map_err(|error| error.to_string())?;
    let directory = pebble.directory().await?;
    let url = directory["revokeCert"].as_str().ok_or("the directory has no revokeCert")?;
    let nonce = directory["newNonce"].as_str().ok_or("the directory has no newNonce")?;
    let nonce = http.head(nonce).send().await.map_err(|error| error.to_string())?;
    let nonce = nonce.headers().get("replay-nonce").and_then(|nonce| nonce.to_str().ok());

    let protected = json!({
        "alg": "RS256",
        "jwk": jwk(certificate)?,
        "nonce": nonce.ok_or("there is no Replay-Nonce")?,
        "url": url,
    });
    let payload = json!({
        "certificate": URL_SAFE_NO_PAD.encode(certificate),
        "reason": KEY_COMPROMISE,
    });
    let body = signed(&protected, &payload, &issued.privkey)?;
    let request = http.post(url).header("content-type", "application/jose+json");
    let answer = request.body(body.to_string()).send().await.map_err(|error| error.to_string())?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(answer.text().await.unwrap_or_else(|error| error.to_string()))
}

/// The public key as RFC 7517 has it.
fn jwk(certificate: &CertificateDer<'_>) -> Result<Value, String> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let Ok(PublicKey::RSA(key)) = parsed.public_key().parsed() else {
        return Err("the certificate's key is no RSA key".to_owned());
    };
    // DER puts a zero before a number whose highest bit is set.
    let number = |bytes: &[u8]| {
        let zeroes = bytes.iter().take_while(|byte| **byte == 0).count();
        URL_SAFE_NO_PAD.encode(&bytes[zeroes..])
    };
    Ok(json!({ "kty": "RSA", "n": number(key.modulus), "e": number(key.exponent) }))
}

/// A JWS in the form that RFC 8555 §6.2 wants.
fn signed(protected: &Value, payload: &Value, key: &str) -> Result<Value, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("the certificate's key: {error}");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| wrong(&error))?;
    let key = any_supported_type(&key).map_err(|error| wrong(&error))?;
    let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
    let signer = signer.ok_or_else(|| wrong(&"it is no RSA key"))?;
    let [protected, payload] =
        [protected, payload].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signature = signer.sign(format!("{protected}.{payload}").as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(signature.map_err(|error| wrong(&error))?);
    Ok(json!({ "protected": protected, "payload": payload, "signature": signature }))
}
