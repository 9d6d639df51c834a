//! A certificate described for people.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use time::OffsetDateTime;
use x509_parser::oid_registry::{
    OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA1WITHRSA,
    OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA,
    OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512,
    OID_SIG_ED25519,
};
use x509_parser::prelude::{GeneralName, ParsedExtension, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::chain::{ari_id, authority_key_identifier, hex, printable, serial_hex};
use super::error::rfc3339;
use super::{CertificateError, Chain};

/// What the first certificate of a PEM text says, whoever made it. Nothing of it is verified.
///
/// Its `Display` is a block of lines without a trailing line break. Control characters in names are replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateInfo {
    /// The subject's distinguished name; often empty.
    pub subject: String,
    /// The subject alternative names, in the certificate's order; names that are not DNS names begin with their kind.
    pub names: Vec<String>,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// When it begins.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// The key's algorithm: `ECDSA`, `RSA`, `Ed25519`, or an object identifier.
    pub key_algorithm: String,
    /// The key's size in bits, 0 where it is not known.
    pub key_bits: usize,
    /// How the issuer signed it.
    pub signature_algorithm: String,
    /// Whether it may issue certificates.
    pub is_ca: bool,
    /// The identifier of the issuer's key, hexadecimal.
    pub authority_key_identifier: Option<String>,
    /// The identifier of its own key, hexadecimal.
    pub subject_key_identifier: Option<String>,
    /// SHA-256 of the whole certificate, hexadecimal.
    pub sha256_fingerprint: String,
    /// Its name for renewal information (RFC 9773 §4.1).
    pub ari_id: Option<String>,
    /// How many certificates the text holds, this one included.
    pub chain_length: usize,
}

impl CertificateInfo {
    /// Describes the first certificate of a PEM text.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        let chain = Chain::from_pem(pem)?;
        let parsed = chain.parsed();
        let certificate = &parsed[0];
        let (key_algorithm, key_bits) = key(certificate.public_key());
        Ok(Self {
            subject: printable(&certificate.subject().to_string()),
            names: names(certificate),
            issuer: printable(&certificate.issuer().to_string()),
            serial: serial_hex(certificate),
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            key_algorithm,
            key_bits,
            signature_algorithm: signature_algorithm(certificate),
            is_ca: certificate.is_ca(),
            authority_key_identifier: authority_key_identifier(certificate).map(hex),
            subject_key_identifier: subject_key_identifier(certificate),
            sha256_fingerprint: hex(digest(&SHA256, certificate.as_raw()).as_ref()),
            ari_id: ari_id(certificate),
            chain_length: parsed.len(),
        })
    }
}

impl fmt::Display for CertificateInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.subject.is_empty() {
            writeln!(f, "Subject:      {}", self.subject)?;
        }
        for (index, name) in self.names.iter().enumerate() {
            writeln!(f, "{:<13} {name}", if index == 0 { "Names:" } else { "" })?;
        }
        writeln!(f, "Issuer:       {}", self.issuer)?;
        writeln!(f, "Valid from:   {}", rfc3339(self.not_before))?;
        writeln!(f, "Valid until:  {}", rfc3339(self.not_after))?;
        write!(f, "Key:          {}", self.key_algorithm)?;
        if self.key_bits > 0 {
            write!(f, ", {} bits", self.key_bits)?;
        }
        if self.is_ca {
            write!(f, "\nUse:          certificate authority")?;
        }
        write!(f, "\nSigned with:  {}", self.signature_algorithm)?;
        write!(f, "\nSerial:       {}", self.serial)?;
        write!(f, "\nSHA-256:      {}", self.sha256_fingerprint)?;
        for (label, value) in [
            ("\nSubject key:  ", &self.subject_key_identifier),
            ("\nIssuer key:   ", &self.authority_key_identifier),
            ("\nRenewal id:   ", &self.ari_id),
        ] {
            if let Some(value) = value {
                write!(f, "{label}{value}")?;
            }
        }
        write!(f, "\nChain length: {}", self.chain_length)
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternative)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let shown = alternative.value.general_names.iter().map(|name| match name {
        GeneralName::DNSName(name) => printable(name),
        other => printable(&other.to_string()),
    });
    shown.collect()
}

