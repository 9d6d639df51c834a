//! What each failure of an issuance means to the person at the keyboard.

use acme_core::dns01::{Answer, DnsProviderError, LookupError, ServerAnswer};
use acme_core::issue::{IssueError, Problem, with_causes};
use time::OffsetDateTime;

use super::Report;
use crate::ca;
use crate::exit_code::Exit;
use crate::wording;

impl Report {
    /// An error of the DNS provider outside of an issuance, seen at `now`.
    pub(crate) fn of_provider(error: &DnsProviderError, now: OffsetDateTime) -> Self {
        let (exit, hint) = provider(error, now);
        Self::new(exit, error.to_string(), hint)
    }

    /// An error of an issuance, seen at `now`.
    pub(crate) fn of_issue(error: &IssueError, now: OffsetDateTime) -> Self {
        let (exit, hint) = judge(error, now);
        let mut what = with_causes(error);
        if let IssueError::NotPropagated { servers, value, .. } = error {
            what.push_str(&answers(servers, value));
        }
        if let IssueError::InvalidRequest { field, reason } = error {
            what = format!("{}: {reason}", option(field));
        }
        Self { retry_at: error.retry_at(), ..Self::new(exit, what, hint) }
    }
}

fn judge(error: &IssueError, now: OffsetDateTime) -> (Exit, String) {
    let (exit, hint) = match error {
        IssueError::AuthorizationFailed { problem, .. } if problem.acme_kind() == Some("caa") => {
            (Exit::CaRefused, refused(problem))
        }
        IssueError::AuthorizationFailed { identifier, .. } => (
            Exit::CaRefused,
            format!(
                "the record was at every name server asked here, so ask where the CA asks: \
                 `dig +trace TXT _acme-challenge.{}`; two delegations or a wrong DNSSEC record are the usual causes",
                identifier.base()
            ),
        ),
        IssueError::BadCertificate { .. } => (
            Exit::CaRefused,
            "nothing was installed; tell the CA, or take another one with --ca".to_owned(),
        ),
        IssueError::CaaForbids { name, .. } => (
            Exit::CaRefused,
            format!("add a CAA record for this CA at {name}, or take one that is allowed with --ca"),
        ),
        IssueError::CaRefused { problem, .. } => (Exit::CaRefused, refused(problem)),
        IssueError::CaUnreachable { reason, .. } => (Exit::Unavailable, unreachable(reason)),
        // The signal decides how the process ends; this is for a cancellation without one.
        IssueError::Cancelled { .. } => (
            Exit::Interrupted,
            "run the same command again: it continues where this one stopped".to_owned(),
        ),
        IssueError::DnsProvider { source, .. } => return provider(source, now),
        IssueError::ExternalAccountRequired { ca } => {
            let from = ca::by_host(ca).and_then(|known| known.binding_from);
            (
                Exit::Configuration,
                format!(
                    "get a key id and an HMAC key from {}; give --eab-kid KID and set CERTCTL_EAB_HMAC_KEY",
                    from.unwrap_or("the CA")
                ),
            )
        }
        IssueError::Identifier(_) => (Exit::Usage, "change --domain".to_owned()),
        IssueError::InvalidRequest { field, .. } => {
            (Exit::Usage, format!("change {}", option(field)))
        }
        IssueError::Lookup { source, .. } => match source {
            LookupError::NoNameServer { .. } => (
                Exit::DnsNotVisible,
                "check the spelling, and that the domain is registered and delegated to DNSPod's name servers"
                    .to_owned(),
            ),
            _ => (
                Exit::DnsNotVisible,
                "check the spelling, that the domain is registered and delegated, and the servers asked \
                 (/etc/resolv.conf or --dns-server)"
                    .to_owned(),
            ),
        },
        IssueError::NotPropagated { .. } => (
            Exit::DnsNotVisible,
            "check that the domain is delegated to the name servers that DNSPod shows for the zone; \
             if they are only slow, give --propagation-timeout 30m"
                .to_owned(),
        ),
        IssueError::Store(error) => {
            let Report { exit, hint, .. } = Report::of_store(error);
            (exit, hint)
        }
        IssueError::TermsNotAccepted { .. } => {
            (Exit::Configuration, "read them, and if you agree add --accept-tos".to_owned())
        }
        IssueError::TimedOut { .. } => (
            Exit::Unavailable,
            "run the same command again: it continues this order; or wait longer with --ca-timeout 15m"
                .to_owned(),
        ),
        IssueError::UnusableAnswer { .. } => (
            Exit::Unavailable,
            "run the same command again; if it stays, check --ca and what stands between here and the CA"
                .to_owned(),
        ),
        IssueError::TryLater { retry_at, .. } => (Exit::TryLater, later(*retry_at, now)),
        _ => (Exit::Internal, "please report this".to_owned()),
    };
    (exit, hint)
}

