use super::*;
use crate::dns01::{MemoryLookup, MemoryProvider};

const OURS: &str = "ca.example";
const ACCOUNT: &str = "https://acme.ca.example/acct/1";

/// Records in the way people write them: `name [critical] tag value`.
fn lookup(records: &[(&str, &str, &str)]) -> MemoryLookup {
    records.iter().fold(MemoryLookup::new(&MemoryProvider::new([])), |lookup, (at, tag, value)| {
        let critical = tag.starts_with('!');
        let record = CaaRecord {
            critical,
            tag: tag.trim_start_matches('!').to_owned(),
            value: (*value).to_owned(),
        };
        lookup.caa_record(DnsName::parse(at).unwrap(), record)
    })
}

async fn check_as(
    records: &[(&str, &str, &str)],
    identifier: &str,
    account: Option<&str>,
) -> Result<(), String> {
    let identifiers = [Identifier::parse(identifier).unwrap()];
    let account = account.map(|url| Url::parse(url).unwrap());
    let identities = [OURS.to_owned(), "second.ca.example".to_owned()];
    let lookup = lookup(records);
    match check(&lookup, &identifiers, &identities, account.as_ref()).await {
        Ok(warnings) => {
            assert!(warnings.is_empty(), "{warnings:?}");
            Ok(())
        }
        Err(refusal) => Err(format!("{}: {}", refusal.name, refusal.reason)),
    }
}

#[tokio::test]
async fn records_decide_as_rfc_8659_says() {
    for (records, identifier, permitted) in [
        (vec![], "ws.example", true),
        (vec![("ws.example", "issue", "ca.example")], "ws.example", true),
        (vec![("ws.example", "issue", "CA.Example")], "ws.example", true),
        (vec![("ws.example", "issue", "second.ca.example")], "ws.example", true),
        (vec![("ws.example", "issue", "other.example")], "ws.example", false),
        (vec![("ws.example", "issue", ";")], "ws.example", false),
        (vec![("ws.example", "issue", "%%%%%")], "ws.example", false),
        // One record that permits is enough.
        (
            vec![("ws.example", "issue", "other.example"), ("ws.example", "issue", OURS)],
            "ws.example",
            true,
        ),
        // Records that restrict nothing.
        (vec![("ws.example", "iodef", "mailto:a@ws.example")], "ws.example", true),
        (vec![("ws.example", "!iodef", "mailto:a@ws.example")], "ws.example", true),
        (vec![("ws.example", "future", "x")], "ws.example", true),
        (vec![("ws.example", "!future", "x"), ("ws.example", "issue", OURS)], "ws.example", false),
        // `issuewild` is for wildcards only, and takes the place of `issue` there.
        (vec![("ws.example", "issuewild", ";")], "ws.example", true),
        (vec![("ws.example", "issuewild", ";")], "*.ws.example", false),
        (
            vec![("ws.example", "issue", ";"), ("ws.example", "issuewild", OURS)],
            "*.ws.example",
            true,
        ),
        (
            vec![("ws.example", "issue", ";"), ("ws.example", "issuewild", OURS)],
            "ws.example",
            false,
        ),
        (vec![("ws.example", "issue", "other.example")], "*.ws.example", false),
        // The climb: the nearest records count, and only they.
        (vec![("example", "issue", "other.example")], "a.b.ws.example", false),
        (
            vec![("example", "issue", "other.example"), ("ws.example", "issue", OURS)],
            "a.b.ws.example",
            true,
        ),
        (vec![("a.ws.example", "issue", ";")], "b.ws.example", true),
    ] {
        let result = check_as(&records, identifier, None).await;
        assert_eq!(result.is_ok(), permitted, "{identifier} with {records:?}: {result:?}");
    }
}

#[tokio::test]
async fn parameters_decide_as_rfc_8657_says() {
    let other = "https://acme.ca.example/acct/2";
    for (parameters, account, permitted) in [
        (format!("accounturi={ACCOUNT}"), Some(ACCOUNT), true),
        (format!("accounturi={ACCOUNT}"), Some(other), false),
        (format!("accounturi={ACCOUNT}"), None, true),
        (format!("accounturi={ACCOUNT}; accounturi={ACCOUNT}"), Some(ACCOUNT), false),
        ("validationmethods=dns-01".to_owned(), None, true),
        ("validationmethods=http-01,dns-01".to_owned(), None, true),
        ("validationmethods=http-01".to_owned(), None, false),
        ("validationmethods=".to_owned(), None, false),
        ("somethingelse=1".to_owned(), Some(ACCOUNT), true),
    ] {
        let value = format!("{OURS}; {parameters}");
        let result = check_as(&[("ws.example", "issue", &value)], "ws.example", account).await;
        assert_eq!(result.is_ok(), permitted, "{value} for {account:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_records_and_what_to_add() {
    let records = [("ws.example", "issue", "other.example"), ("ws.example", "issue", ";")];
    let refusal = check_as(&records, "www.ws.example", None).await.unwrap_err();
    assert_eq!(
        refusal,
        "ws.example: `0 issue \"other.example\"` names another CA, `0 issue \";\"` permits nobody; \
         add a record `issue \"ca.example\"`"
    );
}

#[tokio::test]
async fn each_name_is_asked_for_once_however_many_identifiers_share_it() {
    let identifiers: Vec<Identifier> =
        ["ws.example", "*.ws.example", "a.ws.example", "*.b.ws.example"]
            .map(|name| Identifier::parse(name).unwrap())
            .into();
    let lookup = lookup(&[]);
    assert_eq!(check(&lookup, &identifiers, &[OURS.to_owned()], None).await, Ok(Vec::new()));
    assert_eq!(lookup.queries(), 4, "example, ws.example, a.ws.example, b.ws.example");
}

#[tokio::test]
async fn a_ca_without_identities_is_not_judged() {
    let lookup = lookup(&[("ws.example", "issue", ";")]);
    let identifiers = [Identifier::parse("ws.example").unwrap()];
    assert_eq!(check(&lookup, &identifiers, &[], None).await, Ok(Vec::new()));
    assert_eq!(lookup.queries(), 0);
}

#[tokio::test]
async fn a_lookup_that_fails_on_the_way_up_warns_and_forbids_nothing() {
    let lookup = lookup(&[("example", "issue", ";")])
        .failing(DnsName::parse("ws.example").unwrap(), "every server is silent");
    let identifiers = ["a.ws.example", "b.ws.example"].map(|name| Identifier::parse(name).unwrap());
    let warnings = check(&lookup, &identifiers, &[OURS.to_owned()], None).await.unwrap();
    assert_eq!(warnings.len(), 1, "one for each name that failed: {warnings:?}");
    assert!(warnings[0].contains("for ws.example"), "{warnings:?}");
    assert!(warnings[0].contains("every server is silent"), "{warnings:?}");
}

#[tokio::test]
async fn a_lookup_that_fails_above_the_records_that_decide_does_not_matter() {
    let lookup = lookup(&[("ws.example", "issue", OURS)])
        .failing(DnsName::parse("example").unwrap(), "every server is silent");
    let identifiers = [Identifier::parse("ws.example").unwrap()];
    assert_eq!(check(&lookup, &identifiers, &[OURS.to_owned()], None).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_record_that_holds_control_characters_is_shown_on_one_line() {
    let refused = check_as(&[("ws.example", "!a\u{1b}[2J\n", "b\r")], "ws.example", None).await;
    let reason = refused.unwrap_err();
    assert!(!reason.chars().any(char::is_control), "{reason:?}");
    assert!(reason.contains(r"a\u{1b}[2J\n"), "{reason}");
}
