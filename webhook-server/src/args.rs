//! What was typed. What it means is decided in [`crate::config`].
#![expect(
    clippy::doc_markdown,
    reason = "the comments are the help, which is printed as it stands"
)]

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};

use clap::error::ErrorKind;
use clap::{ArgAction, Parser};

/// Solves cert-manager's DNS-01 challenges at DNSPod / Tencent Cloud DNS.
///
/// GROUP_NAME names the API groups to serve, separated by commas: each is the groupName of Issuers and has an APIService
/// v1alpha1.GROUP. LOG_LEVEL is debug, info (default), warn or error. DNSPod is reached through the proxy that
/// HTTPS_PROXY and NO_PROXY name.
#[derive(Clone, Debug, Parser)]
#[command(name = "cert-manager-webhook-dnspod", version, max_term_width = 100)]
#[expect(clippy::struct_excessive_bools, reason = "one for each option that is on or off")]
pub(crate) struct Args {
    /// The address to listen at; all of them unless given.
    #[arg(long, value_name = "ADDRESS", help_heading = SERVING)]
    pub(crate) bind_address: Option<IpAddr>,
    /// The port to serve HTTPS at.
    #[arg(long, value_name = "PORT", default_value_t = 443, help_heading = SERVING)]
    pub(crate) secure_port: u16,
    /// PEM file of the serving certificate and its chain. It is read again when it changes.
    #[arg(long, value_name = "FILE", help_heading = SERVING)]
    pub(crate) tls_cert_file: Option<String>,
    /// PEM file of the serving certificate's key.
    #[arg(long, value_name = "FILE", help_heading = SERVING)]
    pub(crate) tls_private_key_file: Option<String>,
    /// Make a CA and a serving certificate, keep them in a Secret for all replicas, and have the APIServices trust it.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false,
        default_missing_value = "true", action = ArgAction::Set, help_heading = SERVING)]
    pub(crate) self_signed: bool,
    /// The Secret of the self-signed certificate.
    #[arg(long, value_name = "NAME", default_value = "cert-manager-webhook-dnspod-self-signed", help_heading = SERVING)]
    pub(crate) self_signed_secret: String,
    /// The Service that the APIServices name, for the self-signed certificate.
    #[arg(long, value_name = "NAME", default_value = "cert-manager-webhook-dnspod", help_heading = SERVING)]
    pub(crate) service_name: String,
    /// The namespace of that Service and of the Secret; that of the pod unless given.
    #[arg(long, value_name = "NAMESPACE", help_heading = SERVING)]
    pub(crate) service_namespace: Option<String>,
    /// How long requests are still accepted after SIGTERM, while /readyz fails already: 3s, 500ms.
    #[arg(long, value_name = "TIME", default_value = "3s", help_heading = SERVING)]
    pub(crate) shutdown_delay_duration: String,

    /// Kubeconfig for everything; in a pod, its ServiceAccount is used.
    #[arg(long, value_name = "FILE", help_heading = KUBERNETES)]
    pub(crate) kubeconfig: Option<String>,
    /// Kubeconfig for client CAs and TokenReview; that of --kubeconfig unless given.
    #[arg(long, value_name = "FILE", help_heading = KUBERNETES)]
    pub(crate) authentication_kubeconfig: Option<String>,
    /// Kubeconfig for SubjectAccessReview; that of --kubeconfig unless given.
    #[arg(long, value_name = "FILE", help_heading = KUBERNETES)]
    pub(crate) authorization_kubeconfig: Option<String>,

    /// PEM file of the CAs of clients, instead of those that the kube-apiserver publishes.
    #[arg(long, value_name = "FILE", help_heading = CALLERS)]
    pub(crate) client_ca_file: Option<String>,
    /// PEM file of the CAs of front proxies, instead of those that the kube-apiserver publishes.
    #[arg(long, value_name = "FILE", help_heading = CALLERS)]
    pub(crate) requestheader_client_ca_file: Option<String>,
    /// Common names that front proxies may have; any unless given.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = CALLERS)]
    pub(crate) requestheader_allowed_names: Vec<String>,
    /// Headers that hold the user's name.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "x-remote-user", help_heading = CALLERS)]
    pub(crate) requestheader_username_headers: Vec<String>,
    /// Headers that hold the user's UID.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "x-remote-uid", help_heading = CALLERS)]
    pub(crate) requestheader_uid_headers: Vec<String>,
    /// Headers that hold the user's groups.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "x-remote-group", help_heading = CALLERS)]
    pub(crate) requestheader_group_headers: Vec<String>,
    /// Beginnings of headers that hold further attributes of the user.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "x-remote-extra-", help_heading = CALLERS)]
    pub(crate) requestheader_extra_headers_prefix: Vec<String>,
    /// Do not read which CAs the kube-apiserver publishes.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false,
        default_missing_value = "true", action = ArgAction::Set, help_heading = CALLERS)]
    pub(crate) authentication_skip_lookup: bool,
    /// Be ready though they cannot be read.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false,
        default_missing_value = "true", action = ArgAction::Set, help_heading = CALLERS)]
    pub(crate) authentication_tolerate_lookup_failure: bool,

    /// Address of Tencent Cloud API 3.0 for DNSPod; that of the Chinese site unless given.
    #[arg(long, value_name = "URL", help_heading = DNSPOD)]
    pub(crate) dnspod_endpoint: Option<String>,
    /// Address of the legacy DNSPod API; that of the Chinese site unless given.
    #[arg(long, value_name = "URL", help_heading = DNSPOD)]
    pub(crate) dnspod_legacy_endpoint: Option<String>,
    /// Mail address that the legacy DNSPod API is told, so that it can warn before it bans for too many calls.
    #[arg(long, value_name = "ADDRESS", help_heading = DNSPOD)]
    pub(crate) dnspod_contact_email: Option<String>,
    /// Let Issuers without a credential use that of this pod or machine, where cert-manager allows it.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false,
        default_missing_value = "true", action = ArgAction::Set, help_heading = DNSPOD)]
    pub(crate) ambient_credentials: bool,
    /// Let clean-ups succeed when the Secret with the credential is gone; the TXT record is left behind.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false,
        default_missing_value = "true", action = ArgAction::Set, help_heading = DNSPOD)]
    pub(crate) clean_up_without_secret: bool,
    /// DNS resolvers, as ADDRESS:PORT, that find name servers for Issuers with waitForPropagation; those of the system
    /// unless given.
    #[arg(long, value_name = "ADDRESSES", value_delimiter = ',', help_heading = DNSPOD)]
    pub(crate) dns01_recursive_nameservers: Vec<SocketAddr>,
}

