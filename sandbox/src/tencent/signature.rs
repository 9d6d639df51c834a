//! Verifies TC3-HMAC-SHA256, the signature of API 3.0 (cloud.tencent.com/document/api/1427/56189).
//!
//! What was signed is rebuilt from the request as it came: the client's own list of signed headers, the query string
//! unsorted, the body's bytes.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::error::{self, ApiError};

/// How far a request's time may be from the server's, in seconds.
const LARGEST_SKEW: i64 = 300;

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// The value of `X-TC-Content-SHA256` that leaves the body out of the signature.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The credentials that the API accepts. Not `Debug`: it holds a key.
pub(crate) struct Credentials {
    /// The `SecretId`, `AKID…`.
    pub(crate) id: String,
    /// The `SecretKey`.
    pub(crate) key: String,
    /// The session token that has to come with temporary credentials.
    pub(crate) token: Option<String>,
}

/// The parts of a request that a signature covers.
#[derive(Clone, Copy)]
pub(super) struct SignedRequest<'a> {
    pub(super) method: &'a Method,
    pub(super) query: &'a str,
    /// What the client calls the server, with its port.
    pub(super) host: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// Whether `request` was signed by the owner of `credentials` for `service`, lately.
pub(super) fn verify(
    request: SignedRequest<'_>,
    credentials: &Credentials,
    service: &str,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let authorization = request.header("authorization").ok_or(error::INVALID_AUTHORIZATION)?;
    let authorization = Authorization::parse(authorization).ok_or(error::INVALID_AUTHORIZATION)?;

    let timestamp =
        request.header("x-tc-timestamp").ok_or(error::missing_parameter("X-TC-Timestamp"))?;
    let signed_at: i64 = timestamp.parse().map_err(|_| error::INVALID_AUTHORIZATION)?;
    if (now.unix_timestamp() - signed_at).abs() > LARGEST_SKEW {
        return Err(error::SIGNATURE_EXPIRE);
    }
    if authorization.id != credentials.id {
        return Err(error::SECRET_ID_NOT_FOUND);
    }
    let date = OffsetDateTime::from_unix_timestamp(signed_at)
        .map_err(|_| error::SIGNATURE_EXPIRE)?
        .date()
        .to_string();
    let has_minimum = ["content-type", "host"]
        .iter()
        .all(|name| authorization.signed_headers.split(';').any(|signed| signed == *name));
    if authorization.date != date || authorization.service != service || !has_minimum {
        return Err(error::SIGNATURE_FAILURE);
    }

    let canonical = canonical_request(request, authorization.signed_headers);
    let to_sign = string_to_sign(timestamp, &authorization.scope(), &canonical);
    let expected = sign(&signing_key(&credentials.key, authorization.date, service), &to_sign);
    if expected != authorization.signature {
        return Err(error::SIGNATURE_FAILURE);
    }
    if request.header("x-tc-token") != credentials.token.as_deref() {
        return Err(error::TOKEN_FAILURE);
    }
    Ok(())
}

impl<'a> SignedRequest<'a> {
    /// The `SecretId` that the request claims to be signed with.
    pub(super) fn secret_id(&self) -> Option<&'a str> {
        self.header("authorization").and_then(Authorization::parse).map(|claimed| claimed.id)
    }

    /// The service that the request claims to be signed for.
    pub(super) fn service(&self) -> Option<&'a str> {
        self.header("authorization").and_then(Authorization::parse).map(|claimed| claimed.service)
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        let value =
            self.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        // HTTP/2 has no Host header, but every client signs it.
        if name == "host" { value.or(Some(self.host)) } else { value }
    }
}

/// A parsed `Authorization` header.
struct Authorization<'a> {
    id: &'a str,
    date: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let mut credential = None;
        let mut signed_headers = None;
        let mut signature = None;
        for part in header.strip_prefix(ALGORITHM)?.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => signed_headers = Some(value),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        let mut scope = credential?.split('/');
        let (id, date, service) = (scope.next()?, scope.next()?, scope.next()?);
        if scope.next() != Some("tc3_request") || scope.next().is_some() {
            return None;
        }
        Some(Self { id, date, service, signed_headers: signed_headers?, signature: signature? })
    }

    fn scope(&self) -> String {
        format!("{}/{}/tc3_request", self.date, self.service)
    }
}

fn canonical_request(request: SignedRequest<'_>, signed_headers: &str) -> String {
    let headers = signed_headers.split(';').fold(String::new(), |headers, name| {
        let value = request.header(name).unwrap_or_default();
        headers + &name.to_lowercase() + ":" + &value.trim().to_lowercase() + "\n"
    });
    let query = if request.method == Method::GET { request.query } else { "" };
    let payload = match request.header("x-tc-content-sha256") {
        Some(UNSIGNED_PAYLOAD) => UNSIGNED_PAYLOAD.as_bytes(),
        _ => request.body,
    };
    let payload = hex(&Sha256::digest(payload));
    format!("{}\n/\n{query}\n{headers}\n{signed_headers}\n{payload}", request.method)
}

fn string_to_sign(timestamp: &str, scope: &str, canonical_request: &str) -> String {
    let digest = hex(&Sha256::digest(canonical_request));
    format!("{ALGORITHM}\n{timestamp}\n{scope}\n{digest}")
}

fn signing_key(secret_key: &str, date: &str, service: &str) -> Vec<u8> {
    let key = hmac(format!("TC3{secret_key}").as_bytes(), date);
    let key = hmac(&key, service);
    hmac(&key, "tc3_request")
}

