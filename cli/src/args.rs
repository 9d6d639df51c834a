//! What was typed. What it means is decided in [`crate::config`].
#![expect(
    clippy::doc_markdown,
    reason = "the comments are the help, which is printed as it stands"
)]

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::report::Report;

/// Gets wildcard certificates by ACME DNS-01 through DNSPod / Tencent Cloud DNS.
#[derive(Debug, Parser)]
#[command(name = "certctl", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Get a certificate, or say that the present one is good.
    ///
    /// The credential comes from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY (for a temporary one with
    /// TENCENTCLOUD_SESSION_TOKEN), or from files named by the same variables with _FILE added, or from where other
    /// tools have it (`certctl help credentials`). The HMAC key that belongs to --eab-kid comes from
    /// CERTCTL_EAB_HMAC_KEY or CERTCTL_EAB_HMAC_KEY_FILE. A proxy comes from HTTPS_PROXY and NO_PROXY.
    #[command(after_help = ISSUE_EXAMPLES)]
    Issue(Box<IssueArgs>),
    /// Say which credential is used, where it comes from and whose it is, without showing a secret.
    ///
    /// The first that is set is used: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, with a session token in
    /// TENCENTCLOUD_SESSION_TOKEN, TENCENTCLOUD_SECURITY_TOKEN or TENCENTCLOUD_TOKEN; a DNSPod token in DNSPOD_API_KEY,
    /// DP_Id and DP_Key, or DPI_Id and DPI_Key (international site); the file TENCENTCLOUD_CREDENTIALS_FILE; the tccli
    /// profile TCCLI_PROFILE; ~/.tencentcloud/credentials; /etc/tencentcloud/credentials; tccli's profile `default`;
    /// the role of a service account in TKE; with --instance-role, the role of the instance. A role to assume comes
    /// from --assume-role, TENCENTCLOUD_ASSUME_ROLE_ARN or TENCENTCLOUD_ROLE_ARN. What is set by half is an error.
    Credentials(Box<CredentialsArgs>),
    /// Say why Certificates of cert-manager in a Kubernetes cluster are not ready, and what to do.
    ///
    /// It walks from each Certificate over its CertificateRequest, Order and Challenge to the webhook's APIService,
    /// Service and pods, and prints the first cause. It changes nothing and reads no Secret. docs/doctor.md has all
    /// causes.
    Doctor(DoctorArgs),
    /// Run a CA, name servers and the DNSPod API on this machine, to try everything without an account.
    ///
    /// It runs until Ctrl-C and prints what to paste into another terminal to use it.
    Sandbox(SandboxArgs),
    /// Print a certificate readably.
    Show(ShowArgs),
    /// Print the completions of a shell, to be put where the shell looks for them.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page of certctl or of one of its commands, in roff.
    Man {
        /// The command; without it, certctl as a whole.
        command: Option<String>,
    },
}

const ISSUE_EXAMPLES: &str = "\
Examples:
  Try it, with no account and no network:
    certctl issue --domain ws.example --domain '*.ws.example' --sandbox
  Get a certificate from Let's Encrypt; the same line, run daily, renews it:
    certctl issue --domain ws.example --domain '*.ws.example' --accept-tos
  See whether it would work, without installing anything:
    certctl issue --domain '*.ws.example' --accept-tos --dry-run";

#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each option without a value")]
pub(crate) struct IssueArgs {
    /// A name the certificate is for, such as ws.example or *.ws.example; repeat it for more.
    #[arg(long, value_name = "NAME")]
    pub(crate) domain: Vec<String>,

    /// The CA: letsencrypt (default), letsencrypt-staging, zerossl, google, google-staging, sslcom, actalis, or the
    /// URL of an ACME directory.
    #[arg(long, value_name = "CA", help_heading = CA)]
    pub(crate) ca: Option<String>,
    /// A PEM file with root certificates to trust besides Mozilla's, for a CA of your own.
    #[arg(long, value_name = "FILE", help_heading = CA)]
    pub(crate) ca_root: Option<String>,
    /// Contact for the account at the CA.
    #[arg(long, value_name = "ADDRESS", help_heading = CA)]
    pub(crate) email: Option<String>,
    /// Accept the CA's terms of service.
    #[arg(long, help_heading = CA)]
    pub(crate) accept_tos: bool,
    /// Key id of an external account binding; its HMAC key is read from CERTCTL_EAB_HMAC_KEY.
    #[arg(long, value_name = "KID", help_heading = CA)]
    pub(crate) eab_kid: Option<String>,
    /// One of the CA's certificate profiles.
    #[arg(long, value_name = "PROFILE", help_heading = CA)]
    pub(crate) profile: Option<String>,
    /// Prefer the chain that has an issuer of this common name.
    #[arg(long, value_name = "CN", help_heading = CA)]
    pub(crate) preferred_chain: Option<String>,
    /// How long to wait for the CA to validate, and to issue [default: 5m].
    #[arg(long, value_name = "DURATION", help_heading = CA)]
    pub(crate) ca_timeout: Option<String>,