fn later(retry_at: OffsetDateTime, now: OffsetDateTime) -> String {
    format!(
        "run the same command again after {}, in {}; another CA may be asked at once: --ca",
        wording::date(retry_at),
        wording::until(retry_at, now)
    )
}

fn provider(error: &DnsProviderError, now: OffsetDateTime) -> (Exit, String) {
    let (exit, hint) = match error {
        DnsProviderError::CredentialRefused { .. } => (
            Exit::CredentialRefused,
            "`certctl credentials` shows which credential is used and where it comes from; compare it with \
             https://console.cloud.tencent.com/cam/capi",
        ),
        DnsProviderError::NoCredential { .. } => (
            Exit::Configuration,
            "`certctl credentials` shows where the credential comes from; `certctl help credentials` where else it can",
        ),
        DnsProviderError::NotPermitted { .. } => (
            Exit::Configuration,
            "use a key of the account that has the zone, and allow its user these actions there: \
             dnspod:DescribeDomain, DescribeRecordList, CreateRecord, DeleteRecord; where the name is no zone \
             of yours, say which is: --zone",
        ),
        DnsProviderError::Rejected { .. } => {
            (Exit::Configuration, "look at the records of the zone in the DNSPod console")
        }
        DnsProviderError::Throttled { retry_after, .. } => {
            let wait = retry_after.unwrap_or(std::time::Duration::from_secs(60));
            let at = now + wait;
            return (
                Exit::TryLater,
                format!("run the same command again in {}", wording::until(at, now)),
            );
        }
        DnsProviderError::Unavailable { .. } => (
            Exit::Unavailable,
            "check the network, the proxy (HTTPS_PROXY) and --dnspod-endpoint, then try again",
        ),
        DnsProviderError::ZoneNotFound { .. } => (
            Exit::Configuration,
            "add the domain at https://console.dnspod.cn, use the key of the account that has it, or correct --zone",
        ),
        DnsProviderError::ZoneUnusable { .. } => {
            (Exit::Configuration, "look at the zone's status in the DNSPod console")
        }
        _ => (Exit::Internal, "please report this"),
    };
    (exit, hint.to_owned())
}

/// What helps against a refusal, by its type (RFC 8555 §6.7).
fn refused(problem: &Problem) -> String {
    match problem.acme_kind() {
        Some("accountDoesNotExist" | "unauthorized") => {
            "the CA no longer knows the stored account: move its directory under accounts/ away and try again"
        }
        Some("caa") => "add a CAA record that allows this CA, or take another with --ca",
        Some("externalAccountRequired") => {
            "check --eab-kid and CERTCTL_EAB_HMAC_KEY: a binding can be used once and expires"
        }
        Some("invalidContact" | "unsupportedContact") => "change --email, or leave it out",
        Some("invalidProfile") => "choose another --profile, or leave it out",
        Some("rejectedIdentifier") => "this CA issues for none such; leave the name out, or try another --ca",
        Some("userActionRequired") => "do what the CA asks in a browser, then try again",
        Some("badCSR" | "badPublicKey") => "choose another --key-type",
        _ => "change what the CA complains about, or take another with --ca",
    }
    .to_owned()
}

fn unreachable(reason: &str) -> String {
    let lower = reason.to_lowercase();
    if lower.contains("certificate") || lower.contains("unknownissuer") {
        "for a CA of your own give its root certificate: --ca-root FILE; otherwise something stands in between"
    } else {
        "check the address (--ca), the network and the proxy (HTTPS_PROXY, NO_PROXY), then try again"
    }
    .to_owned()
}

/// What the servers that do not answer the value said, as an appendix to a sentence.
fn answers(servers: &[ServerAnswer], value: &String) -> String {
    if servers.is_empty() {
        return ": none answered".to_owned();
    }
    let lacks = |server: &&ServerAnswer| match &server.answer {
        Answer::Values(values) => !values.contains(value),
        _ => true,
    };
    let said: Vec<String> = servers.iter().filter(lacks).map(wording::server).collect();
    format!(": {}", said.join("; "))
}

/// The option behind a field of `IssueRequest` or `HttpOptions`.
fn option(field: &str) -> &str {
    match field {
        "identifiers" => "--domain",
        "directory" => "--ca",
        "extra_roots" => "--ca-root",
        "proxy" => "HTTPS_PROXY",
        "key_type" => "--key-type",
        "name" => "--name",
        "profile" => "--profile",
        "preferred_chain" => "--preferred-chain",
        "email" => "--email",
        "external_account" => "--eab-kid, CERTCTL_EAB_HMAC_KEY",
        other => other,
    }
}

#[cfg(test)]
mod tests;
