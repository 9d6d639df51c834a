//! A certificate chain as a CA sends it, and what must hold before it is kept.

use std::collections::BTreeSet;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer as _, GeneralName, ParsedExtension, X509Certificate, X509Name};

use super::{CertificateError, renewal_due};
use crate::Identifier;
use crate::key::encode_pem;

/// Certificates in the order they are served: the leaf, then the issuer of each. All of them parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<CertificateDer<'static>>);

impl Chain {
    /// The most certificates in a chain. Public CAs send two to four.
    pub const MAX_CERTIFICATES: usize = 10;

    /// The longest PEM text, in bytes. A chain for 100 names of full length has about 50,000.
    pub const MAX_PEM: usize = 256 * 1024;

    /// Reads PEM (RFC 8555 §9.1). Whatever is not a certificate is left out, so nothing else a CA sends is ever kept.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        if pem.len() > Self::MAX_PEM {
            let length = format!("{} bytes, at most {} are read", pem.len(), Self::MAX_PEM);
            return Err(CertificateError::TooLong(length));
        }
        let mut chain = Vec::new();
        for (index, der) in CertificateDer::pem_slice_iter(pem).enumerate() {
            if index == Self::MAX_CERTIFICATES {
                let count = format!("more than {} certificates", Self::MAX_CERTIFICATES);
                return Err(CertificateError::TooLong(count));
            }
            let damaged = |reason| CertificateError::Damaged { position: index + 1, reason };
            let der = der.map_err(|error| damaged(format!("it is not PEM: {error}")))?;
            match X509Certificate::from_der(&der) {
                Ok(([], _)) => {}
                Ok(_) => return Err(damaged("bytes follow it".to_owned())),
                Err(error) => return Err(damaged(format!("it is not X.509: {error}"))),
            }
            chain.push(der);
        }
        if chain.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        Ok(Self(chain))
    }

    /// Checks that the chain holds together and that its leaf is what was asked for.
    ///
    /// Whether anyone trusts its last issuer is not judged: that is for the programs that meet the certificate.
    pub fn check(&self, expected: &Expected<'_>) -> Result<CheckedCertificate, CertificateError> {
        let chain = self.parsed();
        let leaf = &chain[0];

        let names = dns_names(leaf);
        let missing: Vec<String> = expected
            .identifiers
            .iter()
            .filter(|identifier| !names.contains(identifier))
            .map(ToString::to_string)
            .collect();
        if !missing.is_empty() {
            let present = names.iter().map(ToString::to_string).collect();
            return Err(CertificateError::MissingNames { missing, present });
        }
        if leaf.public_key().raw != expected.public_key {
            return Err(CertificateError::WrongKey);
        }
        if leaf.is_ca() {
            return Err(CertificateError::LeafIsCa);
        }
        for (position, certificate) in (1..).zip(&chain) {
            check_validity(position, certificate, expected.now)?;
        }
        for (position, pair) in (1..).zip(chain.windows(2)) {
            check_issued_by(position, &pair[0], &pair[1])?;
        }

        let not_before = leaf.validity().not_before.to_datetime();
        let not_after = leaf.validity().not_after.to_datetime();
        Ok(CheckedCertificate {
            not_before,
            not_after,
            renew_at: renewal_due(not_before, not_after),
            serial: serial_hex(leaf),
            identifiers: names.into_iter().collect(),
            issuers: self.issuer_common_names(),
            ari_id: ari_id(leaf),
            chain: self.clone(),
        })
    }

    pub(super) fn parsed(&self) -> Vec<X509Certificate<'_>> {
        let parse = |der| X509Certificate::from_der(der).expect("parsed in from_pem").1;
        self.0.iter().map(|der| parse(der)).collect()
    }

    fn issuer_common_names(&self) -> Vec<String> {
        self.parsed().iter().filter_map(|certificate| common_name(certificate.issuer())).collect()
    }

    fn pem(certificates: &[CertificateDer<'static>]) -> String {
        certificates.iter().map(|der| encode_pem("CERTIFICATE", der).to_string()).collect()
    }
}

/// What a certificate is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The names it must hold; it may hold more.
    pub identifiers: &'a [Identifier],
    /// Our public key, as [`PrivateKey::public_key_der`](crate::key::PrivateKey::public_key_der) gives it.
    pub public_key: &'a [u8],
    /// The time now.
    pub now: OffsetDateTime,
}

