//! What `certctl issue` is asked for.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use acme_core::certificate::CertificateInfo;
use acme_core::http::HttpOptions;
use acme_core::issue::{CertificateAuthority, ExternalAccountBinding, IssueRequest, KeyPolicy};
use acme_core::key::KeyType;
use acme_core::store::Entry;
use acme_core::{DnsName, Identifier, IdentifierError};
use url::Url;

use super::dnspod::{Dnspod, Endpoints};
use super::setting::{Setting, Settings};
use super::{USER_AGENT, proxy};
use crate::args::IssueArgs;
use crate::ca;
use crate::report::Report;

/// All that `certctl issue` needs to know.
pub(crate) struct IssueConfig {
    pub(crate) wanted: Wanted,
    /// Names that were given more than once.
    pub(crate) repeated: Vec<Identifier>,
    pub(crate) state_dir: PathBuf,
    pub(crate) target: Target,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
}

/// The certificate that is asked for, whoever issues it.
pub(crate) struct Wanted {
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) dry_run: bool,
    name: Option<String>,
    email: Option<String>,
    key_type: KeyType,
    key_policy: KeyPolicy,
    profile: Option<String>,
    preferred_chain: Option<String>,
    force: bool,
    propagation_timeout: Option<Duration>,
    ca_timeout: Option<Duration>,
}

impl Wanted {
    /// The request to one CA.
    pub(crate) fn request(self, services: &Services) -> IssueRequest {
        let ca = CertificateAuthority {
            directory: services.directory.clone(),
            email: self.email,
            accept_tos: services.accept_tos,
            external_account: services.external_account.clone(),
        };
        let mut request = IssueRequest {
            key_type: self.key_type,
            key_policy: self.key_policy,
            profile: self.profile,
            preferred_chain: self.preferred_chain,
            force: self.force,
            dry_run: self.dry_run,
            ..IssueRequest::new(self.identifiers, ca)
        };
        request.name = self.name.unwrap_or(request.name);
        request.propagation_timeout =
            self.propagation_timeout.unwrap_or(request.propagation_timeout);
        request.ca_timeout = self.ca_timeout.unwrap_or(request.ca_timeout);
        request
    }
}

/// Who issues and who hosts the zone.
pub(crate) enum Target {
    Real(Box<Services>),
    /// The sandbox, with these faults.
    Sandbox(Vec<String>),
}

/// The CA, the DNS API and the name servers that are asked.
pub(crate) struct Services {
    pub(crate) directory: Url,
    pub(crate) accept_tos: bool,
    pub(crate) external_account: Option<ExternalAccountBinding>,
    pub(crate) http: HttpOptions,
    pub(crate) dnspod: Dnspod,
    pub(crate) zone: Option<DnsName>,
    /// The name servers to ask, instead of those of the delegation.
    pub(crate) dns_servers: Vec<SocketAddr>,
}

impl IssueConfig {
    /// Reads everything, or says everything that is wrong.
    pub(crate) fn new(
        args: &IssueArgs,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Report>> {
        let mut settings = Settings::new(environment);
        let (identifiers, repeated) = identifiers(&mut settings, &args.domain);
        let dry_run = settings.flag("dry-run", args.dry_run);
        let faults = settings.list("fault", &args.fault);
        let text = |settings: &Settings<'_>, option, typed: &Option<String>| {
            settings.text(option, typed.as_deref()).map(|setting| setting.value)
        };
        let key_policy = if settings.flag("reuse-key", args.reuse_key) {
            KeyPolicy::Reuse
        } else {
            KeyPolicy::Rotate
        };
        let wanted = Wanted {
            identifiers,
            dry_run,
            name: name(&mut settings, args.name.as_deref()),
            email: email(&mut settings, args.email.as_deref()),
            key_type: settings
                .parsed("key-type", args.key_type.as_deref(), "p256 is right for most")
                .unwrap_or_default(),
            key_policy,
            profile: text(&settings, "profile", &args.profile),
            preferred_chain: text(&settings, "preferred-chain", &args.preferred_chain),
            // Whoever sets a fault wants to see it, not that the present certificate is good.
            force: settings.flag("force", args.force) || !faults.is_empty(),
            propagation_timeout: settings
                .duration("propagation-timeout", args.propagation_timeout.as_deref()),
            ca_timeout: settings.duration("ca-timeout", args.ca_timeout.as_deref()),
        };
        let json = settings.flag("json", args.json);
        let quiet = settings.flag("quiet", args.quiet);
        let verbose = settings.verbosity(args.verbose);
        if args.quiet && args.verbose > 0 {
            settings.mistakes.push(Report::usage(
                "--quiet and --verbose contradict each other",
                "leave one of them out",
            ));
        }
        let mut state_dir = settings.state_dir(args.state_dir.as_deref());
        let target = if settings.flag("sandbox", args.sandbox) {
            reject_beside_sandbox(&mut settings, args);
            // What the sandbox issues is worthless outside of it and never stands beside real certificates.
            state_dir.push("sandbox");
            Some(Target::Sandbox(faults.into_iter().map(|fault| fault.value).collect()))
        } else {
            if let Some(fault) = faults.first() {
                settings.mistakes.push(Report::usage(
                    format_args!("{}: only the sandbox has faults", fault.origin),
                    "add --sandbox, or leave the fault out",
                ));
            }
            services(&mut settings, args, dry_run).map(|services| Target::Real(Box::new(services)))
        };
        match target {
            Some(target) if settings.mistakes.is_empty() => {
                Ok(Self { wanted, repeated, state_dir, target, json, quiet, verbose })
            }
            _ => Err(settings.mistakes),
        }
    }
}

