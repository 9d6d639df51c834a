//! Certificate signing requests (RFC 2986, RFC 8555 §7.4) and what must be right about them.

use std::collections::BTreeSet;

use rcgen::{PublicKeyData, SignatureAlgorithm};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_PKCS1_SHA1WITHRSA};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::identifier::Identifier;
use super::jwk::Jwk;
use super::problem::{ErrorType, Problem};

/// The key that a certificate is asked for.
pub(crate) struct SubjectKey {
    algorithm: &'static SignatureAlgorithm,
    public_key: Vec<u8>,
}

impl SubjectKey {
    /// Whether the key encrypts in old TLS handshakes, as RSA keys do.
    pub(crate) fn is_rsa(&self) -> bool {
        self.algorithm == &rcgen::PKCS_RSA_SHA256
    }
}

impl PublicKeyData for SubjectKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public_key
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// Checks that the request is signed by a strong key of its own and is for exactly `identifiers`.
pub(crate) fn check(
    der: &[u8],
    identifiers: &[Identifier],
    account_key: &Jwk,
) -> Result<SubjectKey, Problem> {
    let (rest, csr) = X509CertificationRequest::from_der(der)
        .map_err(|error| bad_csr(format!("the CSR cannot be read: {error}")))?;
    if !rest.is_empty() {
        return Err(bad_csr("there is something behind the CSR"));
    }
    if csr.signature_algorithm.algorithm == OID_PKCS1_SHA1WITHRSA {
        return Err(bad_csr("the CSR is signed with SHA-1"));
    }
    csr.verify_signature()
        .map_err(|_| bad_csr("the CSR's signature was not made by the key inside it"))?;
    let subject = &csr.certification_request_info.subject_pki;
    if account_key.is_key_of(subject) {
        return Err(bad_csr("the certificate's key is the account's key"));
    }
    let key = subject_key(subject)?;
    let ordered: BTreeSet<String> =
        identifiers.iter().map(|identifier| identifier.value.clone()).collect();
    let requested = names(&csr)?;
    if requested != ordered {
        let detail = format!("the CSR is for {requested:?}, the order for {ordered:?}");
        return Err(bad_csr(detail));
    }
    Ok(key)
}

fn subject_key(subject: &SubjectPublicKeyInfo<'_>) -> Result<SubjectKey, Problem> {
    let algorithm = match subject.parsed() {
        Ok(PublicKey::RSA(key)) => {
            if ![2048, 3072, 4096].contains(&key.key_size()) || key.try_exponent() != Ok(65537) {
                let detail = "an RSA key has 2048, 3072 or 4096 bits and the exponent 65537";
                return Err(bad_csr(detail));
            }
            &rcgen::PKCS_RSA_SHA256
        }
        Ok(PublicKey::EC(point)) if point.data().first() == Some(&4) => {
            let curve = subject.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
            match curve {
                Some(curve) if curve == OID_EC_P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
                Some(curve) if curve == OID_NIST_EC_P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
                _ => return Err(bad_csr("the key's curve is neither P-256 nor P-384")),
            }
        }
        _ => return Err(bad_csr("the key is neither RSA nor an uncompressed point of ECDSA")),
    };
    Ok(SubjectKey { algorithm, public_key: subject.subject_public_key.data.to_vec() })
}

/// The names of the subject alternative names, and the common name.
fn names(csr: &X509CertificationRequest<'_>) -> Result<BTreeSet<String>, Problem> {
    let mut names = BTreeSet::new();
    for common_name in csr.certification_request_info.subject.iter_common_name() {
        let name = common_name.as_str().map_err(|_| bad_csr("the common name is no text"))?;
        names.insert(name.to_ascii_lowercase());
    }
    for extension in csr.requested_extensions().into_iter().flatten() {
        let ParsedExtension::SubjectAlternativeName(alternatives) = extension else { continue };
        for alternative in &alternatives.general_names {
            let GeneralName::DNSName(name) = alternative else {
                return Err(bad_csr("the CSR has an alternative name that is no DNS name"));
            };
            names.insert(name.to_ascii_lowercase());
        }
    }
    Ok(names)
}

fn bad_csr(detail: impl Into<String>) -> Problem {
    Problem::new(ErrorType::BadCsr, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAME: &str = "ws.example";

    fn account_key() -> Jwk {
        // The key of RFC 7517 §A.1.
        let jwk = json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        });
        let Ok(key) = Jwk::parse(jwk.as_object().unwrap()) else { panic!("a good key is refused") };
        key
    }

    fn csr() -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new([NAME.to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let key = rcgen::KeyPair::generate().unwrap();
        params.serialize_request(&key).unwrap().der().to_vec()
    }

    fn is_accepted(der: &[u8]) -> bool {
        check(der, &[Identifier::dns(NAME)], &account_key()).is_ok()
    }

    #[test]
    fn a_good_request_is_accepted() {
        assert!(is_accepted(&csr()));
    }

    #[test]
    fn a_request_with_any_signed_byte_changed_is_refused() {
        let good = csr();
        let (_, parsed) = X509CertificationRequest::from_der(&good).unwrap();
        let signed = parsed.certification_request_info.raw;
        let start = good.windows(signed.len()).position(|window| window == signed).unwrap();
        for at in start..start + signed.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut der = good.clone();
                der[at] ^= bit;
                assert!(!is_accepted(&der), "byte {at} changed by {bit:#x}");
            }
        }
    }

    #[test]
    fn a_request_that_is_cut_off_anywhere_is_refused() {
        let good = csr();
        for length in 0..good.len() {
            assert!(!is_accepted(&good[..length]), "{length} bytes");
        }
    }
}