    /// Ask this name server whether the TXT records are visible, instead of those the zone is delegated to; repeat it
    /// for more.
    #[arg(long, value_name = "IP:PORT", help_heading = DNS)]
    pub(crate) dns_server: Vec<String>,
    /// Base URL of the DNSPod API 3.0.
    #[arg(long, value_name = "URL", help_heading = DNS)]
    pub(crate) dnspod_endpoint: Option<String>,
    /// The zone at DNSPod, instead of looking for it.
    #[arg(long, value_name = "ZONE", help_heading = DNS)]
    pub(crate) zone: Option<String>,
    /// Base URL of the legacy DNSPod API, which DNSPod tokens are for.
    #[arg(long, value_name = "URL", help_heading = DNS)]
    pub(crate) dnspod_legacy_endpoint: Option<String>,
    /// How long to wait until every name server shows the TXT records [default: 10m].
    #[arg(long, value_name = "DURATION", help_heading = DNS)]
    pub(crate) propagation_timeout: Option<String>,

    #[command(flatten)]
    pub(crate) credential: CredentialArgs,

    /// Type of the key: p256 (default), p384, rsa2048, rsa3072 or rsa4096.
    #[arg(long, value_name = "TYPE", help_heading = FILES)]
    pub(crate) key_type: Option<String>,
    /// Keep the key of the present certificate.
    #[arg(long, help_heading = FILES)]
    pub(crate) reuse_key: bool,
    /// Where accounts and certificates are kept [default: /var/lib/certctl for root, else
    /// $XDG_STATE_HOME/certctl or ~/.local/state/certctl].
    #[arg(long, value_name = "DIR", help_heading = FILES)]
    pub(crate) state_dir: Option<String>,
    /// The certificate's name there [default: the first --domain, `_.` in place of `*.`].
    #[arg(long, value_name = "NAME", help_heading = FILES)]
    pub(crate) name: Option<String>,

    /// Go through everything with the CA's staging and install nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Issue though the present certificate is good.
    #[arg(long)]
    pub(crate) force: bool,
    /// Use a CA, name servers and a DNSPod API that run inside this process.
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// Let the sandbox misbehave (`certctl sandbox --list-faults`), with --force; repeat it for more.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) fault: Vec<String>,

    /// Print one JSON object a line for each event (docs/json-events.md).
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
    /// Log what is done; twice, also what the libraries do.
    #[arg(short, long, action = ArgAction::Count, help_heading = OUTPUT)]
    pub(crate) verbose: u8,
    /// Say nothing but errors.
    #[arg(short, long, help_heading = OUTPUT)]
    pub(crate) quiet: bool,
}

