//! What each error code of API 3.0 means for us. Codes are matched, never messages: Tencent changes those without notice.

mod table;

use self::table::{FAMILIES, TABLE};
use crate::class::Meaning;

/// What `code` means.
pub(crate) fn meaning(code: &str) -> Meaning {
    find(code).unwrap_or(Meaning::UNKNOWN)
}

/// The line of `code` itself, else that of its family (`AuthFailure.New` is an `AuthFailure`).
fn find(code: &str) -> Option<Meaning> {
    let line = |wanted: &str| {
        TABLE.iter().find_map(|(class, lines)| {
            let (_, advice) = lines.iter().find(|(code, _)| *code == wanted)?;
            Some(Meaning { class: *class, advice })
        })
    };
    line(code).or_else(|| {
        let (family, _) = code.split_once('.')?;
        FAMILIES.contains(&family).then(|| line(family)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use super::{Meaning, TABLE, meaning};
    use crate::class::Class;

    /// Codes that every product shares; Tencent documents them apart from those of `dnspod`.
    const COMMON: &[&str] = &[
        "ActionOffline",
        "AuthFailure.InvalidAuthorization",
        "AuthFailure.InvalidSecretId",
        "AuthFailure.MFAFailure",
        "AuthFailure.SecretIdNotFound",
        "AuthFailure.SignatureExpire",
        "AuthFailure.SignatureFailure",
        "AuthFailure.TokenFailure",
        "AuthFailure.UnauthorizedOperation",
        "DryRunOperation",
        "FailedOperation",
        "InternalError",
        "InvalidAction",
        "InvalidParameter",
        "InvalidParameterValue",
        "InvalidRequest",
        "IpInBlacklist",
        "IpNotInWhitelist",
        "LimitExceeded",
        "MissingParameter",
        "NoSuchProduct",
        "NoSuchVersion",
        "RequestLimitExceeded",
        "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
        "RequestLimitExceeded.IPLimitExceeded",
        "RequestLimitExceeded.UinLimitExceeded",
        "RequestSizeLimitExceeded",
        "ResourceInUse",
        "ResourceInsufficient",
        "ResourceNotFound",
        "ResourceUnavailable",
        "ResponseSizeLimitExceeded",
        "ServiceUnavailable",
        "UnauthorizedOperation",
        "UnknownParameter",
        "UnsupportedOperation",
        "UnsupportedProtocol",
        "UnsupportedRegion",
    ];

    /// Every class, with what becomes of a call that ends in it.
    const CLASSES: [(Class, &str); 13] = [
        (Class::AlreadyThere, "An append has succeeded."),
        (Class::Gone, "A delete has succeeded; a list is empty."),
        (Class::NotMyZone, "In a search for the zone the next shorter name is asked for."),
        (
            Class::NotPermitted,
            "Ends the call, never read as \"no such zone\"; the missing action is named.",
        ),
        (
            Class::Credential,
            "Ends the call. Not retried, and for two minutes refused without a call.",
        ),
        (Class::Clock, "Retried once with the time of the answer's `Date`."),
        (Class::Throttled, "Retried later, within the time limit; others wait as well."),
        (Class::TooFrequent, "Ends the call; the caller is told to come back in a minute."),
        (Class::Server, "Retried up to five times, within the time limit."),
        (Class::Busy, "Retried slowly, within the time limit."),
        (Class::Permanent, "Ends the call: a person has to act."),
        (Class::TtlLimit, "Retried once with a TTL of 600."),
        (
            Class::Request,
            "Ends the call with Tencent's code and words. So does every code that is not listed here.",
        ),
    ];

    fn documented() -> serde_json::Value {
        serde_json::from_str(include_str!("../../tests/fixtures/v3_error_codes.json")).unwrap()
    }

    #[test]
    fn every_code_in_the_table_is_documented_and_stands_there_once() {
        let documented = documented();
        let mut seen = BTreeSet::new();
        for (_, lines) in TABLE {
            for (code, _) in *lines {
                assert!(seen.insert(*code), "{code} stands in the table twice");
                assert!(
                    documented["codes"].get(code).is_some() || COMMON.contains(code),
                    "{code} is not documented"
                );
            }
        }
    }

    /// What `error-codes.md` has to say.
    fn page() -> String {
        let documented = documented();
        let mut codes: BTreeSet<&str> =
            documented["codes"].as_object().unwrap().keys().map(String::as_str).collect();
        codes.extend(COMMON);
        let mut page = "# What becomes of each error code of API 3.0\n\n\
            Every code that Tencent documents for the product `dnspod`, and those that all products share. A test holds \
            this page to the code. A code that begins with AuthFailure, InternalError, RequestLimitExceeded, \
            ServiceUnavailable or UnauthorizedOperation and is not listed is read as that one.\n"
            .to_owned();
        for (class, what) in CLASSES {
            write!(
                page,
                "\n## {class:?}\n\n{what}\n\n| code | what a person is told |\n|---|---|\n"
            )
            .unwrap();
            for code in &codes {
                let meaning = meaning(code);
                if meaning.class != class {
                    continue;
                }
                let told = match meaning.advice {
                    "" if class == Class::NotPermitted => "which CAM action to allow",
                    "" => documented["codes"][code]["description"]
                        .as_str()
                        .unwrap_or("Tencent's words"),
                    advice => advice,
                };
                writeln!(page, "| `{code}` | {told} |").unwrap();
            }
        }
        page
    }

    #[test]
    fn the_page_of_error_codes_is_what_the_table_says() {
        let kept = include_str!("../../error-codes.md");
        let page = page();
        if kept != page {
            let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");
            let _ = std::fs::write(format!("{dir}/error-codes.md"), &page);
        }
        assert!(
            kept == page,
            "error-codes.md is out of date; target/error-codes.md is what it should be"
        );
    }

    #[test]
    fn no_documented_code_is_missing_from_the_page() {
        let page = page();
        let documented = documented();
        let codes = documented["codes"].as_object().unwrap();
        assert_eq!(codes.len(), 274);
        for code in codes.keys().map(String::as_str).chain(COMMON.iter().copied()) {
            assert_eq!(page.matches(&format!("| `{code}` |")).count(), 1, "{code}");
        }
    }

    #[test]
    fn a_code_of_a_family_is_read_as_its_family() {
        for code in [
            "RequestLimitExceeded",
            "RequestLimitExceeded.RequestLimitExceeded",
            "RequestLimitExceeded.UinLimitExceeded",
            "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
            "RequestLimitExceeded.IPLimitExceeded",
        ] {
            assert_eq!(meaning(code).class, Class::Throttled, "{code}");
        }
        assert_eq!(meaning("InternalError.DbError").class, Class::Server);
        assert_eq!(meaning("UnauthorizedOperation.CamNoAuth").class, Class::NotPermitted);
        assert_eq!(meaning("AuthFailure.UnauthorizedOperation").class, Class::NotPermitted);
        assert_eq!(meaning("AuthFailure.SomethingNew").class, Class::Credential);
    }

    #[test]
    fn an_unknown_code_is_never_read_as_success_or_as_another_zone() {
        for code in ["", "InvalidParameter", "InvalidParameter.CustomMessage", "New.Thing"] {
            assert_eq!(meaning(code), Meaning::UNKNOWN, "{code}");
        }
    }
}
