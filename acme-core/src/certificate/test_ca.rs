//! A CA for tests of this module: root, intermediate, and leaves with what the test wants wrong.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::Identifier;
use crate::key::PrivateKey;

pub(super) const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

pub(super) struct TestCa {
    root: CertificateParams,
    root_key: KeyPair,
    pub(super) intermediate: CertificateParams,
    pub(super) intermediate_key: KeyPair,
}

impl TestCa {
    pub(super) fn new() -> Self {
        Self {
            root: authority("Test Root"),
            root_key: KeyPair::generate().unwrap(),
            intermediate: authority("Test Intermediate"),
            intermediate_key: KeyPair::generate().unwrap(),
        }
    }

    pub(super) fn intermediate_pem(&self) -> String {
        let root = Issuer::from_params(&self.root, &self.root_key);
        self.intermediate.signed_by(&self.intermediate_key, &root).unwrap().pem()
    }

    pub(super) fn root_pem(&self) -> String {
        self.root.self_signed(&self.root_key).unwrap().pem()
    }

    pub(super) fn leaf_pem(&self, parameters: &CertificateParams, key: &PrivateKey) -> String {
        let issuer = Issuer::from_params(&self.intermediate, &self.intermediate_key);
        let key = KeyPair::from_pem(&key.to_pem()).unwrap();
        parameters.signed_by(&key, &issuer).unwrap().pem()
    }

    /// The leaf with its intermediate.
    pub(super) fn chain_pem(&self, parameters: &CertificateParams, key: &PrivateKey) -> String {
        self.leaf_pem(parameters, key) + &self.intermediate_pem()
    }
}

/// A leaf for `names`, valid from an hour ago for 90 days.
pub(super) fn leaf(names: &[&str]) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.subject_alt_names =
        names.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
    parameters.not_before = NOW - Duration::HOUR;
    parameters.not_after = parameters.not_before + Duration::days(90);
    parameters.serial_number = Some(vec![0x87, 0x65, 0x43, 0x21].into());
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

pub(super) fn identifiers(names: &[&str]) -> Vec<Identifier> {
    names.iter().map(|name| Identifier::parse(name).unwrap()).collect()
}

fn authority(common_name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters.not_before = NOW - Duration::days(365);
    parameters.not_after = NOW + Duration::days(365);
    parameters
}
