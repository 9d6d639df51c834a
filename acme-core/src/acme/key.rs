//! The key of an account.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use zeroize::Zeroizing;

use crate::key::encode_pem;

/// PEM label of PKCS#8 (RFC 7468 §10).
const LABEL: &str = "PRIVATE KEY";

/// An account's private key, ECDSA on P-256. It is wiped from memory when dropped and cannot be printed.
pub(crate) struct AccountKey(Zeroizing<Vec<u8>>);

impl AccountKey {
    /// Makes a new key.
    pub(crate) fn generate() -> Result<Self, AccountKeyError> {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map_err(|_| AccountKeyError("the random number generator failed".to_owned()))?;
        Ok(Self(Zeroizing::new(pkcs8.as_ref().to_vec())))
    }

    /// Reads a key from PKCS#8 in PEM, as [`to_pem`](Self::to_pem) and OpenSSL write it.
    pub(crate) fn from_pkcs8_pem(text: &str) -> Result<Self, AccountKeyError> {
        let block =
            pem::parse(text).map_err(|error| AccountKeyError(format!("it is not PEM: {error}")))?;
        if block.tag() != LABEL {
            let reason = format!("it holds a {:?} and a {LABEL:?} (PKCS#8) is needed", block.tag());
            return Err(AccountKeyError(reason));
        }
        Self::from_pkcs8_der(block.into_contents())
    }

    pub(super) fn from_pkcs8_der(der: Vec<u8>) -> Result<Self, AccountKeyError> {
        let key = Self(Zeroizing::new(der));
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.0)
            .map_err(|_| AccountKeyError("only ECDSA keys on P-256 are supported".to_owned()))?;
        Ok(key)
    }

    /// The key as PKCS#8 in PEM.
    pub(crate) fn to_pem(&self) -> Zeroizing<String> {
        encode_pem(LABEL, &self.0)
    }

    pub(super) fn pkcs8_der(&self) -> &[u8] {
        &self.0
    }
}

/// Why a text is no account key. It never quotes the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unusable account key: {0}")]
pub(crate) struct AccountKeyError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_being_written_and_read() {
        let key = AccountKey::generate().unwrap();
        let text = key.to_pem();
        assert!(AccountKey::from_pkcs8_pem(&text).unwrap().0 == key.0);
        assert_eq!(pem::parse(text.as_bytes()).unwrap().contents(), key.pkcs8_der());
    }

    #[test]
    fn other_texts_are_refused_and_not_quoted() {
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["secret", certificate, &p384.serialize_pem()] {
            let error = AccountKey::from_pkcs8_pem(text).err().expect("it must be refused");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