/// A chain that passed [`Chain::check`], and what is known of its leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedCertificate {
    /// When it begins.
    pub not_before: OffsetDateTime,
    /// When it ends.
    pub not_after: OffsetDateTime,
    /// When it should be renewed, unless its CA says otherwise ([`renewal_due`]).
    pub renew_at: OffsetDateTime,
    /// The serial number, hexadecimal in lower case, as `openssl x509 -serial` shows it.
    pub serial: String,
    /// Its DNS names, sorted.
    pub identifiers: Vec<Identifier>,
    /// The common names of the chain's issuers, from the leaf's to the last; those without one are left out. The last
    /// issuer's own certificate is rarely in the chain.
    pub issuers: Vec<String>,
    /// The name it goes by at its CA for renewal information (RFC 9773 §4.1); absent where it names no issuer key.
    pub ari_id: Option<String>,
    chain: Chain,
}

impl CheckedCertificate {
    /// The leaf alone: `cert.pem`.
    pub fn cert_pem(&self) -> String {
        Chain::pem(&self.chain.0[..1])
    }

    /// Everything but the leaf: `chain.pem`. Empty where the CA sent the leaf alone.
    pub fn chain_pem(&self) -> String {
        Chain::pem(&self.chain.0[1..])
    }

    /// The leaf and its issuers, as servers present them: `fullchain.pem`.
    pub fn fullchain_pem(&self) -> String {
        Chain::pem(&self.chain.0)
    }

    /// Whether an issuer anywhere in the chain has this common name; for the choice among alternate chains (RFC 8555
    /// §7.4.2).
    pub fn is_issued_by(&self, common_name: &str) -> bool {
        self.issuers.iter().any(|name| name == common_name)
    }
}

/// How far ahead of our clock a certificate may begin: CAs that do not backdate must not fail on clocks that are a
/// little behind.
const CLOCK_SKEW: Duration = Duration::minutes(10);

fn check_validity(
    position: usize,
    certificate: &X509Certificate<'_>,
    now: OffsetDateTime,
) -> Result<(), CertificateError> {
    let not_before = certificate.validity().not_before.to_datetime();
    let not_after = certificate.validity().not_after.to_datetime();
    if not_before > now + CLOCK_SKEW {
        return Err(CertificateError::NotYetValid { position, not_before });
    }
    if not_after <= now || not_after <= not_before {
        return Err(CertificateError::Expired { position, not_after });
    }
    Ok(())
}

/// RFC 5280 §6.1.3 and §6.1.4, as far as a chain without its trust anchor can be judged.
fn check_issued_by(
    position: usize,
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<(), CertificateError> {
    let not_issued = |reason| Err(CertificateError::NotIssuedByNext { position, reason });
    if certificate.issuer().as_raw() != issuer.subject().as_raw() {
        return not_issued(format!(
            "its issuer is \"{}\" and the next one is \"{}\"",
            printable(&certificate.issuer().to_string()),
            printable(&issuer.subject().to_string())
        ));
    }
    let may_sign = match issuer.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.key_cert_sign()),
        Err(_) => false,
    };
    if !issuer.is_ca() || !may_sign {
        return Err(CertificateError::NotCa { position: position + 1 });
    }
    if let Err(error) = certificate.verify_signature(Some(issuer.public_key())) {
        return not_issued(error.to_string());
    }
    Ok(())
}

/// The DNS names among the subject alternative names. Others, and what is no name, are no one's to ask for here.
pub(super) fn dns_names(certificate: &X509Certificate<'_>) -> BTreeSet<Identifier> {
    let Ok(Some(alternative)) = certificate.subject_alternative_name() else {
        return BTreeSet::new();
    };
    let names = &alternative.value.general_names;
    names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Identifier::parse(name).ok(),
            _ => None,
        })
        .collect()
}

pub(super) fn common_name(name: &X509Name<'_>) -> Option<String> {
    Some(name.iter_common_name().next()?.as_str().ok()?.to_owned())
}

pub(super) fn serial_hex(certificate: &X509Certificate<'_>) -> String {
    // DER puts a zero before a number whose first bit is set.
    let serial = match certificate.raw_serial() {
        [0, rest @ ..] if !rest.is_empty() => rest,
        serial => serial,
    };
    hex(serial)
}

