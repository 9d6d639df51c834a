//! Whether the certificate that is stored will do.

use time::OffsetDateTime;

use super::error::rfc3339;
use super::{CertificateError, Chain, CheckedCertificate, Expected};
use crate::Identifier;
use crate::key::{KeyError, KeyType, PrivateKey};

/// What a stored certificate and its key are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The names it must hold.
    pub identifiers: &'a [Identifier],
    /// The type its key must have.
    pub key_type: KeyType,
    /// The time now.
    pub now: OffsetDateTime,
}

/// Says whether a stored certificate is good: whole, for these names, with a key of this type that is its own, and
/// renewal not yet due.
pub fn check_stored(
    fullchain_pem: &[u8],
    privkey_pem: &str,
    wanted: &Wanted<'_>,
) -> Result<CheckedCertificate, NotGood> {
    let key = PrivateKey::from_pem(privkey_pem)?;
    if key.key_type() != wanted.key_type {
        return Err(NotGood::KeyType { stored: key.key_type(), wanted: wanted.key_type });
    }
    let checked = Chain::from_pem(fullchain_pem)?.check(&Expected {
        identifiers: wanted.identifiers,
        public_key: &key.public_key_der(),
        now: wanted.now,
    })?;
    if checked.renew_at <= wanted.now {
        return Err(NotGood::Due { since: checked.renew_at, not_after: checked.not_after });
    }
    Ok(checked)
}

/// Why a stored certificate is to be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotGood {
    /// The certificate is expired, for other names or for another key, or cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// It is time to renew.
    #[error("renewal is due since {}; it ends at {}", rfc3339(*.since), rfc3339(*.not_after))]
    Due {
        /// When renewal became due.
        since: OffsetDateTime,
        /// When it ends.
        not_after: OffsetDateTime,
    },
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is of another type.
    #[error("its key is of type {stored} and {wanted} is asked for")]
    KeyType {
        /// The type it has.
        stored: KeyType,
        /// The type asked for.
        wanted: KeyType,
    },
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::certificate::test_ca::{NOW, TestCa, identifiers, leaf};

    #[test]
    fn a_stored_pair_is_good_until_renewal_is_due() {
        let (ca, key) = (TestCa::new(), PrivateKey::generate(KeyType::P256).unwrap());
        let parameters = leaf(&["*.ws.example", "ws.example"]);
        let chain = ca.chain_pem(&parameters, &key);
        let names = identifiers(&["ws.example"]);
        let check = |now| {
            let wanted = Wanted { identifiers: &names, key_type: KeyType::P256, now };
            check_stored(chain.as_bytes(), &key.to_pem(), &wanted)
        };
        assert_eq!(check(NOW).unwrap().identifiers.len(), 2);

        let due = parameters.not_before + Duration::days(60);
        assert!(check(due - Duration::SECOND).is_ok());
        let not_after = parameters.not_after;
        let error = check(due).unwrap_err();
        assert_eq!(error, NotGood::Due { since: due, not_after });
        assert_eq!(
            error.to_string(),
            "renewal is due since 2027-01-22T11:00:00Z; it ends at 2027-02-21T11:00:00Z"
        );
        assert_eq!(
            check(not_after),
            Err(NotGood::Certificate(CertificateError::Expired { position: 1, not_after }))
        );
    }

    #[test]
    fn a_stored_pair_is_replaced_when_names_or_key_are_not_those_asked_for() {
        let (ca, key) = (TestCa::new(), PrivateKey::generate(KeyType::P256).unwrap());
        let chain = ca.chain_pem(&leaf(&["ws.example"]), &key);
        let check = |names: &[&str], key_type, key: &PrivateKey| {
            let identifiers = identifiers(names);
            let wanted = Wanted { identifiers: &identifiers, key_type, now: NOW };
            check_stored(chain.as_bytes(), &key.to_pem(), &wanted).map(|_| ()).unwrap_err()
        };
        assert!(matches!(
            check(&["*.ws.example"], KeyType::P256, &key),
            NotGood::Certificate(CertificateError::MissingNames { .. })
        ));
        assert_eq!(
            check(&["ws.example"], KeyType::P384, &key),
            NotGood::KeyType { stored: KeyType::P256, wanted: KeyType::P384 }
        );
        let other = PrivateKey::generate(KeyType::P256).unwrap();
        assert_eq!(
            check(&["ws.example"], KeyType::P256, &other),
            NotGood::Certificate(CertificateError::WrongKey)
        );
    }

    #[test]
    fn a_damaged_pair_is_replaced() {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let wanted = Wanted { identifiers: &[], key_type: KeyType::P256, now: NOW };
        assert_eq!(check_stored(b"", "", &wanted), Err(NotGood::Key(KeyError::NoKey)));
        assert_eq!(
            check_stored(b"", &key.to_pem(), &wanted),
            Err(NotGood::Certificate(CertificateError::NoCertificate))
        );
    }
}
