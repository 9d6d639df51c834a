//! TC3-HMAC-SHA256, the signature of Tencent Cloud API 3.0, as a pure function of request, credential and time.
//!
//! Source: <https://cloud.tencent.com/document/api/1427/56189> (signature method v3). Nothing here reads a clock or
//! touches the network; every value on the way to the signature is returned, so that each step can be compared with
//! another implementation.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, UtcDateTime};
use zeroize::Zeroizing;

use crate::Credential;

/// The name of the algorithm, as it stands in the `Authorization` header.
pub const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// What is signed of an HTTP request. The path of API 3.0 is always `/`.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The product: `dnspod`, `sts`.
    pub service: &'a str,
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The query string as it is sent; empty for `POST`.
    pub query: &'a str,
    /// The headers to sign, in any order and case: at least `content-type` and `host` (with its port where it is not
    /// the scheme's own). The session token is not signed.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body's bytes as they are sent.
    pub body: &'a [u8],
}

/// A signature with every value on the way to it. It has no `Debug`: the signing key is a secret for one day.
pub struct Signature {
    /// Method, path, query, headers and the body's hash, one a line.
    pub canonical_request: String,
    /// Algorithm, Unix time, scope and the hash of the canonical request, one a line.
    pub string_to_sign: String,
    /// The key made of `SecretKey`, UTC date and service.
    pub signing_key: Zeroizing<[u8; 32]>,
    /// The signature in lower-case hexadecimal.
    pub signature: String,
    /// The value of the `Authorization` header.
    pub authorization: String,
}

/// Signs `request` with `credential` for `time`. The same `time` must be sent in `X-TC-Timestamp`, in Unix seconds.
pub fn sign(request: &Request<'_>, credential: &Credential, time: OffsetDateTime) -> Signature {
    let (canonical_headers, signed_headers) = canonical_headers(request.headers);
    let canonical_request = format!(
        "{}\n/\n{}\n{canonical_headers}\n{signed_headers}\n{}",
        request.method,
        request.query,
        sha256_hex(request.body)
    );

    let date = utc_date(time);
    let scope = format!("{date}/{}/tc3_request", request.service);
    let string_to_sign = format!(
        "{ALGORITHM}\n{}\n{scope}\n{}",
        time.unix_timestamp(),
        sha256_hex(canonical_request.as_bytes())
    );

    let first_key = Zeroizing::new(format!("TC3{}", credential.secret_key()));
    let date_key = hmac_sha256(first_key.as_bytes(), &date);
    let service_key = hmac_sha256(date_key.as_slice(), request.service);
    let signing_key = hmac_sha256(service_key.as_slice(), "tc3_request");
    let signature = hex(hmac_sha256(signing_key.as_slice(), &string_to_sign).as_slice());

    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={signed_headers}, Signature={signature}",
        credential.secret_id()
    );
    Signature { canonical_request, string_to_sign, signing_key, signature, authorization }
}

/// One `name:value` line for each header, and the names joined by `;`: both in lower case, sorted by name.
fn canonical_headers(headers: &[(&str, &str)]) -> (String, String) {
    let mut headers: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_lowercase()))
        .collect();
    headers.sort();
    let lines = headers.iter().flat_map(|(name, value)| [name, ":", value, "\n"]).collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    (lines, names.join(";"))
}

/// The day of `time` in UTC, `2024-07-01`: the server refuses a scope of another day than the timestamp's.
fn utc_date(time: OffsetDateTime) -> String {
    // The conversion fails in the last hours of the year 9999 only.
    let date = time.checked_to_utc().unwrap_or(UtcDateTime::MAX).date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

fn hmac_sha256(key: &[u8], message: &str) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}
