//! What `certctl credentials` is asked for.

use acme_core::DnsName;
use acme_core::http::HttpOptions;

use super::dnspod::{Dnspod, Endpoints};
use super::issue::extra_roots;
use super::setting::Settings;
use super::{USER_AGENT, proxy};
use crate::args::CredentialsArgs;
use crate::report::Report;

/// All that `certctl credentials` needs to know.
pub(crate) struct CredentialsConfig {
    pub(crate) dnspod: Dnspod,
    pub(crate) http: HttpOptions,
    /// The name whose zone a policy is wanted for.
    pub(crate) policy_for: Option<DnsName>,
    pub(crate) json: bool,
    pub(crate) verbose: u8,
}

impl CredentialsConfig {
    pub(crate) fn new(
        args: &CredentialsArgs,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Report>> {
        let mut settings = Settings::new(environment);
        let endpoints = Endpoints {
            v3: args.dnspod_endpoint.as_deref(),
            legacy: args.dnspod_legacy_endpoint.as_deref(),
        };
        let http = HttpOptions {
            extra_roots: extra_roots(&mut settings, args.ca_root.as_deref()),
            proxy: proxy::read(&mut settings),
            user_agent: USER_AGENT.to_owned(),
            ..HttpOptions::default()
        };
        let hint = "give a name in the zone, such as ws.example";
        let policy_for = settings.parsed("print-policy", args.print_policy.as_deref(), hint);
        let json = settings.flag("json", args.json);
        let verbose = settings.verbosity(args.verbose);
        match Dnspod::read(&mut settings, &args.credential, &endpoints) {
            Some(dnspod) if settings.mistakes.is_empty() => {
                Ok(Self { dnspod, http, policy_for, json, verbose })
            }
            _ => Err(settings.mistakes),
        }
    }
}