/// The names, each parsed by itself, so that every wrong one is reported.
fn identifiers(
    settings: &mut Settings<'_>,
    typed: &[String],
) -> (Vec<Identifier>, Vec<Identifier>) {
    let given = settings.list("domain", typed);
    let mut wrong = HashSet::new();
    for Setting { origin, value } in &given {
        if let Err(error) = Identifier::parse(value)
            && wrong.insert(value)
        {
            settings.mistakes.push(Report::usage(
                format_args!("{origin}: {error}"),
                "names look like ws.example or *.ws.example",
            ));
        }
    }
    if !wrong.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let names: Vec<&str> = given.iter().map(|setting| setting.value.as_str()).collect();
    match Identifier::parse_list(&names) {
        Ok(list) => (list.identifiers, list.repeated),
        Err(error) => {
            let hint = match error {
                IdentifierError::NoName => "such as --domain ws.example --domain '*.ws.example'",
                _ => "one wildcard, such as *.ws.example, stands for all names of one level",
            };
            settings.mistakes.push(Report::usage(format_args!("--domain: {error}"), hint));
            (Vec::new(), Vec::new())
        }
    }
}

/// The certificate's name in the state: one segment of a path.
fn name(settings: &mut Settings<'_>, typed: Option<&str>) -> Option<String> {
    let Setting { origin, value } = settings.text("name", typed)?;
    if let Err(error) = Entry::State(value.clone()).check() {
        settings.mistakes.push(Report::usage(
            format_args!("{origin}: {error}"),
            "any name will do, such as the first domain's; without the option it is that one",
        ));
    }
    Some(value)
}

fn email(settings: &mut Settings<'_>, typed: Option<&str>) -> Option<String> {
    let Setting { origin, value } = settings.text("email", typed)?;
    let is_address = value
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    if !is_address || value.starts_with("mailto:") || value.contains([' ', ',']) {
        settings.mistakes.push(Report::usage(
            format_args!("{origin}: {value:?} is not one e-mail address"),
            "write it as name@example.com, or leave it out: most CAs need none",
        ));
    }
    Some(value)
}

/// The CA, the API and the name servers. `None` goes with a mistake in `settings`.
fn services(settings: &mut Settings<'_>, args: &IssueArgs, dry_run: bool) -> Option<Services> {
    let directory = directory(settings, args.ca.as_deref(), dry_run);
    let external_account = external_account(settings, args.eab_kid.as_deref());
    let accept_tos = settings.flag("accept-tos", args.accept_tos);
    let extra_roots = extra_roots(settings, args.ca_root.as_deref());
    let endpoints = Endpoints {
        v3: args.dnspod_endpoint.as_deref(),
        legacy: args.dnspod_legacy_endpoint.as_deref(),
    };
    let zone = settings.parsed("zone", args.zone.as_deref(), "give the zone as DNSPod shows it");
    let dns_servers = dns_servers(settings, &args.dns_server);
    let http = HttpOptions {
        extra_roots,
        proxy: proxy::read(settings),
        user_agent: USER_AGENT.to_owned(),
        ..HttpOptions::default()
    };
    let dnspod = Dnspod::read(settings, &args.credential, &endpoints)?;
    Some(Services {
        directory: directory?,
        accept_tos,
        external_account,
        http,
        dnspod,
        zone,
        dns_servers,
    })
}

