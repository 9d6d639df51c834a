//! Where the TXT record of a challenge is written: at `_acme-challenge`, or where a CNAME record there leads.

use rand::Rng;

use super::{LookupError, TxtLookup};
use crate::{DnsName, IdentifierError};

/// The most CNAME records followed, one after the other; resolvers give up at about as many.
const MAX_CNAMES: usize = 8;

/// The name whose TXT records a CA looks up for `base` (RFC 8555 §8.4).
pub fn challenge_name(base: &DnsName) -> Result<DnsName, IdentifierError> {
    base.child("_acme-challenge")
}

/// The name at which the TXT record for `base` must be written: the challenge name, or the end of the CNAME records
/// that lead away from it.
///
/// A CNAME record that is there only because of a wildcard (`*.ws.example CNAME …` answers for `_acme-challenge` as
/// for any other label) delegates nothing: a TXT record at the name itself takes precedence over the wildcard
/// (RFC 4592 §2.2.1), and where the wildcard leads is often somebody else's zone.
pub async fn challenge_target(
    lookup: &dyn TxtLookup,
    base: &DnsName,
) -> Result<DnsName, DelegationError> {
    let mut path = vec![challenge_name(base)?];
    loop {
        let here = &path[path.len() - 1];
        let Some(target) = lookup.cname(here).await? else { break };
        if is_from_wildcard(lookup, here, &target).await? {
            break;
        }
        if path.contains(&target) {
            path.push(target);
            return Err(DelegationError::Loop { path: shown(&path) });
        }
        path.push(target);
        if path.len() > MAX_CNAMES + 1 {
            return Err(DelegationError::TooLong { path: shown(&path) });
        }
    }
    Ok(path.swap_remove(path.len() - 1))
}

/// Why the name to write at cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelegationError {
    /// The DNS was not asked successfully.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// A CNAME record leads back to a name before it.
    #[error("the CNAME records lead in a circle: {path}; delete or correct one of them")]
    Loop {
        /// The names, in the order they were met.
        path: String,
    },
    /// No room for `_acme-challenge.`.
    #[error(transparent)]
    Name(#[from] IdentifierError),
    /// More CNAME records than resolvers follow.
    #[error(
        "more than {MAX_CNAMES} CNAME records, one after the other: {path}; point the first at the last"
    )]
    TooLong {
        /// The names, in the order they were met.
        path: String,
    },
}

/// Whether a label that nobody can have chosen has the same CNAME record beside `name`.
async fn is_from_wildcard(
    lookup: &dyn TxtLookup,
    name: &DnsName,
    target: &DnsName,
) -> Result<bool, DelegationError> {
    let Some(parent) = name.parent() else { return Ok(false) };
    let random: u64 = rand::rng().random();
    // A name that leaves no room for the label has no such neighbour.
    let Ok(neighbour) = parent.child(&format!("{random:016x}")) else { return Ok(false) };
    Ok(lookup.cname(&neighbour).await?.as_ref() == Some(target))
}

fn shown(path: &[DnsName]) -> String {
    path.iter().map(DnsName::as_str).collect::<Vec<_>>().join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns01::{MemoryLookup, MemoryProvider};

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    fn lookup(cnames: &[(&str, &str)]) -> MemoryLookup {
        cnames.iter().fold(MemoryLookup::new(&MemoryProvider::new([])), |lookup, (from, to)| {
            lookup.cname_record(name(from), name(to))
        })
    }

    async fn target(lookup: &MemoryLookup) -> Result<String, DelegationError> {
        challenge_target(lookup, &name("ws.example")).await.map(String::from)
    }

    #[tokio::test]
    async fn without_a_cname_the_challenge_name_itself_is_written() {
        let lookup = lookup(&[]);
        assert_eq!(target(&lookup).await.unwrap(), "_acme-challenge.ws.example");
        assert_eq!(lookup.queries(), 1);
    }

    #[tokio::test]
    async fn cnames_are_followed_to_the_end() {
        let lookup = lookup(&[
            ("_acme-challenge.ws.example", "ws.validation.example"),
            ("ws.validation.example", "a1b2.acme.example"),
        ]);
        assert_eq!(target(&lookup).await.unwrap(), "a1b2.acme.example");
    }

    #[tokio::test]
    async fn a_circle_of_cnames_is_an_error_that_shows_it() {
        let lookup = lookup(&[
            ("_acme-challenge.ws.example", "a.example"),
            ("a.example", "b.example"),
            ("b.example", "a.example"),
        ]);
        let error = target(&lookup).await.unwrap_err().to_string();
        assert!(
            error.contains("_acme-challenge.ws.example -> a.example -> b.example -> a.example"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn eight_cnames_are_followed_and_nine_are_an_error() {
        let mut cnames = vec![("_acme-challenge.ws.example".to_owned(), "n1.example".to_owned())];
        cnames.extend((1..8).map(|n| (format!("n{n}.example"), format!("n{}.example", n + 1))));
        let pairs = |cnames: &[(String, String)]| {
            let pairs: Vec<_> =
                cnames.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
            lookup(&pairs)
        };
        assert_eq!(target(&pairs(&cnames)).await.unwrap(), "n8.example");
        cnames.push(("n8.example".to_owned(), "n9.example".to_owned()));
        let error = target(&pairs(&cnames)).await.unwrap_err();
        assert!(matches!(error, DelegationError::TooLong { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_cname_made_by_a_wildcard_is_not_followed() {
        let lookup = lookup(&[]).wildcard_cname_record(name("ws.example"), name("cdn.example"));
        assert_eq!(target(&lookup).await.unwrap(), "_acme-challenge.ws.example");
    }

    #[tokio::test]
    async fn a_cname_of_its_own_is_followed_beside_a_wildcard() {
        let lookup = lookup(&[("_acme-challenge.ws.example", "a1b2.acme.example")])
            .wildcard_cname_record(name("ws.example"), name("cdn.example"));
        assert_eq!(target(&lookup).await.unwrap(), "a1b2.acme.example");
    }

    #[tokio::test]
    async fn a_lookup_that_fails_is_reported_as_such() {
        let failing = name("_acme-challenge.ws.example");
        let lookup = lookup(&[]).failing(failing.clone(), "every server is silent");
        let reason = "every server is silent".to_owned();
        let expected = LookupError::Unanswered { name: failing, reason };
        assert_eq!(target(&lookup).await, Err(DelegationError::Lookup(expected)));
    }

    #[tokio::test]
    async fn a_name_without_room_for_the_label_is_an_error() {
        let long = name(&format!("{}.example", vec!["a".repeat(60); 4].join(".")));
        let error = challenge_target(&lookup(&[]), &long).await.unwrap_err();
        assert!(matches!(error, DelegationError::Name(_)), "{error}");
    }
}
