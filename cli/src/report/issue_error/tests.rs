use std::io;
use std::time::Duration;

use acme_core::dns01::Answer;
use acme_core::store::StoreError;
use acme_core::{DnsName, Identifier};
use time::macros::datetime;
use url::Url;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn report(error: &IssueError) -> Report {
    let report = Report::of_issue(error, NOW);
    assert!(!report.what.contains('\n') && !report.hint.is_empty() && !report.hint.contains('\n'));
    report
}

fn name() -> DnsName {
    DnsName::parse("_acme-challenge.ws.example").unwrap()
}

fn ca() -> String {
    "ca.example".to_owned()
}

fn problem(kind: &str) -> Problem {
    let kind = format!("urn:ietf:params:acme:error:{kind}");
    Problem { kind, detail: "it says no".to_owned(), ..Problem::default() }
}

fn of_provider(source: DnsProviderError) -> Report {
    report(&IssueError::DnsProvider { record: name(), source })
}

#[test]
fn each_failure_ends_with_the_exit_code_of_who_must_act() {
    let identifier = Identifier::parse("*.ws.example").unwrap();
    let reason = "a reason".to_owned();
    let errors = [
        (
            Exit::CaRefused,
            IssueError::AuthorizationFailed {
                ca: ca(),
                identifier: identifier.clone(),
                problem: problem("dns").into(),
            },
        ),
        (Exit::CaRefused, IssueError::BadCertificate { ca: ca(), reason: reason.clone() }),
        (
            Exit::CaRefused,
            IssueError::CaaForbids { name: name(), ca: ca(), identifier, reason: reason.clone() },
        ),
        (
            Exit::CaRefused,
            IssueError::CaRefused {
                ca: ca(),
                doing: "create an order",
                problem: problem("malformed").into(),
            },
        ),
        (
            Exit::Unavailable,
            IssueError::CaUnreachable {
                ca: ca(),
                doing: "read its directory",
                reason: reason.clone(),
            },
        ),
        (Exit::Configuration, IssueError::ExternalAccountRequired { ca: ca() }),
        (Exit::Usage, IssueError::Identifier(Identifier::parse("").unwrap_err())),
        (Exit::Usage, IssueError::InvalidRequest { field: "directory", reason: reason.clone() }),
        (
            Exit::DnsNotVisible,
            IssueError::Lookup {
                name: name(),
                source: LookupError::NoNameServer { name: name(), reason: reason.clone() },
            },
        ),
        (
            Exit::Configuration,
            IssueError::Store(StoreError::Damaged { location: "here".to_owned(), reason }),
        ),
        (
            Exit::TryLater,
            IssueError::Store(StoreError::Locked {
                location: "here".to_owned(),
                waited: Duration::from_secs(1),
            }),
        ),
        (Exit::Configuration, IssueError::TermsNotAccepted { ca: ca(), terms: None }),
        (
            Exit::Unavailable,
            IssueError::TimedOut {
                ca: ca(),
                waiting_for: "the order".to_owned(),
                waited: Duration::from_secs(300),
            },
        ),
    ];
    for (exit, error) in errors {
        assert_eq!(report(&error).exit, exit, "{error:?}");
    }
}

