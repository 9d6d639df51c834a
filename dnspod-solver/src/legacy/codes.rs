//! What each status code of the legacy API means for us: one table, to be read beside the manual's lists of response
//! codes (<https://docs.dnspod.cn/api/>: each action has its own, and there are common ones).
//!
//! A code below 100 means something else in each action, so the table is keyed on both. Codes are matched, never
//! messages: DNSPod rewords and translates those without notice, which has broken other programs more than once.

use crate::api3;
use crate::class::{Class, Meaning};

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

/// In place of an action: the common codes, which every action may answer. An action's own line wins.
const ANY: &str = "*";

const CHECK_TOKEN: &str = "the DNSPod token is not accepted; check ID and Token at \
                           https://console.dnspod.cn/account/token/token (the international site has tokens of its own)";
const SECOND_FACTOR: &str = "the account asks for a second factor (D-Token), which this API cannot give; use a \
                             Tencent Cloud API key instead of the DNSPod token";
const NOT_YOURS: &str = "the zone belongs to another account or is not shared with this one; use a token of the \
                         account that holds it";
const UPGRADE: &str = "the account's plan does not permit this; upgrade it in the DNSPod console";
const NO_SUCH_ZONE: &str = "the account has no such zone";
const NO_SUCH_ZONE_ID: &str = "the account has no zone of this id";
const LOCKED: &str = "the zone is locked; unlock it in the DNSPod console";
const LATER: &str = "DNSPod's side failed; this is tried again later";
const TTL: &str = "the zone's plan does not permit this TTL; set 600";
const MOST_RECORDS: &str = "the name has as many records as the zone's plan permits";
const PAGE: &str = "DNSPod does not accept the page that was asked for";

type Lines = &'static [(&'static str, Class, &'static str)];

const TABLE: &[(&str, Lines)] = &[
    (
        ANY,
        &[
            ("-1", Class::Credential, CHECK_TOKEN),
            ("-2", Class::TooFrequent, "the account makes too many calls; wait a minute"),
            ("-3", Class::NotPermitted, "the account is no agent of DNSPod"),
            ("-4", Class::NotPermitted, "the user is not under this agent"),
            ("-7", Class::NotPermitted, UPGRADE),
            // The manual's lists for single actions give it a second meaning, which only agents can meet.
            (
                "-8",
                Class::Credential,
                "the account is banned after too many refused logins; correct the token and wait an hour",
            ),
            ("-15", Class::Permanent, "the zone is banned; ask DNSPod's support"),
            ("-99", Class::Server, "DNSPod has suspended this action; this is tried again later"),
            (
                "2",
                Class::Request,
                "DNSPod accepts POST only; something on the way turned it into GET",
            ),
            ("3", Class::Server, LATER),
            ("50", Class::Credential, SECOND_FACTOR),
            ("52", Class::Credential, SECOND_FACTOR),
            (
                "54",
                Class::NotPermitted,
                "the zone's owner demands a second factor (D-Token) of whoever manages it; use a Tencent Cloud API key",
            ),
            ("83", Class::Permanent, "the account is locked; ask DNSPod's support"),
            (
                "85",
                Class::Credential,
                "the account refuses logins from this place; change that in the DNSPod console",
            ),
            // The manual does not have these. Seen: 10002 "The login token ID is invalid" (acme.sh #4651), 10003
            // "Token not exist" (acme.sh #2806), 20004 "user token validate failed" (NewFuture/DDNS #286). API 3.0
            // has the same family with a third member, LoginTokenValidateFailed, which 10004 is taken for.
            ("10002", Class::Credential, CHECK_TOKEN),
            ("10003", Class::Credential, CHECK_TOKEN),
            ("10004", Class::Credential, CHECK_TOKEN),
            ("20004", Class::Credential, CHECK_TOKEN),
        ],
    ),
    (
        "Domain.Info",
        &[
            ("6", Class::NotMyZone, NO_SUCH_ZONE),
            ("8", Class::NotPermitted, NOT_YOURS),
            // Not in the manual; what a name that is no zone is answered with since 2023
            // (tengattack/certbot-dns-dnspod #13).
            ("13", Class::NotMyZone, NO_SUCH_ZONE),
        ],
    ),
    (
        "Domain.List",
        &[
            ("6", Class::Request, PAGE),
            ("7", Class::Request, PAGE),
            ("9", Class::Gone, "the account has no zone"),
        ],
    ),
    (
        "Record.List",
        &[
            ("6", Class::NotMyZone, NO_SUCH_ZONE_ID),
            ("7", Class::Request, PAGE),
            ("8", Class::Request, PAGE),
            ("9", Class::NotPermitted, NOT_YOURS),
            ("10", Class::Gone, "no record has this name and type"),
            ("13", Class::NotMyZone, NO_SUCH_ZONE),
        ],
    ),
    (
        "Record.Create",
        &[
            // Or of another parameter. The id is the only one that can turn wrong between two calls; asking for the
            // zone anew tells which.
            ("6", Class::NotMyZone, "DNSPod does not accept the zone's id"),
            ("7", Class::NotPermitted, NOT_YOURS),
            ("13", Class::NotMyZone, NO_SUCH_ZONE),
            ("21", Class::Permanent, LOCKED),
            ("22", Class::Request, "DNSPod does not accept this record name"),
            (
                "23",
                Class::Request,
                "the name has more labels below the zone than the zone's plan permits; upgrade the plan, or point the \
                 name by CNAME at a shorter one",
            ),
            ("24", Class::Request, "the zone's plan does not permit this wildcard level"),
            ("25", Class::Request, MOST_RECORDS),
            (
                "26",
                Class::Request,
                "the record line is not accepted; records are created on the default line, id 0",
            ),
            ("27", Class::Request, "DNSPod does not accept TXT records here"),
            // The manual has it for Record.Modify.
            ("29", Class::TtlLimit, TTL),
            (
                "31",
                Class::Request,
                "the name has a record, such as a CNAME, that no TXT record may stand beside; delete that one",
            ),
            // The international site's manual says: too many NS records. We create none.
            ("32", Class::TtlLimit, TTL),
            ("34", Class::Request, "DNSPod does not accept this value"),
            ("82", Class::Request, "the value is on DNSPod's list of forbidden ones"),
            // Not in the manual; other programs know it.
            ("104", Class::AlreadyThere, "the record is there already"),
            ("500025", Class::Request, MOST_RECORDS),
            ("500026", Class::Request, MOST_RECORDS),
        ],
    ),
    (
        "Record.Remove",
        &[
            ("6", Class::NotMyZone, NO_SUCH_ZONE_ID),
            ("7", Class::NotPermitted, NOT_YOURS),
            ("8", Class::Gone, "no record has this id"),
            ("13", Class::NotMyZone, NO_SUCH_ZONE),
            ("21", Class::Permanent, LOCKED),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ANY, Class, Meaning, TABLE, meaning};

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
