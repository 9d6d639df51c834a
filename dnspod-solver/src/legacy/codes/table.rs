//! The table of codes, to be read beside the manual's lists of response codes (<https://docs.dnspod.cn/api/>: each action
//! has its own, and there are common ones). A code below 100 means something else in each action, so the table is keyed
//! on both.

use crate::class::Class;

/// In place of an action: the common codes, which every action may answer. An action's own line wins.
pub(super) const ANY: &str = "*";

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

pub(super) type Lines = &'static [(&'static str, Class, &'static str)];

pub(super) const TABLE: &[(&str, Lines)] = &[
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