/// Why nothing is to be done.
pub(crate) enum NotParsed {
    /// Help or the version was asked for.
    Asked(clap::Error),
    /// Something is wrong; the text says what.
    Wrong(clap::Error),
}

/// Reads the arguments, the program's name first.
pub(crate) fn parse(typed: impl IntoIterator<Item = OsString>) -> Result<Args, NotParsed> {
    Args::try_parse_from(typed).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => NotParsed::Asked(error),
        _ => NotParsed::Wrong(error),
    })
}

const SERVING: &str = "Serving";
const KUBERNETES: &str = "Kubernetes";
const CALLERS: &str = "Callers";
const DNSPOD: &str = "DNSPod";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_arguments_of_both_old_charts_are_taken() {
        let typed =
            ["webhook", "--tls-cert-file=/tls/tls.crt", "--tls-private-key-file=/tls/tls.key"];
        let Ok(args) = parse(typed.map(OsString::from)) else { panic!("must be taken") };
        assert_eq!(args.tls_cert_file.as_deref(), Some("/tls/tls.crt"));
        assert_eq!(args.secure_port, 443);
        assert_eq!(args.requestheader_username_headers, ["x-remote-user"]);
    }

    #[test]
    fn a_boolean_is_written_as_in_go() {
        for (typed, expected) in [
            ("--authentication-skip-lookup", true),
            ("--authentication-skip-lookup=true", true),
            ("--authentication-skip-lookup=false", false),
        ] {
            let Ok(args) = parse(["webhook", typed].map(OsString::from)) else {
                panic!("{typed} must be taken")
            };
            assert_eq!(args.authentication_skip_lookup, expected, "{typed}");
        }
    }
}
