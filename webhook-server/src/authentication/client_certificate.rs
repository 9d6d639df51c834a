//! Users by client certificate: the common name is the user, the organizations are the groups
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates>).

use acme_core::Clock;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::ca_bundle::CaBundle;
use super::user::User;

/// The user that the certificate names, if `cas` vouch for it. `Ok(None)` where there is none or it names nobody.
pub(super) fn authenticate(
    cas: &CaBundle,
    certificates: &[CertificateDer<'_>],
    clock: &dyn Clock,
) -> Result<Option<User>, String> {
    let Some(certificate) = certificates.first() else { return Ok(None) };
    cas.verify(certificates, clock)?;
    let (name, groups) = subject(certificate)?;
    Ok((!name.is_empty()).then(|| User { name, groups, ..User::default() }))
}

/// The certificate's common name, of several the last as Go has it, and its organizations.
pub(super) fn subject(certificate: &CertificateDer<'_>) -> Result<(String, Vec<String>), String> {
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|error| format!("not an X.509 certificate: {error}"))?;
    let subject = parsed.subject();
    let unreadable = |error| format!("its subject cannot be read: {error}");
    let name = match subject.iter_common_name().last() {
        Some(name) => name.as_str().map_err(unreadable)?.to_owned(),
        None => String::new(),
    };
    let organizations = subject
        .iter_organization()
        .map(|organization| organization.as_str().map(str::to_owned).map_err(unreadable))
        .collect::<Result<_, _>>()?;
    Ok((name, organizations))
}

#[cfg(test)]
mod tests {
    use acme_core::ManualClock;

    use super::*;
    use crate::authentication::test_certificates::{NOW, TestCa};

    #[test]
    fn the_subject_is_the_user_and_its_groups() {
        let ca = TestCa::new("kubernetes");
        let bundle = CaBundle::parse(&ca.pem()).unwrap();
        let clock = ManualClock::new(NOW);
        let admin = ca.client("kubernetes-admin", &["system:masters", "others"]);
        let user = authenticate(&bundle, &[admin], &clock).unwrap().unwrap();
        assert_eq!(user.name, "kubernetes-admin");
        assert_eq!(user.groups, ["system:masters", "others"]);
        assert_eq!(authenticate(&bundle, &[], &clock), Ok(None));
        assert_eq!(authenticate(&bundle, &[ca.client("", &["system:masters"])], &clock), Ok(None));
        let stranger = TestCa::new("kubernetes").client("kubernetes-admin", &["system:masters"]);
        assert!(authenticate(&bundle, &[stranger], &clock).is_err());
    }
}
