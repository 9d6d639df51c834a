//! What was typed and what the environment says, made into what is to be done.
//!
//! This is the one place that reads the environment, through a function, so that tests can give it any. All mistakes
//! are collected and reported together.

mod credential;
mod credentials;
mod dnspod;
mod doctor;
mod issue;
mod proxy;
mod setting;

use std::path::PathBuf;

pub(crate) use credentials::CredentialsConfig;
pub(crate) use dnspod::Dnspod;
pub(crate) use doctor::DoctorConfig;
pub(crate) use issue::{IssueConfig, Services, Target};
use setting::{Setting, Settings};

use crate::args::{SandboxArgs, ShowArgs};
use crate::report::Report;

/// RFC 8555 §6.1 has clients name themselves.
pub(crate) const USER_AGENT: &str = concat!("certctl/", env!("CARGO_PKG_VERSION"));

/// Reads one variable of the process. One that is empty counts as unset.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub(crate) fn process_environment(variable: &str) -> Option<String> {
    let value = std::env::var_os(variable)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}

/// What `certctl show` is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ShowConfig {
    /// A PEM file.
    File(PathBuf),
    /// A certificate of the state.
    Stored { name: String, state_dir: PathBuf },
}

impl ShowConfig {
    pub(crate) fn new(
        args: &ShowArgs,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Report>> {
        let certificate = args.certificate.as_str();
        let is_file = certificate.contains('/')
            || [".pem", ".crt", ".cer"].iter().any(|end| certificate.ends_with(end));
        if is_file {
            return Ok(Self::File(certificate.into()));
        }
        let mut settings = Settings::new(environment);
        let state_dir = settings.state_dir(args.state_dir.as_deref());
        settings.finish(|| Self::Stored { name: certificate.to_owned(), state_dir })
    }
}

/// What `certctl sandbox` is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SandboxConfig {
    pub(crate) zones: Vec<String>,
    pub(crate) faults: Vec<String>,
    pub(crate) verbose: u8,
}

impl SandboxConfig {
    pub(crate) fn new(
        args: &SandboxArgs,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Report>> {
        let mut settings = Settings::new(environment);
        let values = |list: Vec<Setting>| list.into_iter().map(|setting| setting.value).collect();
        let config = Self {
            zones: values(settings.list("zone", &args.zone)),
            faults: values(settings.list("fault", &args.fault)),
            verbose: settings.verbosity(args.verbose),
        };
        settings.finish(|| config)
    }
}

/// Whether errors, too, are wanted as JSON, before it is known whether the rest is in order.
pub(crate) fn wants_json(typed: bool, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    Settings::new(environment).flag("json", typed)
}

/// What the standard error of this process can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Whether lines can be redrawn.
    pub(crate) redraws: bool,
    pub(crate) colour: bool,
}

impl Screen {
    /// Judges by `TERM` and `NO_COLOR` (<https://no-color.org>).
    pub(crate) fn new(is_terminal: bool, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let redraws = is_terminal && environment("TERM").is_some_and(|name| name != "dumb");
        Self { redraws, colour: redraws && environment("NO_COLOR").is_none() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(certificate: &str) -> ShowConfig {
        let args = ShowArgs {
            certificate: certificate.to_owned(),
            state_dir: Some("/srv/certctl".to_owned()),
            json: false,
        };
        ShowConfig::new(&args, &|_| None).unwrap()
    }

    #[test]
    fn a_path_is_told_from_the_name_of_a_certificate() {
        for file in ["/srv/fullchain.pem", "fullchain.pem", "ca.crt", "./ws.example"] {
            assert_eq!(shown(file), ShowConfig::File(file.into()));
        }
        let (name, state_dir) = ("ws.example".to_owned(), "/srv/certctl".into());
        assert_eq!(shown("ws.example"), ShowConfig::Stored { name, state_dir });
    }

    #[test]
    fn lines_are_redrawn_and_coloured_where_the_terminal_can_and_wants_it() {
        let screen = |is_terminal, set: &[(&str, &str)]| {
            let found = |name: &str| set.iter().find(|(set, _)| *set == name);
            Screen::new(is_terminal, &|name| found(name).map(|(_, value)| (*value).to_owned()))
        };
        let xterm = ("TERM", "xterm");
        assert_eq!(screen(true, &[xterm]), Screen { redraws: true, colour: true });
        let no_colour = [xterm, ("NO_COLOR", "1")];
        assert_eq!(screen(true, &no_colour), Screen { redraws: true, colour: false });
        for (is_terminal, set) in [(false, &[xterm][..]), (true, &[("TERM", "dumb")]), (true, &[])]
        {
            let plain = Screen { redraws: false, colour: false };
            assert_eq!(screen(is_terminal, set), plain);
        }
    }
}
