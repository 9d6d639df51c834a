//! What a person is told at the end: data on standard output, the rest on standard error.

use std::collections::BTreeMap;
use std::io::Write as _;

use acme_core::issue::{IssueRequest, Outcome, Phase, Summary};
use acme_core::store::Entry;
use time::OffsetDateTime;

use crate::report::Report;
use crate::{stdout, wording};

/// Tells how it went. `now` is when it ended.
pub(crate) fn print(
    outcome: &Outcome,
    request: &IssueRequest,
    in_sandbox: bool,
    quiet: bool,
    now: OffsetDateTime,
) -> Result<(), Report> {
    let (talk, next) = match outcome {
        Outcome::AlreadyGood { not_after, renew_at, .. } => (
            format!(
                "The certificate {} is good until {}; nobody was asked anything.\n\
                 It is due for renewal on {}.",
                request.name,
                wording::date(*not_after),
                wording::date(*renew_at),
            ),
            "Next: nothing. The same command, run daily, renews it when it is time; --force does so now."
                .to_owned(),
        ),
        Outcome::Issued(summary) if request.dry_run => (
            issued(summary, "Dry run", now),
            "Next: everything works. Leave out --dry-run to get the certificate.".to_owned(),
        ),
        Outcome::Issued(summary) => (issued(summary, "Issued", now), next(summary, in_sandbox)),
    };
    say(quiet, &talk);
    stdout::write(&paths(outcome, &request.name))?;
    say(quiet, &next);
    Ok(())
}

/// The files, a line each: `fullchain: PATH`.
fn paths(outcome: &Outcome, name: &str) -> String {
    let lines: Vec<String> = match outcome {
        Outcome::AlreadyGood { location, .. } => Entry::Certificate(name.to_owned())
            .files()
            .iter()
            .map(|file| format!("{}: {location}/{file}\n", file.trim_end_matches(".pem")))
            .collect(),
        Outcome::Issued(summary) => {
            summary.paths.iter().map(|(role, path)| format!("{role}: {path}\n")).collect()
        }
    };
    lines.concat()
}

fn issued(summary: &Summary, how: &str, now: OffsetDateTime) -> String {
    let names: Vec<String> = summary.identifiers.iter().map(ToString::to_string).collect();
    let names = match names.as_slice() {
        [first, .., _] if names.len() > 5 => {
            format!("{first} and {} more names", names.len() - 1)
        }
        _ => names.join(", "),
    };
    format!(
        "{how}: {names}\n\
         Good until {} ({}), serial {}.\n\
         It took {}: {}.\n\
         That was {} to the CA, {} to DNSPod and {}.",
        wording::date(summary.not_after),
        wording::until(summary.not_after, now),
        summary.serial,
        seconds(summary.total_ms),
        phases(&summary.phases_ms),
        wording::count(summary.acme_requests, "request"),
        wording::count(summary.provider_calls, "call"),
        wording::count(summary.dns_queries, "DNS question"),
    )
}

fn phases(spent: &BTreeMap<Phase, u64>) -> String {
    let name = |phase: &Phase| match phase {
        Phase::Account => "account",
        Phase::Order => "order",
        Phase::Publish => "TXT records",
        Phase::Propagate => "name servers",
        Phase::Validate => "validation",
        Phase::Finalize => "certificate",
        _ => "other",
    };
    let parts: Vec<String> = spent
        .iter()
        .map(|(phase, millis)| format!("{} {}", name(phase), seconds(*millis)))
        .collect();
    parts.join(", ")
}

fn seconds(millis: u64) -> String {
    wording::elapsed(std::time::Duration::from_millis(millis))
}

/// What to do with it.
fn next(summary: &Summary, in_sandbox: bool) -> String {
    let path = |role: &str| summary.paths.get(role).map_or("", String::as_str);
    let (fullchain, privkey) = (path("fullchain"), path("privkey"));
    if in_sandbox {
        return format!(
            "Next: look at it:\n  \
             certctl show {fullchain}\n\
             It comes from the sandbox, and nobody trusts it. For a real one set the credential\n\
             (certctl issue --help) and put --accept-tos in place of --sandbox."
        );
    }
    format!(
        "Next: point your server at these files and let it reload. In nginx:\n  \
         ssl_certificate     {fullchain};\n  \
         ssl_certificate_key {privkey};\n\
         Run the same command daily to renew it when it is time."
    )
}

fn say(quiet: bool, text: &str) {
    if !quiet {
        // Where standard error is gone there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}
