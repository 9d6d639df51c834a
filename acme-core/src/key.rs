//! Certificate keys and the requests they sign.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use rcgen::{CertificateParams, DistinguishedName, PublicKeyData, SanType, SignatureAlgorithm};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Identifier;

/// The private key of a certificate. It has no `Debug`; its only way out is [`PrivateKey::to_pem`].
pub struct PrivateKey {
    kind: Kind,
    key_type: KeyType,
    /// PKCS #8 (RFC 5208).
    der: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    /// Makes a new key.
    ///
    /// RSA takes up to seconds of a core: on a runtime call it in `spawn_blocking` ([`KeyType::is_slow`]).
    pub fn generate(key_type: KeyType) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Generate(key_type);
        match key_type {
            KeyType::P256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
                .map_err(failed)
                .and_then(|pair| Self::from_ecdsa(pair, key_type)),
            KeyType::P384 => EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING)
                .map_err(failed)
                .and_then(|pair| Self::from_ecdsa(pair, key_type)),
            KeyType::Rsa2048 => {
                RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed).and_then(Self::from_rsa)
            }
            KeyType::Rsa3072 => {
                RsaKeyPair::generate(KeySize::Rsa3072).map_err(failed).and_then(Self::from_rsa)
            }
            KeyType::Rsa4096 => {
                RsaKeyPair::generate(KeySize::Rsa4096).map_err(failed).and_then(Self::from_rsa)
            }
        }
    }

    /// Reads the first private key of a PEM text: PKCS #8, SEC 1 (`EC PRIVATE KEY`) or PKCS #1 (`RSA PRIVATE KEY`), not
    /// encrypted.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::NoKey)?;
        let der = Zeroizing::new(der);
        let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm| {
            EcdsaKeyPair::from_private_key_der(algorithm, der.secret_der()).ok()
        };
        if let Some(pair) = ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING) {
            return Self::from_ecdsa(pair, KeyType::P256);
        }
        if let Some(pair) = ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING) {
            return Self::from_ecdsa(pair, KeyType::P384);
        }
        let rsa = match &*der {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            key => RsaKeyPair::from_der(key.secret_der()),
        };
        Self::from_rsa(rsa.map_err(|_| KeyError::Unsupported)?)
    }

    /// The key as PKCS #8 in PEM, as `privkey.pem` holds it.
    pub fn to_pem(&self) -> Zeroizing<String> {
        encode_pem("PRIVATE KEY", &self.der)
    }

    /// What kind of key it is.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The public key: a DER `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub fn public_key_der(&self) -> Vec<u8> {
        Signer(self).subject_public_key_info()
    }

    /// A certificate signing request (RFC 2986) in DER, for exactly these names.
    ///
    /// The subject is empty: CAs read the names from the subject alternative names alone, and a common name is limited
    /// to 64 characters.
    pub fn certificate_signing_request(
        &self,
        identifiers: &[Identifier],
    ) -> Result<Vec<u8>, KeyError> {
        let failed = |error: rcgen::Error| KeyError::Request(error.to_string());
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        for identifier in identifiers {
            let name = identifier.to_string().try_into().map_err(failed)?;
            parameters.subject_alt_names.push(SanType::DnsName(name));
        }
        let request = parameters.serialize_request(&Signer(self)).map_err(failed)?;
        Ok(request.der().to_vec())
    }

    fn from_ecdsa(pair: EcdsaKeyPair, key_type: KeyType) -> Result<Self, KeyError> {
        let der = pair.to_pkcs8v1().map_err(|_| KeyError::Unsupported)?;
        let der = Zeroizing::new(der.as_ref().to_vec());
        Ok(Self { kind: Kind::Ecdsa(pair), key_type, der })
    }

    fn from_rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let key_type = match pair.public_modulus_len() {
            256 => KeyType::Rsa2048,
            384 => KeyType::Rsa3072,
            512 => KeyType::Rsa4096,
            _ => return Err(KeyError::Unsupported),
        };
        let der = pair.as_der().map_err(|_| KeyError::Unsupported)?;
        let der = Zeroizing::new(der.as_ref().to_vec());
        Ok(Self { kind: Kind::Rsa(pair), key_type, der })
    }
}

enum Kind {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// A key as rcgen asks for it; keeps rcgen's traits out of our public interface.
struct Signer<'a>(&'a PrivateKey);

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        match &self.0.kind {
            Kind::Ecdsa(pair) => pair.public_key().as_ref(),
            Kind::Rsa(pair) => pair.public_key().as_ref(),
        }
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.0.key_type {
            KeyType::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyType::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

impl rcgen::SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let random = SystemRandom::new();
        match &self.0.kind {
            Kind::Ecdsa(pair) => {
                pair.sign(&random, message).map(|signature| signature.as_ref().to_vec())
            }
            Kind::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
        }
        .map_err(|_| rcgen::Error::RingUnspecified)
    }
}

/// What kind of key a certificate has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum KeyType {
    /// ECDSA on P-256.
    #[default]
    P256,
    /// ECDSA on P-384.
    P384,
    /// RSA, 2048 bits.
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
}

impl KeyType {
    /// Every key type, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// Whether making such a key takes so long that it must not happen on a runtime's own threads.
    pub fn is_slow(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
        })
    }
}

