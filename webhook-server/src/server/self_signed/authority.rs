//! A CA of our own and the serving certificate below it.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

/// How long the CA is valid. Nobody trusts it but the kube-apiserver, which is told of a new one.
const CA_LIFETIME: Duration = Duration::days(3650);
/// How long the serving certificate is valid. It is made anew after two thirds of that.
const LIFETIME: Duration = Duration::days(365);
/// Clocks of machines differ.
const BEFORE: Duration = Duration::hours(1);

/// A certificate and its key, both in PEM. It has no `Debug`.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: Zeroizing<String>,
}

/// Makes a CA that is valid from `now` on.
pub(super) fn make_ca(now: OffsetDateTime) -> Result<Pair, rcgen::Error> {
    let mut parameters = ca_parameters();
    parameters.not_before = now - BEFORE;
    parameters.not_after = now + CA_LIFETIME;
    let key = KeyPair::generate()?;
    let certificate = parameters.self_signed(&key)?.pem();
    Ok(Pair { certificate, key: Zeroizing::new(key.serialize_pem()) })
}

/// Makes a serving certificate for `dns_names` below `ca`.
pub(super) fn make_serving(
    ca: &Pair,
    dns_names: &[String],
    now: OffsetDateTime,
) -> Result<Pair, rcgen::Error> {
    let issuer = Issuer::new(ca_parameters(), KeyPair::from_pem(&ca.key)?);
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name(crate::PROGRAM);
    for dns_name in dns_names {
        parameters.subject_alt_names.push(SanType::DnsName(dns_name.as_str().try_into()?));
    }
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    parameters.not_before = now - BEFORE;
    parameters.not_after = now + LIFETIME;
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, &issuer)?.pem();
    Ok(Pair { certificate, key: Zeroizing::new(key.serialize_pem()) })
}

/// What every CA that is made here has in common: all that the certificates below it take from it.
fn ca_parameters() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name(&format!("{} CA", crate::PROGRAM));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

/// Whether the CA (the first certificate of a bundle in PEM) outlives a serving certificate that is made now.
pub(super) fn ca_is_good(bundle: &str, now: OffsetDateTime) -> bool {
    with_first(bundle, |ca| ca.is_ca() && not_after(ca) >= now + LIFETIME).unwrap_or(false)
}

/// Whether the certificate in PEM can go on being served: issued by the CA, for all of `dns_names`, and not in the last
/// third of its time.
pub(super) fn serving_is_good(
    certificate: &str,
    bundle: &str,
    dns_names: &[String],
    now: OffsetDateTime,
) -> bool {
    with_first(bundle, |ca| {
        with_first(certificate, |certificate| {
            let not_before = unix(certificate.validity().not_before.timestamp());
            let renewal = not_after(certificate) - (not_after(certificate) - not_before) / 3;
            now < renewal
                && certificate.verify_signature(Some(ca.public_key())).is_ok()
                && dns_names.iter().all(|dns_name| names(certificate).contains(&dns_name.as_str()))
        })
    })
    .flatten()
    .unwrap_or(false)
}

fn with_first<T>(text: &str, read: impl FnOnce(&X509Certificate<'_>) -> T) -> Option<T> {
    let block = pem::parse(text).ok()?;
    let (_, certificate) = X509Certificate::from_der(block.contents()).ok()?;
    Some(read(&certificate))
}

fn names<'a>(certificate: &'a X509Certificate<'_>) -> Vec<&'a str> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(*name),
            _ => None,
        })
        .collect()
}

fn not_after(certificate: &X509Certificate<'_>) -> OffsetDateTime {
    unix(certificate.validity().not_after.timestamp())
}

fn unix(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

    #[test]
    fn a_serving_certificate_is_good_for_two_thirds_of_its_time() {
        let ca = make_ca(NOW).unwrap();
        let names = ["webhook.ns.svc".to_owned()];
        let serving = make_serving(&ca, &names, NOW).unwrap();
        let good = |names: &[String], days: i64| {
            serving_is_good(
                &serving.certificate,
                &ca.certificate,
                names,
                NOW + Duration::days(days),
            )
        };
        assert!(good(&names, 0));
        assert!(good(&names, 243));
        assert!(!good(&names, 244));
        assert!(!good(&["other.ns.svc".to_owned()], 0));
        let other = make_ca(NOW).unwrap();
        assert!(!serving_is_good(&serving.certificate, &other.certificate, &names, NOW));
        assert!(!serving_is_good("nonsense", &ca.certificate, &names, NOW));
    }

    #[test]
    fn a_ca_is_good_while_it_outlives_what_it_issues() {
        let ca = make_ca(NOW).unwrap();
        assert!(ca_is_good(&ca.certificate, NOW + Duration::days(3650 - 365)));
        assert!(!ca_is_good(&ca.certificate, NOW + Duration::days(3650 - 364)));
        assert!(!ca_is_good("", NOW));
        let serving = make_serving(&ca, &[], NOW).unwrap();
        assert!(!ca_is_good(&serving.certificate, NOW));
    }
}
