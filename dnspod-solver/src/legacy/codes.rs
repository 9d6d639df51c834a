//! What a status code of the legacy API means for us.
//!
//! Codes are matched, never messages: DNSPod rewords and translates those without notice, which has broken other programs
//! more than once.

mod table;

use self::table::{ANY, TABLE};
use crate::api3;
use crate::class::Meaning;

/// What `code` means as an answer to `action`.
///
/// A code that is no number is looked up among those of API 3.0, which serves both.
pub(super) fn meaning(action: &str, code: &str) -> Meaning {
    let line = |wanted: &str| {
        let (_, lines) = TABLE.iter().find(|(action, _)| *action == wanted)?;
        let (_, class, advice) = lines.iter().find(|(listed, ..)| *listed == code)?;
        Some(Meaning { class: *class, advice })
    };
    if code.parse::<i64>().is_err() {
        return api3::meaning(code);
    }
    line(action).or_else(|| line(ANY)).unwrap_or(Meaning::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use super::{ANY, Meaning, TABLE, meaning};
    use crate::class::Class;

    /// The manual's response codes of each action, and the common ones.
    const MANUAL: &[(&str, &[i64])] = &[
        (ANY, &[-1, -2, -3, -4, -7, -8, -99, 2, 3, 50, 51, 52, 53, 54, 83, 85]),
        ("Domain.Info", &[-7, -8, 6, 8]),
        ("Domain.List", &[6, 7, 9]),
        ("Record.List", &[-7, -8, 6, 7, 8, 9, 10]),
        (
            "Record.Create",
            &[
                -15, -7, -8, 6, 7, 21, 22, 23, 24, 25, 500_025, 500_026, 26, 27, 30, 31, 32, 33,
                34, 36, 82,
            ],
        ),
        ("Record.Remove", &[-15, -7, -8, 6, 7, 8, 21]),
    ];

    /// They speak of things we never send (a code of the D-Token, MX, AAAA and NS records).
    const LEFT_TO_THE_MESSAGE: &[i64] = &[51, 53, 30, 33, 36];

    /// What `legacy-codes.md` has to say.
    fn page() -> String {
        let mut page = "# What becomes of each status code of the legacy API\n\n\
            A code means something else in each action; one that an action does not list has its common meaning. The \
            classes are those of [error-codes.md](error-codes.md). A code that is in no table ends the call with DNSPod's \
            own words, after the list of zones or records was asked whether it matters. A test holds this page to the \
            code.\n"
            .to_owned();
        for (action, lines) in TABLE {
            let heading = if *action == ANY { "Every action" } else { action };
            write!(
                page,
                "\n## {heading}\n\n| code | class | what a person is told |\n|---|---|---|\n"
            )
            .unwrap();
            for (code, class, advice) in *lines {
                writeln!(page, "| `{code}` | {class:?} | {advice} |").unwrap();
            }
        }
        page
    }

    #[test]
    fn the_page_of_legacy_codes_is_what_the_table_says() {
        let page = page();
        if include_str!("../../legacy-codes.md") != page {
            let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");
            let _ = std::fs::write(format!("{dir}/legacy-codes.md"), &page);
            panic!("legacy-codes.md is out of date; target/legacy-codes.md is what it should be");
        }
    }

    #[test]
    fn every_code_of_the_manual_has_a_line_or_is_left_to_its_message() {
        for (action, codes) in MANUAL {
            for code in *codes {
                let known = meaning(action, &code.to_string()) != Meaning::UNKNOWN;
                assert_eq!(known, !LEFT_TO_THE_MESSAGE.contains(code), "{action}: {code}");
            }
        }
    }

    #[test]
    fn no_code_stands_in_an_action_twice_and_every_line_says_what_to_know() {
        let mut seen = BTreeSet::new();
        for (action, lines) in TABLE {
            for (code, class, advice) in *lines {
                assert!(seen.insert((action, code)), "{action}: {code} stands in the table twice");
                assert!(!advice.is_empty(), "{action}: {code} ({class:?})");
            }
        }
    }

    #[test]
    fn the_same_number_means_something_else_in_each_action() {
        let class = |action, code| meaning(action, code).class;
        assert_eq!(class("Domain.Info", "8"), Class::NotPermitted);
        assert_eq!(class("Record.List", "8"), Class::Request);
        assert_eq!(class("Record.Remove", "8"), Class::Gone);
        assert_eq!(class("Domain.List", "9"), Class::Gone);
        assert_eq!(class("Record.List", "9"), Class::NotPermitted);
        assert_eq!(class("Record.List", "10"), Class::Gone);
        assert_eq!(meaning("Record.Create", "10"), Meaning::UNKNOWN);
        assert_eq!(class("Record.Create", "104"), Class::AlreadyThere);
        assert_eq!(meaning("Record.Remove", "104"), Meaning::UNKNOWN);
    }

    #[test]
    fn common_codes_mean_the_same_in_every_action() {
        for (action, _) in MANUAL {
            assert_eq!(meaning(action, "-1").class, Class::Credential, "{action}");
            assert_eq!(meaning(action, "-2").class, Class::TooFrequent, "{action}");
            assert_eq!(meaning(action, "-99").class, Class::Server, "{action}");
        }
    }

    #[test]
    fn a_code_in_words_is_one_of_api_3_0() {
        let code = "InvalidParameter.DomainRecordExist";
        assert_eq!(meaning("Record.Create", code).class, Class::AlreadyThere);
        assert_eq!(meaning("Domain.Info", "AuthFailure.New").class, Class::Credential);
    }

    #[test]
    fn an_unknown_code_is_never_read_as_success_or_as_another_zone() {
        for code in ["", "0", "4711", "-5", "something new"] {
            assert_eq!(meaning("Domain.Info", code), Meaning::UNKNOWN, "{code}");
        }
    }
}