/// Where the credential comes from, besides the environment and files.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CredentialArgs {
    /// Use the role of the instance (CVM) this runs on, where no credential is set.
    #[arg(long, help_heading = CREDENTIAL)]
    pub(crate) instance_role: bool,
    /// Assume this role with the credential: qcs::cam::uin/100000000001:roleName/NAME.
    #[arg(long, value_name = "ARN", help_heading = CREDENTIAL)]
    pub(crate) assume_role: Option<String>,
    /// What Tencent's audit log calls the role's session [default: certctl].
    #[arg(long, value_name = "NAME", help_heading = CREDENTIAL)]
    pub(crate) assume_role_session_name: Option<String>,
    /// The external id that the role demands.
    #[arg(long, value_name = "ID", help_heading = CREDENTIAL)]
    pub(crate) assume_role_external_id: Option<String>,
    /// A file with a CAM policy that narrows the role's session down (`certctl credentials --print-policy`).
    #[arg(long, value_name = "FILE", help_heading = CREDENTIAL)]
    pub(crate) assume_role_policy: Option<String>,
    /// Base URL of STS, which roles are assumed at.
    #[arg(long, value_name = "URL", help_heading = CREDENTIAL)]
    pub(crate) sts_endpoint: Option<String>,
    /// Base URL of the metadata service, which the role of the instance comes from.
    #[arg(long, value_name = "URL", help_heading = CREDENTIAL)]
    pub(crate) metadata_endpoint: Option<String>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CredentialsArgs {
    #[command(flatten)]
    pub(crate) credential: CredentialArgs,

    /// Base URL of the DNSPod API 3.0.
    #[arg(long, value_name = "URL", help_heading = DNS)]
    pub(crate) dnspod_endpoint: Option<String>,
    /// Base URL of the legacy DNSPod API, which DNSPod tokens are for.
    #[arg(long, value_name = "URL", help_heading = DNS)]
    pub(crate) dnspod_legacy_endpoint: Option<String>,
    /// A PEM file with root certificates to trust besides Mozilla's.
    #[arg(long, value_name = "FILE", help_heading = DNS)]
    pub(crate) ca_root: Option<String>,

    /// Print the CAM policy that allows what is needed for the zone of this name, and nothing else.
    #[arg(long, value_name = "NAME", help_heading = OUTPUT)]
    pub(crate) print_policy: Option<String>,
    /// Print one JSON object.
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
    /// Log what is done; twice, also what the libraries do.
    #[arg(short, long, action = ArgAction::Count, help_heading = OUTPUT)]
    pub(crate) verbose: u8,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DoctorArgs {
    /// The Certificate's name [default: all].
    #[arg(value_name = "CERTIFICATE")]
    pub(crate) certificate: Option<String>,
    /// The namespace [default: all; for one Certificate, that of the kubeconfig's context].
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// How the cluster is reached [default: KUBECONFIG, else ~/.kube/config, else the pod's ServiceAccount].
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<String>,
    /// Print one JSON object a line for each Certificate.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show what was looked at; twice, also what the libraries log.
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

const CA: &str = "Certificate authority";
const CREDENTIAL: &str = "Credential";
const DNS: &str = "DNS";
const FILES: &str = "Key and files";
const OUTPUT: &str = "Output";

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SandboxArgs {
    /// A zone of the account; repeat it for more [default: ws.example and others].
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Vec<String>,
    /// Something the sandbox does wrong; repeat it for more.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) fault: Vec<String>,
    /// Print every fault there is, and leave.
    #[arg(long)]
    pub(crate) list_faults: bool,
    /// Log what is done; twice, also what the libraries do.
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ShowArgs {
    /// A certificate's name in the state, or a PEM file (anything with a slash or ending in .pem, .crt or .cer).
    #[arg(value_name = "NAME|FILE")]
    pub(crate) certificate: String,
    /// Where accounts and certificates are kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The variable that stands for an option: `CERTCTL_STATE_DIR` for `state-dir`.
pub(crate) fn variable(option: &str) -> String {
    format!("CERTCTL_{}", option.replace('-', "_").to_uppercase())
}

/// The command line's definition, with the variable of each option in its help.
pub(crate) fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| {
        command.mut_args(|argument| {
            let Some(option) = argument.get_long().map(str::to_owned) else { return argument };
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            // Plain text, not clap's `env`: only `config` reads the environment.
            match option.as_str() {
                "help" | "version" | "list-faults" => argument,
                _ => argument.help(format!(
                    "{} [env: {}]",
                    help.trim_end_matches('.'),
                    variable(&option)
                )),
            }
        })
    })
}

/// Parses the command line.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, NotParsed> {
    let parsed = command().try_get_matches_from(arguments).and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok(cli.command)
    });
    parsed.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => NotParsed::Asked(error),
        // Without any argument, the help is shown, yet nothing was done.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => NotParsed::Help(error),
        _ => NotParsed::Wrong(report(&error)),
    })
}

/// Why there is no command to be run.
pub(crate) enum NotParsed {
    /// Help or version was asked for.
    Asked(clap::Error),
    /// Help is shown because nothing was asked for.
    Help(clap::Error),
    /// The command line is wrong.
    Wrong(Report),
}

/// clap's error in our form: a line what is wrong, a line what to do.
fn report(error: &clap::Error) -> Report {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let (what, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let tip = rest.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    Report::usage(
        what,
        tip.unwrap_or("`certctl help` and `certctl help COMMAND` show what there is"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        command().debug_assert();
    }
}