/// RFC 9773 §4.1. The serial number keeps its leading zero here.
pub(super) fn ari_id(certificate: &X509Certificate<'_>) -> Option<String> {
    let issuer_key = authority_key_identifier(certificate)?;
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    Some(format!("{}.{}", encode(issuer_key), encode(certificate.raw_serial())))
}

pub(super) fn authority_key_identifier<'a>(
    certificate: &'a X509Certificate<'_>,
) -> Option<&'a [u8]> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(authority) => {
            authority.key_identifier.as_ref().map(|key| key.0)
        }
        _ => None,
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Names come from outside and end in terminals: nothing that moves a cursor stays in them.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};

    use super::*;
    use crate::certificate::test_ca::{NOW, TestCa, identifiers, leaf};
    use crate::key::{KeyType, PrivateKey};

    fn check(pem: &str, key: &PrivateKey) -> Result<CheckedCertificate, CertificateError> {
        Chain::from_pem(pem.as_bytes())?.check(&Expected {
            identifiers: &identifiers(&["ws.example", "*.ws.example"]),
            public_key: &key.public_key_der(),
            now: NOW,
        })
    }

    fn p256() -> PrivateKey {
        PrivateKey::generate(KeyType::P256).unwrap()
    }

    fn wanted_leaf() -> CertificateParams {
        leaf(&["*.ws.example", "ws.example"])
    }

    #[test]
    fn a_good_chain_of_every_key_type_passes_and_comes_out_in_pieces() {
        let ca = TestCa::new();
        for key_type in [KeyType::P256, KeyType::P384, KeyType::Rsa2048] {
            let key = PrivateKey::generate(key_type).unwrap();
            let leaf = ca.leaf_pem(&wanted_leaf(), &key);
            // What else the CA sends is not kept.
            let secret = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
            let sent = format!("hello\r\n{leaf}{secret}{}", ca.intermediate_pem());
            let checked = check(&sent, &key).unwrap();

            assert_eq!(checked.identifiers, identifiers(&["ws.example", "*.ws.example"]));
            assert_eq!(checked.not_after - checked.not_before, Duration::days(90));
            assert_eq!(checked.serial, "87654321");
            assert_eq!(checked.issuers, ["Test Intermediate", "Test Root"]);
            assert_eq!(Chain::from_pem(checked.cert_pem().as_bytes()).unwrap().0.len(), 1);
            assert_eq!(checked.fullchain_pem(), checked.cert_pem() + &checked.chain_pem());
            assert_eq!(check(&checked.fullchain_pem(), &key), Ok(checked));
        }
    }

    #[test]
    fn a_leaf_without_issuers_and_a_chain_with_its_root_pass() {
        let (ca, key) = (TestCa::new(), p256());
        let leaf = ca.leaf_pem(&wanted_leaf(), &key);
        assert_eq!(check(&leaf, &key).unwrap().chain_pem(), "");
        check(&format!("{leaf}{}{}", ca.intermediate_pem(), ca.root_pem()), &key).unwrap();
    }

    #[test]
    fn an_issuer_anywhere_in_the_chain_is_found_by_its_common_name() {
        let (ca, key) = (TestCa::new(), p256());
        let checked = check(&ca.chain_pem(&wanted_leaf(), &key), &key).unwrap();
        assert!(checked.is_issued_by("Test Intermediate") && checked.is_issued_by("Test Root"));
        assert!(!checked.is_issued_by("Test") && !checked.is_issued_by(""));
    }

    #[test]
    fn wrong_names_are_refused_and_a_wildcard_stands_for_itself_alone() {
        let (ca, key) = (TestCa::new(), p256());
        for (names, lacking) in [
            (&["*.ws.example"][..], "ws.example"),
            (&["ws.example", "a.ws.example"], "*.ws.example"),
            (&["ws.example", "*.a.ws.example"], "*.ws.example"),
        ] {
            let error = check(&ca.chain_pem(&leaf(names), &key), &key).unwrap_err();
            let CertificateError::MissingNames { missing, .. } = &error else { panic!("{error}") };
            assert_eq!(missing, &[lacking]);
        }
        assert!(check(&ca.chain_pem(&leaf(&["WS.example", "*.ws.example"]), &key), &key).is_ok());
    }

    #[test]
    fn a_certificate_for_another_key_is_refused() {
        let chain = TestCa::new().chain_pem(&wanted_leaf(), &p256());
        assert_eq!(check(&chain, &p256()), Err(CertificateError::WrongKey));
    }

    #[test]
    fn validity_must_contain_now_with_a_little_skew_at_its_beginning() {
        let (ca, key) = (TestCa::new(), p256());
        let mut parameters = wanted_leaf();
        parameters.not_before = NOW + CLOCK_SKEW;
        assert!(check(&ca.chain_pem(&parameters, &key), &key).is_ok());

        let not_before = NOW + CLOCK_SKEW + Duration::SECOND;
        parameters.not_before = not_before;
        let early = CertificateError::NotYetValid { position: 1, not_before };
        assert!(early.to_string().contains("clock"));
        assert_eq!(check(&ca.chain_pem(&parameters, &key), &key), Err(early));

        let mut parameters = wanted_leaf();
        parameters.not_after = NOW;
        let late = CertificateError::Expired { position: 1, not_after: NOW };
        assert_eq!(check(&ca.chain_pem(&parameters, &key), &key), Err(late));
    }

    #[test]
    fn an_expired_intermediate_is_refused() {
        let (mut ca, key) = (TestCa::new(), p256());
        ca.intermediate.not_after = NOW;
        let late = CertificateError::Expired { position: 2, not_after: NOW };
        assert_eq!(check(&ca.chain_pem(&wanted_leaf(), &key), &key), Err(late));
    }

    #[test]
    fn a_chain_out_of_order_is_refused() {
        let (ca, key) = (TestCa::new(), p256());
        let leaf = ca.leaf_pem(&wanted_leaf(), &key);
        let error = check(&format!("{leaf}{}{}", ca.root_pem(), ca.intermediate_pem()), &key);
        assert!(matches!(error, Err(CertificateError::NotIssuedByNext { position: 1, .. })));
        assert!(check(&format!("{}{leaf}", ca.intermediate_pem()), &key).is_err());
    }

    #[test]
    fn a_signature_by_another_key_of_the_same_name_is_refused() {
        let (mut ca, key) = (TestCa::new(), p256());
        let leaf = ca.leaf_pem(&wanted_leaf(), &key);
        ca.intermediate_key = KeyPair::generate().unwrap();
        let error = check(&(leaf + &ca.intermediate_pem()), &key).unwrap_err();
        assert!(matches!(error, CertificateError::NotIssuedByNext { position: 1, .. }), "{error}");
    }

    #[test]
    fn an_issuer_that_is_no_ca_or_may_not_sign_is_refused() {
        let (mut ca, key) = (TestCa::new(), p256());
        ca.intermediate.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let no_ca = Err(CertificateError::NotCa { position: 2 });
        assert_eq!(check(&ca.chain_pem(&wanted_leaf(), &key), &key), no_ca);
        ca.intermediate.key_usages.clear();
        ca.intermediate.is_ca = IsCa::NoCa;
        assert_eq!(check(&ca.chain_pem(&wanted_leaf(), &key), &key), no_ca);
    }

    #[test]
    fn a_leaf_that_is_a_ca_is_refused() {
        let (ca, key) = (TestCa::new(), p256());
        let mut parameters = wanted_leaf();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let refused = check(&ca.chain_pem(&parameters, &key), &key);
        assert_eq!(refused, Err(CertificateError::LeafIsCa));
    }

    #[test]
    fn what_is_no_chain_or_too_long_is_refused() {
        let (ca, key) = (TestCa::new(), p256());
        assert_eq!(check("", &key), Err(CertificateError::NoCertificate));
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in [garbage, &garbage[..40], &garbage.replace("AAAA", "?")] {
            assert!(matches!(check(pem, &key), Err(CertificateError::Damaged { position: 1, .. })));
        }
        let leaf = ca.leaf_pem(&wanted_leaf(), &key);
        let eleven = leaf + &ca.root_pem().repeat(10);
        assert!(matches!(check(&eleven, &key), Err(CertificateError::TooLong(_))));
        let giant = "a".repeat(Chain::MAX_PEM + 1);
        assert!(matches!(check(&giant, &key), Err(CertificateError::TooLong(_))));
    }

    #[test]
    fn names_in_errors_cannot_move_the_cursor() {
        let (mut ca, key) = (TestCa::new(), p256());
        let leaf = ca.leaf_pem(&wanted_leaf(), &key);
        ca.intermediate.distinguished_name.push(DnType::CommonName, "\u{1b}[2J\n");
        let error = check(&(leaf + &ca.intermediate_pem()), &key).unwrap_err();
        assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
    }
}
