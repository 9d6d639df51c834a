//! `certctl credentials`.

use acme_core::dns01::{DnsProvider as _, DnsProviderError};
use acme_core::{Clock as _, DnsName, SystemClock};
use dnspod_solver::{CallerIdentity, DnsPod, FoundCredential};
use serde::Serialize;
use time::OffsetDateTime;

use crate::config::{CredentialsConfig, Screen};
use crate::report::Report;
use crate::{logging, runtime, stdout, wording};

/// A name that nobody can have (RFC 2606 §2): whether an account has a zone for it costs one call, and only an accepted
/// token is told that it has none.
const NOBODYS: &str = "certctl.invalid";

/// Says which credential is used and whose it is, or prints the policy that it needs.
pub(crate) fn run(config: CredentialsConfig, screen: Screen) -> Result<(), Report> {
    logging::start(config.verbose, screen.colour);
    for warning in &config.dnspod.warnings {
        Report::warn(warning, screen.colour);
    }
    runtime::block_on(async {
        let now = SystemClock.now();
        let login_token = match &config.dnspod.credential {
            FoundCredential::LoginToken { token, .. } => Some(token.id().to_owned()),
            FoundCredential::TencentCloud(_) => None,
        };
        let source = config.dnspod.origin.clone();
        let role = config.dnspod.role_arn.clone();
        let built = config.dnspod.provider(config.http, None).build();
        let dnspod = built.map_err(|error| Report::of_dnspod_options(&error))?;
        if let Some(name) = &config.policy_for {
            return stdout::write(&format!("{}\n", policy(&dnspod, name, now).await?));
        }
        let failed = |error: &DnsProviderError| refused(error, &source, now);
        let caller = dnspod.caller_identity().await.map_err(|error| failed(&error))?;
        let shown = match (caller, login_token) {
            (Some(caller), _) => Shown { source: &source, role, kind: Kind::ApiKey(caller) },
            (None, id) => {
                accepted(&dnspod).await.map_err(|error| failed(&error))?;
                let token_id = id.unwrap_or_default();
                Shown { source: &source, role, kind: Kind::DnspodToken { token_id } }
            }
        };
        let text = if config.json {
            serde_json::to_string(&shown)
                .map_err(|error| Report::internal(format_args!("cannot encode it: {error}")))?
                + "\n"
        } else {
            shown.text(now)
        };
        stdout::write(&text)
    })
}

/// What is printed.
#[derive(Serialize)]
struct Shown<'a> {
    source: &'a str,
    /// The role that is assumed with it.
    role: Option<String>,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Serialize)]
#[serde(tag = "credential", rename_all = "snake_case")]
enum Kind {
    ApiKey(CallerIdentity),
    DnspodToken { token_id: String },
}

impl Shown<'_> {
    fn text(&self, now: OffsetDateTime) -> String {
        let mut lines = vec![("source", self.source.to_owned())];
        lines.extend(self.role.iter().map(|role| ("role", role.clone())));
        match &self.kind {
            Kind::ApiKey(caller) => {
                lines.push(("SecretId", caller.secret_id.clone()));
                lines.push(("valid", valid(caller.ends, now)));
                lines.push(("account", caller.account_id.clone()));
                lines.push(("caller", format!("{} ({})", caller.arn, caller.kind)));
            }
            Kind::DnspodToken { token_id } => {
                lines.push(("token", format!("DNSPod token {token_id}, accepted")));
            }
        }
        lines.iter().map(|(what, value)| line(what, value)).collect()
    }
}

/// The error, with the credential it is about: also where it is refused a person must see which one that was.
fn refused(error: &DnsProviderError, source: &str, now: OffsetDateTime) -> Report {
    let report = Report::of_provider(error, now);
    let hint = match error {
        DnsProviderError::CredentialRefused { .. } => {
            "compare it with https://console.cloud.tencent.com/cam/capi".to_owned()
        }
        DnsProviderError::NoCredential { .. } => {
            "`certctl help credentials` shows where else a credential can come from".to_owned()
        }
        _ => report.hint,
    };
    Report { what: format!("{} (from {source})", report.what), hint, ..report }
}

fn line(what: &str, value: &str) -> String {
    format!("{:<10}{value}\n", format!("{what}:"))
}

fn valid(ends: Option<OffsetDateTime>, now: OffsetDateTime) -> String {
    match ends {
        None => "until it is deleted".to_owned(),
        Some(ends) => {
            format!("until {}, {} from now", wording::date(ends), wording::until(ends, now))
        }
    }
}

/// Whether DNSPod accepts the token of `dnspod`.
async fn accepted(dnspod: &DnsPod) -> Result<(), DnsProviderError> {
    let nobodys = DnsName::parse(NOBODYS).expect("the constant is a name");
    match dnspod.find_zone(&nobodys).await {
        Err(DnsProviderError::ZoneNotFound { .. }) => Ok(()),
        other => other,
    }
}

async fn policy(dnspod: &DnsPod, name: &DnsName, now: OffsetDateTime) -> Result<String, Report> {
    let policy = dnspod.policy_for(name).await;
    policy.map_err(|error| Report::of_provider(&error, now))?.ok_or_else(|| {
        Report::configuration(
            "a DNSPod token may do everything in its account, and no policy changes that",
            "make an API key at https://console.cloud.tencent.com/cam/capi instead",
        )
    })
}
