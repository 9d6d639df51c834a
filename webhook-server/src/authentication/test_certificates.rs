//! A CA and client certificates for tests of this module.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

pub(super) const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

/// Valid for a year; what it issues is valid for 30 days.
pub(super) struct TestCa(CertifiedIssuer<'static, KeyPair>);

impl TestCa {
    pub(super) fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters.not_before = NOW - Duration::HOUR;
        parameters.not_after = NOW + Duration::days(365);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(super) fn client(&self, name: &str, organizations: &[&str]) -> CertificateDer<'static> {
        self.issue(name, organizations, ExtendedKeyUsagePurpose::ClientAuth)
    }

    pub(super) fn server(&self, name: &str) -> CertificateDer<'static> {
        self.issue(name, &[], ExtendedKeyUsagePurpose::ServerAuth)
    }

    fn issue(
        &self,
        name: &str,
        organizations: &[&str],
        usage: ExtendedKeyUsagePurpose,
    ) -> CertificateDer<'static> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        if !name.is_empty() {
            parameters.distinguished_name.push(DnType::CommonName, name);
        }
        // rcgen keeps one value of a type, and takes the same type by its number for another.
        let types = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
        for (kind, organization) in types.into_iter().zip(organizations) {
            parameters.distinguished_name.push(kind, *organization);
        }
        parameters.extended_key_usages = vec![usage];
        parameters.not_before = NOW - Duration::HOUR;
        parameters.not_after = NOW + Duration::days(30);
        parameters.signed_by(&KeyPair::generate().unwrap(), &self.0).unwrap().der().clone()
    }
}
