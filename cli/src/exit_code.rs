//! How the process ends, for scripts.

use std::process::ExitCode;

/// How the process ended. The numbers are part of the interface: the table in README.md is [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    CaRefused,
    Configuration,
    CredentialRefused,
    DnsNotVisible,
    Internal,
    Interrupted,
    Success,
    Terminated,
    TryLater,
    Unavailable,
    Usage,
}

/// Every way to end, by number: the number, how `--json` names it, and when it happens.
pub(crate) const TABLE: [(Exit, u8, &str, &str); 11] = [
    (Exit::Success, 0, "success", "done, or nothing to do: the certificate is still good"),
    (Exit::Usage, 2, "usage", "an option, an argument or a `CERTCTL_` variable is wrong"),
    (
        Exit::Configuration,
        3,
        "configuration",
        "something has to be set up first: a credential, a zone of this account, the CA's terms, the state directory",
    ),
    (
        Exit::CredentialRefused,
        4,
        "credential_refused",
        "Tencent Cloud does not accept the credential",
    ),
    (
        Exit::CaRefused,
        5,
        "ca_refused",
        "the CA refuses, could not validate a name, or sent a bad certificate",
    ),
    (
        Exit::DnsNotVisible,
        6,
        "dns_not_visible",
        "a TXT record did not appear at every authoritative name server in time, or a name does not exist in the DNS",
    ),
    (
        Exit::Unavailable,
        7,
        "unavailable",
        "the CA, Tencent Cloud or the cluster cannot be reached or did not finish in time",
    ),
    (Exit::Internal, 70, "internal", "a fault of certctl; please report it"),
    (
        Exit::TryLater,
        75,
        "try_later",
        "a rate limit, an overload, or another certctl at work: the message says until when",
    ),
    (Exit::Interrupted, 130, "interrupted", "SIGINT (Ctrl-C); the TXT records were deleted"),
    (Exit::Terminated, 143, "terminated", "SIGTERM; the TXT records were deleted"),
];

impl Exit {
    /// The process's exit status.
    pub(crate) fn code(self) -> u8 {
        self.row().1
    }

    /// How `--json` names it.
    pub(crate) fn name(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> &'static (Self, u8, &'static str, &'static str) {
        TABLE.iter().find(|row| row.0 == self).expect("a test finds every variant in the table")
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_table_of_exit_codes() {
        let rows: Vec<String> =
            TABLE.iter().map(|(_, code, _, when)| format!("| {code} | {when} |\n")).collect();
        let table = format!("| exit code | when |\n|---|---|\n{}", rows.concat());
        for readme in [include_str!("../README.md"), include_str!("../../README.md")] {
            assert!(readme.contains(&table), "README.md should contain\n{table}");
        }
    }

    #[test]
    fn the_page_on_events_names_every_failure() {
        let page = include_str!("../../docs/json-events.md");
        for (exit, _, name, _) in TABLE {
            let fails = !matches!(exit, Exit::Success | Exit::Interrupted | Exit::Terminated);
            assert_eq!(page.contains(&format!("`{name}`")), fails, "{name}");
        }
    }

    #[test]
    fn codes_differ_and_every_variant_has_one() {
        for exit in [
            Exit::CaRefused,
            Exit::Configuration,
            Exit::CredentialRefused,
            Exit::DnsNotVisible,
            Exit::Internal,
            Exit::Interrupted,
            Exit::Success,
            Exit::Terminated,
            Exit::TryLater,
            Exit::Unavailable,
            Exit::Usage,
        ] {
            assert_eq!(TABLE.iter().filter(|row| row.1 == exit.code()).count(), 1, "{exit:?}");
        }
    }
}
