//! What was typed and what the environment says, made into the settings of a webhook.
//!
//! This is the one place that reads the environment, through a function, so that tests can give it any. All mistakes
//! are collected and reported together.

mod ambient;
mod certificate;
mod kubernetes;
mod proxy;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use acme_core::SystemClock;
use acme_core::dns01::AuthoritativeLookup;
use acme_core::http::HttpOptions;
use dnspod_solver::check_contact;
use url::Url;
use webhook_server::{CHALLENGE_BUDGET, DnspodOptions, RequestHeaderFlags, Settings, TrustSources};

use crate::args::Args;
use crate::group_name;
use crate::logging::LogLevel;
use crate::report::Report;
use certificate::Certificate;
use kubernetes::Kubeconfigs;

/// Reads one variable of the process. One that is empty counts as unset.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub(crate) fn process_environment(variable: &str) -> Option<String> {
    let value = std::env::var_os(variable)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}

/// Everything that was said, checked as far as it can be without asking anybody.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) log_level: LogLevel,
    groups: Vec<String>,
    address: SocketAddr,
    certificate: Certificate,
    trust: TrustSources,
    kubeconfigs: Kubeconfigs,
    dnspod: DnspodOptions,
    shutdown_delay: Duration,
}

impl Config {
    pub(crate) fn new(
        args: &Args,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Report>> {
        let mut mistakes = Vec::new();
        let groups = match environment("GROUP_NAME") {
            Some(text) => group_name::parse(&text),
            None => Err("it is not set".to_owned()),
        };
        let groups = groups.unwrap_or_else(|reason| {
            mistakes.push(Report::usage(
                format_args!("GROUP_NAME: {reason}"),
                "set it to the groupName of your Issuers, a domain of your own such as acme.mycompany.com",
            ));
            Vec::new()
        });
        let log_level = environment("LOG_LEVEL").unwrap_or_else(|| "info".to_owned());
        let log_level = log_level.parse().unwrap_or_else(|()| {
            mistakes.push(Report::usage(
                format_args!("LOG_LEVEL: {log_level:?} is no level"),
                "set it to debug, info, warn or error",
            ));
            LogLevel::default()
        });
        let certificate = Certificate::new(args, &mut mistakes);
        let ambient =
            args.ambient_credentials.then(|| ambient::read(environment, &mut mistakes)).flatten();
        let mut url = |flag: &str, typed: Option<&String>| {
            let parsed = typed.map(|text| Url::parse(text))?;
            parsed
                .map_err(|error| {
                    mistakes.push(Report::usage(
                        format_args!("--{flag}: {error}"),
                        "give an address such as https://dnspod.intl.tencentcloudapi.com",
                    ));
                })
                .ok()
        };
        let endpoint = url("dnspod-endpoint", args.dnspod_endpoint.as_ref());
        let legacy_endpoint = url("dnspod-legacy-endpoint", args.dnspod_legacy_endpoint.as_ref());
        if let Some(Err(reason)) = args.dnspod_contact_email.as_deref().map(check_contact) {
            mistakes.push(Report::usage(
                format_args!("--dnspod-contact-email: {reason}"),
                "give one address such as ops@mycompany.example, or leave it out",
            ));
        }
        let dnspod = DnspodOptions {
            endpoint,
            legacy_endpoint,
            contact_email: args.dnspod_contact_email.clone(),
            ambient,
            http: HttpOptions {
                proxy: proxy::read(environment, &mut mistakes),
                user_agent: concat!(env!("CARGO_BIN_NAME"), "/", env!("CARGO_PKG_VERSION"))
                    .to_owned(),
                ..HttpOptions::default()
            },
            lookup: AuthoritativeLookup::builder()
                .resolvers(args.dns01_recursive_nameservers.iter().copied()),
            clean_up_without_secret: args.clean_up_without_secret,
            ..DnspodOptions::default()
        };
        let shutdown_delay = duration(&args.shutdown_delay_duration).unwrap_or_else(|| {
            mistakes.push(Report::usage(
                format_args!(
                    "--shutdown-delay-duration: {:?} is not a time up to 1m",
                    args.shutdown_delay_duration
                ),
                "write it as 3s or 500ms",
            ));
            Duration::ZERO
        });
        let address = SocketAddr::new(
            args.bind_address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
            args.secure_port,
        );
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Self {
            log_level,
            groups,
            address,
            certificate,
            trust: trust_sources(args),
            kubeconfigs: Kubeconfigs::new(args),
            dnspod,
            shutdown_delay,
        })
    }

    /// Reads kubeconfigs, or what Kubernetes puts into a pod.
    pub(crate) async fn settings(self) -> Result<Settings, Report> {
        let kubernetes = self.kubeconfigs.read().await?;
        Ok(Settings {
            groups: self.groups,
            address: self.address,
            certificate: self.certificate.source(&kubernetes.core),
            trust: self.trust,
            kubernetes,
            dnspod: self.dnspod,
            clock: Arc::new(SystemClock),
            challenge_budget: CHALLENGE_BUDGET,
            shutdown_delay: self.shutdown_delay,
        })
    }
}

fn trust_sources(args: &Args) -> TrustSources {
    let request_header =
        args.requestheader_client_ca_file.as_ref().map(|file| RequestHeaderFlags {
            client_ca_file: file.into(),
            allowed_names: args.requestheader_allowed_names.clone(),
            username_headers: args.requestheader_username_headers.clone(),
            uid_headers: args.requestheader_uid_headers.clone(),
            group_headers: args.requestheader_group_headers.clone(),
            extra_headers_prefix: args.requestheader_extra_headers_prefix.clone(),
        });
    TrustSources {
        client_ca_file: args.client_ca_file.as_ref().map(PathBuf::from),
        request_header,
        skip_lookup: args.authentication_skip_lookup,
        tolerate_lookup_failure: args.authentication_tolerate_lookup_failure,
    }
}