fn directory(settings: &mut Settings<'_>, typed: Option<&str>, dry_run: bool) -> Option<Url> {
    let Setting { origin, value } = settings.text("ca", typed).unwrap_or_else(|| Setting {
        origin: "--ca".to_owned(),
        value: ca::KNOWN[0].alias.to_owned(),
    });
    ca::directory(&value, dry_run)
        .map_err(|error| {
            settings.mistakes.push(Report::usage(format_args!("{origin}: {error}"), error.hint()));
        })
        .ok()
}

fn external_account(
    settings: &mut Settings<'_>,
    typed: Option<&str>,
) -> Option<ExternalAccountBinding> {
    let kid = settings.text("eab-kid", typed);
    let hmac_key = settings.secret(EAB_HMAC_KEY);
    match (kid, hmac_key) {
        (None, None) => None,
        (Some(kid), None) => {
            settings.mistakes.push(Report::configuration(
                format_args!("{} is given and {EAB_HMAC_KEY} is not set", kid.origin),
                format!("set {EAB_HMAC_KEY} to the HMAC key that the CA gave with the key id"),
            ));
            None
        }
        (None, Some(_)) => {
            settings.mistakes.push(Report::configuration(
                format_args!("{EAB_HMAC_KEY} is set and --eab-kid is not given"),
                "add --eab-kid KID with the key id that the CA gave with the HMAC key",
            ));
            None
        }
        (Some(kid), Some(hmac_key)) => {
            let trimmed = hmac_key.trim();
            let is_base64url = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=');
            if trimmed.is_empty() || !trimmed.chars().all(is_base64url) {
                settings.mistakes.push(Report::configuration(
                    format_args!("{EAB_HMAC_KEY} is not base64url"),
                    "paste the HMAC key as the CA shows it: letters, digits, `-` and `_`",
                ));
            }
            Some(ExternalAccountBinding {
                kid: kid.value,
                hmac_key: zeroize::Zeroizing::new(trimmed.to_owned()),
            })
        }
    }
}

pub(super) fn extra_roots(settings: &mut Settings<'_>, typed: Option<&str>) -> Vec<String> {
    let Some(Setting { origin, value }) = settings.text("ca-root", typed) else {
        return Vec::new();
    };
    let Some(pem) = settings.file(&origin, Path::new(&value)) else { return Vec::new() };
    if let Err(error) = CertificateInfo::from_pem(pem.as_bytes()) {
        settings.mistakes.push(Report::configuration(
            format_args!("{origin}: {value}: {error}"),
            "give a PEM file with the root certificate of the CA's HTTPS server",
        ));
    }
    vec![pem]
}

fn dns_servers(settings: &mut Settings<'_>, typed: &[String]) -> Vec<SocketAddr> {
    let mut servers = Vec::new();
    for Setting { origin, value } in settings.list("dns-server", typed) {
        let address =
            value.parse().or_else(|_| value.parse().map(|ip: IpAddr| SocketAddr::new(ip, 53)));
        match address {
            Ok(address) => servers.push(address),
            Err(_) => settings.mistakes.push(Report::usage(
                format_args!("{origin}: {value:?} is not the address of a name server"),
                "give an IP address with or without a port: 192.0.2.1, 192.0.2.1:53, [2001:db8::1]:53",
            )),
        }
    }
    servers
}

/// Options that say where to go make no sense beside the sandbox, which is where to go. Variables are passed over:
/// they are set for every run.
fn reject_beside_sandbox(settings: &mut Settings<'_>, args: &IssueArgs) {
    for (option, typed) in [
        ("--ca", args.ca.is_some()),
        ("--ca-root", args.ca_root.is_some()),
        ("--eab-kid", args.eab_kid.is_some()),
        ("--dns-server", !args.dns_server.is_empty()),
        ("--dnspod-endpoint", args.dnspod_endpoint.is_some()),
        ("--dnspod-legacy-endpoint", args.dnspod_legacy_endpoint.is_some()),
        ("--instance-role", args.credential.instance_role),
        ("--assume-role", args.credential.assume_role.is_some()),
        ("--sts-endpoint", args.credential.sts_endpoint.is_some()),
        ("--metadata-endpoint", args.credential.metadata_endpoint.is_some()),
        ("--zone", args.zone.is_some()),
    ] {
        if typed {
            settings.mistakes.push(Report::usage(
                format_args!("{option} does not go with --sandbox, which brings its own"),
                format!("leave out {option} or --sandbox"),
            ));
        }
    }
}

const EAB_HMAC_KEY: &str = "CERTCTL_EAB_HMAC_KEY";

#[cfg(test)]
mod tests;