impl FromStr for KeyType {
    type Err = UnknownKeyType;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|k| k.to_string() == name)
            .ok_or_else(|| UnknownKeyType(name.to_owned()))
    }
}

/// A name that is no [`KeyType`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key type {0:?}: use p256, p384, rsa2048, rsa3072 or rsa4096")]
pub struct UnknownKeyType(pub String);

/// Why there is no key, or no request from it. Never shows any part of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The cryptographic library failed to make a key.
    #[error("cannot generate a {0} key: the system gives no randomness")]
    Generate(KeyType),
    /// The text holds no private key.
    #[error("no private key found: it must be PEM and not encrypted")]
    NoKey,
    /// The signing request could not be built.
    #[error("cannot build a certificate signing request: {0}")]
    Request(String),
    /// The key is damaged, or of a type that is not in [`KeyType`].
    #[error("the private key cannot be used: it is damaged, or not of type {}", key_types())]
    Unsupported,
}

fn key_types() -> String {
    KeyType::ALL.map(|key_type| key_type.to_string()).join(", ")
}

/// One PEM block (RFC 7468). Its text is allocated once, so that no copy is left behind unwiped.
pub(crate) fn encode_pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    const LINE: usize = 64;
    let base64 = Zeroizing::new(BASE64_STANDARD.encode(der));
    let length = base64.len() + base64.len().div_ceil(LINE) + 2 * label.len() + 34;
    let mut pem = Zeroizing::new(String::with_capacity(length));
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    for start in (0..base64.len()).step_by(LINE) {
        pem.push_str(&base64[start..base64.len().min(start + LINE)]);
        pem.push('\n');
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer as _, ParsedExtension, X509CertificationRequest};

    use super::*;

    fn request_names(der: &[u8]) -> Vec<String> {
        let (rest, request) = X509CertificationRequest::from_der(der).unwrap();
        assert!(rest.is_empty());
        request.verify_signature().unwrap();
        assert_eq!(request.certification_request_info.subject.iter_attributes().count(), 0);
        let mut names = Vec::new();
        for extension in request.requested_extensions().unwrap() {
            let ParsedExtension::SubjectAlternativeName(alternative) = extension else {
                panic!("an extension besides the names: {extension:?}");
            };
            names.extend(alternative.general_names.iter().map(ToString::to_string));
        }
        names
    }

    #[test]
    fn every_type_survives_pem_and_signs_a_request_for_exactly_the_names() {
        let identifiers = ["*.ws.example", "ws.example"].map(|n| Identifier::parse(n).unwrap());
        for key_type in KeyType::ALL {
            let key = PrivateKey::generate(key_type).unwrap();
            assert_eq!(key.key_type(), key_type);
            let pem = key.to_pem();
            assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
            assert!(pem.lines().all(|line| line.len() <= 64) && pem.ends_with("-----\n"));

            let read = PrivateKey::from_pem(&pem).unwrap();
            assert_eq!(read.key_type(), key_type);
            assert!(read.to_pem() == pem);
            assert_eq!(read.public_key_der(), key.public_key_der());

            let request = read.certificate_signing_request(&identifiers).unwrap();
            assert_eq!(request_names(&request), ["DNSName(*.ws.example)", "DNSName(ws.example)"]);
            let (_, parsed) = X509CertificationRequest::from_der(&request).unwrap();
            assert_eq!(
                parsed.certification_request_info.subject_pki.raw,
                key.public_key_der(),
                "{key_type}"
            );
        }
    }

    #[test]
    fn the_older_pem_forms_of_other_programs_are_read() {
        let key = PrivateKey::generate(KeyType::P384).unwrap();
        let Kind::Ecdsa(pair) = &key.kind else { unreachable!("P-384 is ECDSA") };
        let sec1: aws_lc_rs::encoding::EcPrivateKeyRfc5915Der<'_> =
            pair.private_key().as_der().unwrap();
        let pem = format!(
            "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n{}",
            &*encode_pem("EC PRIVATE KEY", sec1.as_ref())
        );
        let read = PrivateKey::from_pem(&pem).unwrap();
        assert_eq!(read.public_key_der(), key.public_key_der());
        assert!(read.to_pem() == key.to_pem());
    }

    #[test]
    fn what_is_no_usable_key_is_refused_without_showing_it() {
        let ed25519 = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
            -----END PRIVATE KEY-----\n";
        assert_eq!(PrivateKey::from_pem(ed25519).err(), Some(KeyError::Unsupported));
        assert!(!KeyError::Unsupported.to_string().contains("MC4C"));

        let certificate = encode_pem("CERTIFICATE", &[1, 2, 3]);
        let encrypted = encode_pem("ENCRYPTED PRIVATE KEY", &[1, 2, 3]);
        for text in ["", "key", &*certificate, &*encrypted] {
            assert_eq!(PrivateKey::from_pem(text).err(), Some(KeyError::NoKey), "{text}");
        }
        let damaged = encode_pem("PRIVATE KEY", &[0x30, 3, 2, 1, 0]);
        assert_eq!(PrivateKey::from_pem(&damaged).err(), Some(KeyError::Unsupported));
    }

    #[test]
    fn a_key_type_is_read_from_its_name() {
        for key_type in KeyType::ALL {
            assert_eq!(key_type.to_string().parse(), Ok(key_type));
        }
        assert!("dsa".parse::<KeyType>().unwrap_err().to_string().contains("p256"));
    }
}
