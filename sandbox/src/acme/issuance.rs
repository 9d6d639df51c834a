//! The CA's own keys and certificates, and the certificates it issues.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::csr::SubjectKey;
use super::identifier::Identifier;
use crate::fault::{Fault, Faults};

/// Certificates begin so long before they are issued, for clients whose clock is late.
const BACKDATED: Duration = Duration::hours(1);

/// What an order may ask for in `profile` (draft-ietf-acme-profiles).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Classic,
    Shortlived,
}

impl Profile {
    pub(crate) const ALL: [Self; 2] = [Self::Classic, Self::Shortlived];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Shortlived => "shortlived",
        }
    }

    pub(crate) fn documentation_path(self) -> &'static str {
        match self {
            Self::Classic => "/profiles/classic",
            Self::Shortlived => "/profiles/shortlived",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Classic => "classic: valid for 90 days. The default.",
            Self::Shortlived => "shortlived: valid for 6 days.",
        }
    }

    fn lifetime(self) -> Duration {
        match self {
            Self::Classic => Duration::days(90),
            Self::Shortlived => Duration::days(6),
        }
    }
}

/// Two roots, and one intermediate that both of them certify.
pub(crate) struct Hierarchy {
    roots: [CertifiedIssuer<'static, KeyPair>; 2],
    /// The intermediate's certificates in the order of `roots`.
    intermediates: [rcgen::Certificate; 2],
    issuer: Issuer<'static, KeyPair>,
}

/// An issued certificate.
pub(crate) struct Issued {
    pub(crate) der: Vec<u8>,
    /// The default chain and the alternate one, in PEM.
    pub(crate) chains: [String; 2],
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
}

impl Hierarchy {
    /// Makes all keys and certificates anew.
    pub(crate) fn new(now: OffsetDateTime) -> Result<Self, rcgen::Error> {
        let root = |number: u8| {
            let mut params =
                ca_params(&format!("Sandbox Root {number}"), now, Duration::days(3650));
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(params, KeyPair::generate()?)
        };
        let roots = [root(1)?, root(2)?];
        let mut params = ca_params("Sandbox Intermediate 1", now, Duration::days(1825));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let mut certified_by = |root| {
            params.serial_number = Some(random_serial());
            params.signed_by(&key, root)
        };
        let intermediates = [certified_by(&roots[0])?, certified_by(&roots[1])?];
        Ok(Self { roots, intermediates, issuer: Issuer::new(params, key) })
    }

    /// A root: 0 is that of the default chain, 1 that of the alternate one.
    pub(crate) fn root_pem(&self, which: usize) -> String {
        self.roots[which].pem()
    }

    /// Issues a certificate, unless a fault says to issue a wrong one.
    pub(crate) fn issue(
        &self,
        profile: Profile,
        identifiers: &[Identifier],
        key: &SubjectKey,
        now: OffsetDateTime,
        faults: &Faults,
    ) -> Result<Issued, rcgen::Error> {
        let names = if faults.take(Fault::WrongNameCertificate) {
            vec!["wrong.invalid".to_owned()]
        } else {
            identifiers.iter().map(|identifier| identifier.value.clone()).collect()
        };
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        params.serial_number = Some(random_serial());
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if key.is_rsa() {
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        // Certificates know whole seconds, and include the last one.
        let now = now.replace_nanosecond(0).unwrap_or(now);
        params.not_before = now - BACKDATED;
        params.not_after = params.not_before + profile.lifetime() - Duration::SECOND;
        if faults.take(Fault::ExpiredCertificate) {
            params.not_before -= profile.lifetime() + BACKDATED;
            params.not_after -= profile.lifetime() + BACKDATED;
        }
        let certificate = if faults.take(Fault::OtherKeyCertificate) {
            params.signed_by(&KeyPair::generate()?, &self.issuer)?
        } else {
            params.signed_by(key, &self.issuer)?
        };
        let intermediate_first = faults.take(Fault::UnorderedChain);
        let chains = [0, 1].map(|root: usize| {
            let intermediate = self.intermediates[root].pem();
            if intermediate_first {
                intermediate + &certificate.pem()
            } else {
                certificate.pem() + &intermediate
            }
        });
        Ok(Issued {
            der: certificate.der().to_vec(),
            chains,
            not_before: params.not_before,
            not_after: params.not_after,
        })
    }
}

fn ca_params(name: &str, now: OffsetDateTime, lifetime: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Sandbox");
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(random_serial());
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    params.not_before = now - Duration::days(1);
    params.not_after = now + lifetime;
    params
}

/// Sixteen random bytes. Half of all serial numbers begin with a zero byte in DER, where clients have to keep it.
fn random_serial() -> SerialNumber {
    let mut bytes = rand::random::<[u8; 16]>();
    // A leading zero would be left out of the encoding, and the number be short.
    bytes[0] |= 1;
    SerialNumber::from_slice(&bytes)
}