fn sign(signing_key: &[u8], string_to_sign: &str) -> String {
    hex(&hmac(signing_key, string_to_sign))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        secret_id: String,
        secret_key: String,
        token: Option<String>,
        service: String,
        host: String,
        method: String,
        query: String,
        timestamp: i64,
        date: String,
        payload: String,
        signed_headers: String,
        canonical_request: String,
        string_to_sign: String,
        signing_key_hex: String,
        signature: String,
        headers: std::collections::BTreeMap<String, String>,
    }

    impl Vector {
        fn headers(&self) -> HeaderMap {
            self.headers
                .iter()
                .map(|(name, value)| {
                    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                    (name, HeaderValue::from_str(value).unwrap())
                })
                .collect()
        }

        fn credentials(&self) -> Credentials {
            Credentials {
                id: self.secret_id.clone(),
                key: self.secret_key.clone(),
                token: self.token.clone(),
            }
        }

        fn now(&self) -> OffsetDateTime {
            OffsetDateTime::from_unix_timestamp(self.timestamp).unwrap()
        }
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../tests/fixtures/tc3.json")).unwrap()
    }

    #[test]
    fn the_vectors_made_with_the_official_sdk_verify_with_all_intermediate_values() {
        let vectors = vectors();
        assert!(vectors.len() >= 16);
        for vector in vectors {
            let (headers, method) = (vector.headers(), vector.method.parse().unwrap());
            // A GET has no body: its payload is what the query string says.
            let body = if method == Method::GET { "" } else { &vector.payload };
            let request = SignedRequest {
                method: &method,
                query: &vector.query,
                host: &vector.host,
                headers: &headers,
                body: body.as_bytes(),
            };
            let name = &vector.name;
            let canonical = canonical_request(request, &vector.signed_headers);
            assert_eq!(canonical, vector.canonical_request, "{name}");
            let scope = format!("{}/{}/tc3_request", vector.date, vector.service);
            let to_sign = string_to_sign(&vector.timestamp.to_string(), &scope, &canonical);
            assert_eq!(to_sign, vector.string_to_sign, "{name}");
            let key = signing_key(&vector.secret_key, &vector.date, &vector.service);
            assert_eq!(hex(&key), vector.signing_key_hex, "{name}");
            assert_eq!(sign(&key, &to_sign), vector.signature, "{name}");

            let result = verify(request, &vector.credentials(), &vector.service, vector.now());
            assert_eq!(result.map_err(|error| error.code), Ok(()), "{name}");
        }
    }

    #[test]
    fn whatever_is_changed_after_signing_is_noticed() {
        let vector =
            vectors().into_iter().find(|vector| vector.name == "create_record_line_id").unwrap();
        let (headers, credentials) = (vector.headers(), vector.credentials());
        let request = SignedRequest {
            method: &Method::POST,
            query: "",
            host: &vector.host,
            headers: &headers,
            body: vector.payload.as_bytes(),
        };
        let code =
            |request: SignedRequest<'_>, credentials: &Credentials, service: &str, seconds: i64| {
                let now = vector.now() + time::Duration::seconds(seconds);
                verify(request, credentials, service, now).err().map(|error| error.code)
            };
        assert_eq!(code(request, &credentials, "dnspod", 300), None);
        assert_eq!(code(request, &credentials, "dnspod", -300), None);
        assert_eq!(code(request, &credentials, "dnspod", 301), Some("AuthFailure.SignatureExpire"));
        assert_eq!(
            code(request, &credentials, "dnspod", -301),
            Some("AuthFailure.SignatureExpire")
        );
        assert_eq!(code(request, &credentials, "cvm", 0), Some("AuthFailure.SignatureFailure"));

        let other_body = SignedRequest { body: b"{}", ..request };
        assert_eq!(
            code(other_body, &credentials, "dnspod", 0),
            Some("AuthFailure.SignatureFailure")
        );
        let other_method = SignedRequest { method: &Method::GET, ..request };
        assert_eq!(
            code(other_method, &credentials, "dnspod", 0),
            Some("AuthFailure.SignatureFailure")
        );

        let changed = |name: &'static str, value: &'static str| {
            let mut headers = headers.clone();
            headers.insert(name, HeaderValue::from_static(value));
            code(SignedRequest { headers: &headers, ..request }, &credentials, "dnspod", 0)
        };
        assert_eq!(changed("content-type", "text/plain"), Some("AuthFailure.SignatureFailure"));
        assert_eq!(changed("host", "elsewhere.example"), Some("AuthFailure.SignatureFailure"));
        assert_eq!(changed("x-tc-token", "token"), Some("AuthFailure.TokenFailure"));
        assert_eq!(changed("authorization", "SKIP"), Some("AuthFailure.InvalidAuthorization"));
        assert_eq!(
            changed("authorization", "TC3-HMAC-SHA256 x"),
            Some("AuthFailure.InvalidAuthorization")
        );

        let mut unsigned = headers.clone();
        unsigned.remove("x-tc-timestamp");
        let unsigned = SignedRequest { headers: &unsigned, ..request };
        assert_eq!(code(unsigned, &credentials, "dnspod", 0), Some("MissingParameter"));

        let other_key = Credentials { key: "other".to_owned(), ..vector.credentials() };
        assert_eq!(code(request, &other_key, "dnspod", 0), Some("AuthFailure.SignatureFailure"));
        let other_id = Credentials { id: "AKIDother".to_owned(), ..vector.credentials() };
        assert_eq!(code(request, &other_id, "dnspod", 0), Some("AuthFailure.SecretIdNotFound"));
        let temporary = Credentials { token: Some("token".to_owned()), ..vector.credentials() };
        assert_eq!(code(request, &temporary, "dnspod", 0), Some("AuthFailure.TokenFailure"));
    }
}