fn key(public_key: &SubjectPublicKeyInfo<'_>) -> (String, usize) {
    let algorithm = &public_key.algorithm.algorithm;
    match public_key.parsed() {
        Ok(PublicKey::RSA(rsa)) => ("RSA".to_owned(), rsa.key_size()),
        Ok(PublicKey::EC(point)) if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY => {
            ("ECDSA".to_owned(), point.key_size())
        }
        _ if *algorithm == OID_SIG_ED25519 => ("Ed25519".to_owned(), 256),
        _ => (algorithm.to_id_string(), 0),
    }
}

fn signature_algorithm(certificate: &X509Certificate<'_>) -> String {
    let oid = &certificate.signature_algorithm.algorithm;
    let known = [
        (OID_SIG_ECDSA_WITH_SHA256, "ECDSA with SHA-256"),
        (OID_SIG_ECDSA_WITH_SHA384, "ECDSA with SHA-384"),
        (OID_SIG_ECDSA_WITH_SHA512, "ECDSA with SHA-512"),
        (OID_SIG_ED25519, "Ed25519"),
        (OID_PKCS1_SHA1WITHRSA, "RSA with SHA-1"),
        (OID_PKCS1_SHA256WITHRSA, "RSA with SHA-256"),
        (OID_PKCS1_SHA384WITHRSA, "RSA with SHA-384"),
        (OID_PKCS1_SHA512WITHRSA, "RSA with SHA-512"),
        (OID_PKCS1_RSASSAPSS, "RSA-PSS"),
    ];
    match known.iter().find(|(known, _)| known == oid) {
        Some((_, name)) => (*name).to_owned(),
        None => oid.to_id_string(),
    }
}

fn subject_key_identifier(certificate: &X509Certificate<'_>) -> Option<String> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(key) => Some(hex(key.0)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::test_ca::{TestCa, leaf};
    use crate::key::{KeyType, PrivateKey};

    /// The certificate of RFC 9773, appendix A.
    const RFC_9773: &str = "-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
";

    #[test]
    fn the_renewal_id_is_that_of_the_rfc() {
        let info = CertificateInfo::from_pem(RFC_9773.as_bytes()).unwrap();
        assert_eq!(info.ari_id.as_deref(), Some("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"));
        assert_eq!(info.serial, "87654321");
        assert_eq!(info.subject, "CN=example.com");
        assert_eq!(info.issuer, "CN=Example CA");
    }

    #[test]
    fn a_certificate_is_described() {
        let ca = TestCa::new();
        for (key_type, algorithm, bits) in
            [(KeyType::P384, "ECDSA", 384), (KeyType::Rsa2048, "RSA", 2048)]
        {
            let key = PrivateKey::generate(key_type).unwrap();
            let pem = ca.chain_pem(&leaf(&["ws.example", "*.ws.example"]), &key);
            let info = CertificateInfo::from_pem(pem.as_bytes()).unwrap();
            assert_eq!((info.key_algorithm.as_str(), info.key_bits), (algorithm, bits));
            assert_eq!(info.names, ["ws.example", "*.ws.example"]);
            assert_eq!(info.signature_algorithm, "ECDSA with SHA-256");
            assert_eq!(info.chain_length, 2);
            assert_eq!(info.sha256_fingerprint.len(), 64);
            assert!(info.authority_key_identifier.is_some() && !info.is_ca);
            let text = info.to_string();
            for part in ["ws.example", "CN=Test Intermediate", "87654321", &bits.to_string()] {
                assert!(text.contains(part), "{text}");
            }
            assert!(!text.ends_with('\n') && text.lines().count() > 9);
        }
    }
}
