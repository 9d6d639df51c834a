//! What went wrong: a line what and why, a line what to do. Errors are printed here and nowhere else.

mod issue_error;

use std::fmt;
use std::io::Write as _;

use acme_core::issue::with_causes;
use acme_core::store::StoreError;
use dnspod_solver::BuildError;
use time::OffsetDateTime;

use crate::exit_code::Exit;

/// One thing that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// How the process ends for it.
    pub(crate) exit: Exit,
    /// What failed, on what, and why; one line.
    pub(crate) what: String,
    /// What to do; one line.
    pub(crate) hint: String,
    /// When it may be tried again, where that is known.
    pub(crate) retry_at: Option<OffsetDateTime>,
}

impl Report {
    pub(crate) fn new(exit: Exit, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit, what: one_line(&what.into()), hint: one_line(&hint.into()), retry_at: None }
    }

    /// An option or variable that is wrong: which and how; what is allowed.
    pub(crate) fn usage(what: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what.to_string(), hint)
    }

    /// Something that has to be set up first.
    pub(crate) fn configuration(what: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, what.to_string(), hint)
    }

    /// A fault of certctl's own.
    pub(crate) fn internal(what: impl fmt::Display) -> Self {
        Self::new(Exit::Internal, what.to_string(), "please report this")
    }

    /// An error of the state, wherever it came up.
    pub(crate) fn of_store(error: &StoreError) -> Self {
        let exit = match error {
            StoreError::Locked { .. } => Exit::TryLater,
            _ => Exit::Configuration,
        };
        let hint = error.hint().unwrap_or("check the disk, or choose another place: --state-dir");
        Self::new(exit, with_causes(error), hint)
    }

    /// DNSPod cannot be called as it was asked for.
    pub(crate) fn of_dnspod_options(error: &BuildError) -> Self {
        let hint = "check the options of the endpoints and of the role, --ca-root and the proxy";
        Self::configuration(format_args!("DNSPod: {error}"), hint)
    }

    /// Prints it to standard error, in colour where that is a terminal that wants it.
    pub(crate) fn print(&self, colour: bool) {
        let (red, cyan, off) =
            if colour { ("\x1b[1;31m", "\x1b[36m", "\x1b[0m") } else { ("", "", "") };
        // Where standard error is gone there is nobody left to tell.
        let _ = writeln!(
            std::io::stderr(),
            "{red}error:{off} {}\n{cyan}hint:{off} {}",
            self.what,
            self.hint
        );
    }

    /// Prints something that should be mended though it works.
    pub(crate) fn warn(text: &str, colour: bool) {
        let (yellow, off) = if colour { ("\x1b[33m", "\x1b[0m") } else { ("", "") };
        let _ = writeln!(std::io::stderr(), "{yellow}warning:{off} {}", one_line(text));
    }
}

/// Servers say what they like, also several lines and control characters, which must not reach the terminal.
pub(crate) fn one_line(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_sends_stays_on_one_line_and_leaves_the_terminal_alone() {
        let report = Report::new(Exit::CaRefused, "no:\r\n\x1b[2Jgone", "try");
        assert_eq!(report.what, "no:   [2Jgone");
    }
}