/// `3s`, `500ms`, `1m` or `0`: as much of Go's durations as anybody writes.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit {
        "" if number == 0 => 0,
        "ms" => number,
        "s" => number.checked_mul(1_000)?,
        "m" => number.checked_mul(60_000)?,
        _ => return None,
    };
    (milliseconds <= 60_000).then(|| Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::args;

    fn config(typed: &str, set: &[(&str, &str)]) -> Result<Config, String> {
        let typed = ["webhook"].into_iter().chain(typed.split_whitespace()).map(OsString::from);
        let Ok(args) = args::parse(typed) else { panic!("the arguments must be taken") };
        let environment = |name: &str| {
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
        };
        Config::new(&args, &environment).map_err(|reports| {
            reports.iter().map(|report| report.problem.as_str()).collect::<Vec<_>>().join("\n")
        })
    }

    const FILES: &str = "--tls-cert-file=/tls/tls.crt --tls-private-key-file=/tls/tls.key";
    const GROUP: (&str, &str) = ("GROUP_NAME", "acme.a.example");

    #[test]
    fn what_both_old_charts_say_is_enough() {
        let config = config(FILES, &[GROUP, ("LOG_LEVEL", "INFO")]).unwrap();
        assert_eq!(config.groups, ["acme.a.example"]);
        assert_eq!(config.address, "[::]:443".parse().unwrap());
        assert_eq!(config.shutdown_delay, Duration::from_secs(3));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let typed =
            "--dnspod-endpoint nonsense --dnspod-contact-email ops --shutdown-delay-duration 2h";
        let error =
            config(typed, &[("GROUP_NAME", "acme.k8s.io"), ("LOG_LEVEL", "loud")]).unwrap_err();
        for part in [
            "GROUP_NAME",
            "LOG_LEVEL",
            "--tls-cert-file",
            "--tls-private-key-file",
            "--dnspod-endpoint",
            "--dnspod-contact-email",
            "2h",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
        assert!(config(FILES, &[]).unwrap_err().contains("GROUP_NAME: it is not set"));
    }

    #[test]
    fn a_self_signed_certificate_is_for_the_service() {
        let typed = "--self-signed --service-name dnspod --service-namespace cert-manager";
        let certificate = config(typed, &[GROUP]).unwrap().certificate;
        let anywhere = kube::Config::new("https://127.0.0.1".parse().unwrap());
        let webhook_server::CertificateSource::SelfSigned(source) = certificate.source(&anywhere)
        else {
            panic!("no self-signed certificate")
        };
        assert_eq!(source.namespace, "cert-manager");
        assert_eq!(source.dns_names[0], "dnspod.cert-manager.svc");
        let both = config(&format!("--self-signed {FILES}"), &[GROUP]).unwrap_err();
        assert!(both.contains("both given"), "{both}");
    }

    #[test]
    fn a_credential_of_the_webhook_is_used_where_it_is_asked_for_and_then_has_to_be_whole() {
        let key = [
            GROUP,
            ("TENCENTCLOUD_SECRET_ID", "AKIDexample"),
            ("TENCENTCLOUD_SECRET_KEY", "leaked"),
        ];
        assert!(config(FILES, &key).unwrap().dnspod.ambient.is_none());
        let ambient = format!("{FILES} --ambient-credentials");
        let own = config(&ambient, &key).unwrap().dnspod.ambient;
        let shown = format!("{own:?}");
        assert!(shown.contains("environment: TENCENTCLOUD_SECRET_ID"), "{shown}");
        assert!(!shown.contains("leaked"), "{shown}");
        let error = config(&ambient, &key[..2]).unwrap_err();
        assert!(error.contains("TENCENTCLOUD_SECRET_KEY is not"), "{error}");
        let token = [
            GROUP,
            ("TKE_REGION", "ap-guangzhou"),
            ("TKE_PROVIDER_ID", "tke"),
            ("TKE_ROLE_ARN", "qcs::cam::uin/100000000001:roleName/certificates"),
            ("TKE_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token"),
        ];
        let shown = format!("{:?}", config(&ambient, &token).unwrap().dnspod.ambient);
        assert!(shown.contains("TKE service account"), "{shown}");
    }

    #[test]
    fn options_of_challenges_are_taken() {
        let typed = "--clean-up-without-secret --dns01-recursive-nameservers=192.0.2.1:53,192.0.2.2:53 \
             --dnspod-contact-email=ops@mycompany.example";
        let config = config(&format!("{FILES} {typed}"), &[GROUP]).unwrap();
        assert!(config.dnspod.clean_up_without_secret);
        assert_eq!(config.dnspod.contact_email.as_deref(), Some("ops@mycompany.example"));
        let lookup = format!("{:?}", config.dnspod.lookup);
        assert!(lookup.contains("192.0.2.1:53, 192.0.2.2:53"), "{lookup}");
    }

    #[test]
    fn the_front_proxy_of_flags_is_complete() {
        let typed = "--requestheader-client-ca-file /ca --requestheader-allowed-names=a,b";
        let config = config(&format!("{FILES} {typed}"), &[GROUP]).unwrap();
        let flags = config.trust.request_header.unwrap();
        assert_eq!(flags.allowed_names, ["a", "b"]);
        assert_eq!(flags.extra_headers_prefix, ["x-remote-extra-"]);
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(duration("0"), Some(Duration::ZERO));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("1m"), Some(Duration::from_secs(60)));
        for wrong in ["", "3", "61s", "-1s", "s", "1h", "99999999999999999999s"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
