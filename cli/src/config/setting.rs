//! One option from the command line or, where it is not typed, from its variable.

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::args::variable;
use crate::report::Report;

/// A value and where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// `--ca` or `CERTCTL_CA`.
    pub(crate) origin: String,
    pub(crate) value: String,
}

/// Reads options and collects what is wrong with them.
pub(crate) struct Settings<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) mistakes: Vec<Report>,
}

/// The most that a file named by an option may hold: many times what any key or bundle of roots needs.
const LARGEST_FILE: u64 = 1 << 20;

impl<'a> Settings<'a> {
    pub(crate) fn new(environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { environment, mistakes: Vec::new() }
    }

    /// A variable that is no option of ours.
    pub(crate) fn foreign(&self, variable: &str) -> Option<String> {
        (self.environment)(variable).filter(|value| !value.is_empty())
    }

    /// An option's text.
    pub(crate) fn text(&self, option: &str, typed: Option<&str>) -> Option<Setting> {
        let typed = typed.map(|value| (format!("--{option}"), value.to_owned()));
        let found = typed.or_else(|| {
            let variable = variable(option);
            self.foreign(&variable).map(|value| (variable, value))
        });
        found.map(|(origin, value)| Setting { origin, value })
    }

    /// An option that can be repeated; its variable holds a list, separated by commas or spaces.
    pub(crate) fn list(&self, option: &str, typed: &[String]) -> Vec<Setting> {
        if !typed.is_empty() {
            let origin = format!("--{option}");
            return typed
                .iter()
                .map(|value| Setting { origin: origin.clone(), value: value.clone() })
                .collect();
        }
        let origin = variable(option);
        let text = self.foreign(&origin).unwrap_or_default();
        text.split([',', ' ', '\t', '\n'])
            .filter(|value| !value.is_empty())
            .map(|value| Setting { origin: origin.clone(), value: value.to_owned() })
            .collect()
    }

    /// An option without a value; its variable is `true` or `false`.
    pub(crate) fn flag(&mut self, option: &str, typed: bool) -> bool {
        let origin = variable(option);
        if typed {
            return true;
        }
        match self.foreign(&origin).as_deref() {
            None | Some("0" | "false" | "no") => false,
            Some("1" | "true" | "yes") => true,
            Some(other) => {
                self.mistakes.push(Report::usage(
                    format_args!("{origin}: {other:?} is neither true nor false"),
                    format!("set {origin} to true or false"),
                ));
                false
            }
        }
    }

    /// An option's value, parsed; the parser's error says what is wrong, and the hint what is allowed.
    pub(crate) fn parsed<T>(&mut self, option: &str, typed: Option<&str>, hint: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let Setting { origin, value } = self.text(option, typed)?;
        value
            .parse()
            .map_err(|error| {
                self.mistakes.push(Report::usage(format_args!("{origin}: {error}"), hint));
            })
            .ok()
    }

    /// A duration in seconds, minutes or hours: `90`, `90s`, `5m`, `1h`.
    pub(crate) fn duration(&mut self, option: &str, typed: Option<&str>) -> Option<Duration> {
        let Setting { origin, value } = self.text(option, typed)?;
        let (number, unit) = match value.as_bytes().last() {
            Some(b's') => (&value[..value.len() - 1], 1),
            Some(b'm') => (&value[..value.len() - 1], 60),
            Some(b'h') => (&value[..value.len() - 1], 3600),
            _ => (value.as_str(), 1),
        };
        let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        let Some(seconds) = seconds.filter(|seconds| (1..=MOST_SECONDS).contains(seconds)) else {
            self.mistakes.push(Report::usage(
                format_args!("{origin}: {value:?} is not a duration from 1s to 24h"),
                "write it as 90s, 5m or 1h",
            ));
            return None;
        };
        Some(Duration::from_secs(seconds))
    }

    /// A secret: a variable, or the file that the variable with `_FILE` added names.
    pub(crate) fn secret(&mut self, variable: &str) -> Option<Zeroizing<String>> {
        let file_variable = format!("{variable}_FILE");
        let value = self.foreign(variable).map(Zeroizing::new);
        let Some(file) = self.foreign(&file_variable) else { return value };
        if value.is_some() {
            self.mistakes.push(Report::usage(
                format_args!("{variable} and {file_variable} are both set"),
                format!("unset one of them; {file_variable} names a file that holds the value"),
            ));
            return value;
        }
        self.file(&file_variable, Path::new(&file)).map(Zeroizing::new)
    }

    /// The text of a file that an option or variable names.
    pub(crate) fn file(&mut self, origin: &str, path: &Path) -> Option<String> {
        let read = fs::File::open(path).and_then(|file| {
            let mut text = String::new();
            file.take(LARGEST_FILE).read_to_string(&mut text).map(|_| text)
        });
        read.map_err(|error| {
            self.mistakes.push(Report::configuration(
                format_args!("{origin}: cannot read {}: {error}", path.display()),
                "give a file that this user may read",
            ));
        })
        .ok()
    }

    /// How often `-v` is given; its variable is a number.
    pub(crate) fn verbosity(&mut self, typed: u8) -> u8 {
        let origin = variable("verbose");
        match self.foreign(&origin) {
            Some(value) if typed == 0 => value.parse().unwrap_or_else(|_| {
                self.mistakes.push(Report::usage(
                    format_args!("{origin}: {value:?} is not a number"),
                    format!("set {origin} to 0, 1 or 2"),
                ));
                0
            }),
            _ => typed,
        }
    }

    /// Where the state is: as given, or the usual place for this user.
    pub(crate) fn state_dir(&mut self, typed: Option<&str>) -> PathBuf {
        if let Some(setting) = self.text("state-dir", typed) {
            return setting.value.into();
        }
        if rustix::process::geteuid().is_root() {
            return "/var/lib/certctl".into();
        }
        // The XDG base directory specification has a relative path ignored.
        let absolute =
            |variable| self.foreign(variable).map(PathBuf::from).filter(|p| p.is_absolute());
        if let Some(state) = absolute("XDG_STATE_HOME") {
            return state.join("certctl");
        }
        if let Some(home) = absolute("HOME") {
            return home.join(".local/state/certctl");
        }
        self.mistakes.push(Report::configuration(
            "there is no place for the state: neither XDG_STATE_HOME nor HOME is set",
            "give --state-dir DIR",
        ));
        PathBuf::new()
    }

    /// What was made of the settings, or all that is wrong with them.
    pub(crate) fn finish<T>(self, made: impl FnOnce() -> T) -> Result<T, Vec<Report>> {
        if self.mistakes.is_empty() { Ok(made()) } else { Err(self.mistakes) }
    }
}

/// A day: an issuance that takes longer has failed, and no arithmetic on instants can overflow.
const MOST_SECONDS: u64 = 86_400;
