//! Public keys in JSON (RFC 7517) and the signatures they verify (RFC 7518 §3).

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::problem::{ErrorType, Problem};

/// The signature algorithms that accounts may use.
pub(crate) const ALGORITHMS: [&str; 3] = ["ES256", "ES384", "RS256"];

/// An account's public key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Jwk {
    /// An uncompressed point on P-256.
    P256(Vec<u8>),
    /// An uncompressed point on P-384.
    P384(Vec<u8>),
    /// 2048 to 4096 bits.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

impl Jwk {
    /// Reads a key and checks that it is strong enough.
    pub(crate) fn parse(jwk: &Map<String, Value>) -> Result<Self, Problem> {
        if jwk.contains_key("d") || jwk.contains_key("k") {
            return Err(bad_key("the JWK holds a private key"));
        }
        match jwk.get("kty").and_then(Value::as_str) {
            Some("EC") => {
                let (size, algorithm): (usize, &'static signature::EcdsaVerificationAlgorithm) =
                    match jwk.get("crv").and_then(Value::as_str) {
                        Some("P-256") => (32, &signature::ECDSA_P256_SHA256_FIXED),
                        Some("P-384") => (48, &signature::ECDSA_P384_SHA384_FIXED),
                        _ => return Err(bad_key("the JWK's curve is neither P-256 nor P-384")),
                    };
                let x = member(jwk, "x")?;
                let y = member(jwk, "y")?;
                if x.len() != size || y.len() != size {
                    return Err(bad_key("a coordinate of the JWK has the wrong length"));
                }
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                ParsedPublicKey::new(algorithm, &point)
                    .map_err(|_| bad_key("the JWK is no point on its curve"))?;
                Ok(if size == 32 { Self::P256(point) } else { Self::P384(point) })
            }
            Some("RSA") => {
                let modulus = member(jwk, "n")?;
                let exponent = member(jwk, "e")?;
                if modulus.first().is_none_or(|first| *first == 0)
                    || !(256..=512).contains(&modulus.len())
                {
                    return Err(bad_key("an RSA key has 2048 to 4096 bits"));
                }
                if exponent != [1, 0, 1] {
                    return Err(bad_key("an RSA key's exponent is 65537"));
                }
                Ok(Self::Rsa { modulus, exponent })
            }
            _ => Err(bad_key("the JWK's type is neither EC nor RSA")),
        }
    }

    /// Whether this key made `signature` over `message` with the JOSE algorithm `alg`.
    pub(crate) fn verifies(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        match (self, alg) {
            (Self::P256(point), "ES256") => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            (Self::P384(point), "ES384") => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            (Self::Rsa { modulus, exponent }, "RS256") => {
                RsaPublicKeyComponents { n: modulus, e: exponent }
                    .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
                    .is_ok()
            }
            _ => false,
        }
    }

    /// The key's SHA-256 thumbprint in base64url (RFC 7638).
    pub(crate) fn thumbprint(&self) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let elliptic = |curve: &str, point: &[u8]| {
            let (x, y) = point[1..].split_at(point.len() / 2);
            format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
        };
        let canonical = match self {
            Self::P256(point) => elliptic("P-256", point),
            Self::P384(point) => elliptic("P-384", point),
            Self::Rsa { modulus, exponent } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(exponent), encode(modulus))
            }
        };
        encode(&Sha256::digest(canonical))
    }

    /// Whether a certificate or a request for one is for this key.
    pub(crate) fn is_key_of(&self, subject: &SubjectPublicKeyInfo<'_>) -> bool {
        match (self, subject.parsed()) {
            (Self::P256(point) | Self::P384(point), Ok(PublicKey::EC(other))) => {
                other.data() == point.as_slice()
            }
            (Self::Rsa { modulus, .. }, Ok(PublicKey::RSA(other))) => {
                // A DER integer with its highest bit set begins with a zero byte.
                other.modulus.strip_prefix(&[0]).unwrap_or(other.modulus) == modulus.as_slice()
            }
            _ => false,
        }
    }
}

fn member(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Problem> {
    jwk.get(name)
        .and_then(Value::as_str)
        .and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok())
        .ok_or_else(|| bad_key(&format!("the JWK's member {name:?} is missing or no base64url")))
}

fn bad_key(detail: &str) -> Problem {
    Problem::new(ErrorType::BadPublicKey, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(jwk: &Value) -> Result<Jwk, Problem> {
        Jwk::parse(jwk.as_object().unwrap())
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        let jwk = parse(&json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "alg": "RS256",
            "kid": "2011-04-29",
        }));
        let Ok(jwk) = jwk else { panic!("the key of RFC 7638 §3.1 is refused") };
        assert_eq!(jwk.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn weak_private_and_broken_keys_are_refused() {
        let x = URL_SAFE_NO_PAD.encode([1; 32]);
        for jwk in [
            json!({}),
            json!({"kty": "oct", "k": "AAAA"}),
            json!({"kty": "EC", "crv": "P-256", "x": x, "y": x}),
            json!({"kty": "EC", "crv": "P-256", "x": x, "y": x, "d": x}),
            json!({"kty": "EC", "crv": "P-384", "x": x, "y": x}),
            json!({"kty": "EC", "crv": "secp256k1", "x": x, "y": x}),
            json!({"kty": "EC", "crv": "P-256", "x": "not base64!", "y": x}),
            json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 128]), "e": "AQAB"}),
            json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 256]), "e": "Aw"}),
        ] {
            let Err(problem) = parse(&jwk) else { panic!("accepted: {jwk}") };
            assert_eq!(problem.kind, ErrorType::BadPublicKey, "{jwk}");
        }
    }
}