#[test]
fn a_provider_that_refuses_the_credential_is_told_from_one_that_lacks_the_zone() {
    let provider = "DNSPod".to_owned();
    let (zone, reason) = ("ws.example".to_owned(), "a reason".to_owned());
    let refused =
        DnsProviderError::CredentialRefused { provider: provider.clone(), reason: reason.clone() };
    let refused = of_provider(refused);
    assert_eq!(refused.exit, Exit::CredentialRefused);
    assert_eq!(
        refused.what,
        "cannot create the TXT record _acme-challenge.ws.example: DNSPod refused the credential: a reason"
    );
    let not_permitted = DnsProviderError::NotPermitted {
        provider: provider.clone(),
        zone: zone.clone(),
        reason: reason.clone(),
    };
    assert_eq!(of_provider(not_permitted).exit, Exit::Configuration);
    let not_found = DnsProviderError::ZoneNotFound {
        provider: provider.clone(),
        name: zone.clone(),
        tried: zone.clone(),
    };
    assert_eq!(of_provider(not_found).exit, Exit::Configuration);
    let unavailable =
        DnsProviderError::Unavailable { provider: provider.clone(), reason: reason.clone() };
    assert_eq!(of_provider(unavailable).exit, Exit::Unavailable);
    let throttled = DnsProviderError::Throttled {
        provider,
        reason,
        retry_after: Some(Duration::from_secs(90)),
    };
    let throttled = of_provider(throttled);
    assert_eq!(throttled.exit, Exit::TryLater);
    assert!(throttled.hint.contains("1 min"), "{}", throttled.hint);
}

#[test]
fn try_later_says_when() {
    let report = report(&IssueError::TryLater {
        ca: ca(),
        doing: "create an order".into(),
        retry_at: datetime!(2026-11-23 13:30 UTC),
        problem: problem("rateLimited").into(),
    });
    assert_eq!(report.exit, Exit::TryLater);
    assert_eq!(report.retry_at, Some(datetime!(2026-11-23 13:30 UTC)));
    assert!(report.hint.contains("after 2026-11-23 13:30 UTC, in 1 h"), "{}", report.hint);
}

#[test]
fn a_record_that_does_not_appear_is_told_with_what_each_server_said() {
    let server = |address: &str, answer| ServerAnswer {
        server: "ns1.example".to_owned(),
        address: address.parse().unwrap(),
        answer,
    };
    let report = report(&IssueError::NotPropagated {
        name: name(),
        value: "v".to_owned(),
        waited: Duration::from_secs(3),
        servers: vec![
            server("192.0.2.1:53", Answer::NoTxt),
            server("192.0.2.3:53", Answer::Values(vec!["v".to_owned()])),
            server("192.0.2.2:53", Answer::NotAuthoritative("REFUSED".to_owned())),
        ],
    });
    assert_eq!(report.exit, Exit::DnsNotVisible);
    assert!(
        report.what.ends_with(
            ": ns1.example (192.0.2.1:53): no TXT record; ns1.example (192.0.2.2:53): not authoritative (REFUSED)"
        ),
        "{}",
        report.what
    );
}

#[test]
fn an_error_and_its_cause_are_each_said_once() {
    let source = io::Error::from(io::ErrorKind::PermissionDenied);
    let error = StoreError::Io { doing: "write", location: "/srv/state.json".to_owned(), source };
    let report = report(&IssueError::Store(error));
    assert_eq!(report.what, "cannot write /srv/state.json: permission denied");
    assert!(report.hint.contains("directory"), "{}", report.hint);
}

#[test]
fn hints_fit_what_the_ca_said() {
    let hint = |kind| {
        report(&IssueError::CaRefused {
            ca: ca(),
            doing: "create an account",
            problem: problem(kind).into(),
        })
        .hint
    };
    assert!(hint("invalidContact").contains("--email"));
    assert!(hint("externalAccountRequired").contains("CERTCTL_EAB_HMAC_KEY"));
    assert!(hint("invalidProfile").contains("--profile"));

    let host = Url::parse(ca::KNOWN[2].directory).unwrap().host_str().unwrap().to_owned();
    let binding = report(&IssueError::ExternalAccountRequired { ca: host });
    assert!(binding.hint.contains("zerossl.com") && binding.hint.contains("--eab-kid"));
}

#[test]
fn an_unknown_root_is_told_from_a_network_that_is_down() {
    let hint = |reason: &str| {
        let reason = reason.to_owned();
        report(&IssueError::CaUnreachable { ca: ca(), doing: "read its directory", reason }).hint
    };
    assert!(hint("invalid peer certificate: UnknownIssuer").contains("--ca-root"));
    assert!(hint("Connection refused (os error 111)").contains("network"));
}
