//! Where the serving certificate comes from.

use std::path::PathBuf;

use webhook_server::{CertificateSource, SelfSigned};

use crate::args::Args;
use crate::report::Report;

/// The flags about the serving certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Certificate {
    Files {
        chain: PathBuf,
        key: PathBuf,
    },
    SelfSigned {
        /// `None`: that of the pod.
        namespace: Option<String>,
        secret: String,
        service: String,
    },
}

impl Certificate {
    pub(super) fn new(args: &Args, mistakes: &mut Vec<Report>) -> Self {
        if args.self_signed {
            if args.tls_cert_file.is_some() || args.tls_private_key_file.is_some() {
                mistakes.push(Report::usage(
                    "--self-signed and the files of a certificate are both given",
                    "leave out --self-signed, or --tls-cert-file and --tls-private-key-file",
                ));
            }
            return Self::SelfSigned {
                namespace: args.service_namespace.clone(),
                secret: args.self_signed_secret.clone(),
                service: args.service_name.clone(),
            };
        }
        let mut file = |flag: &str, typed: Option<&String>| {
            if typed.is_none() {
                mistakes.push(Report::usage(
                    format_args!("--{flag} is missing"),
                    "give the files of the serving certificate and its key, or --self-signed",
                ));
            }
            typed.map(PathBuf::from).unwrap_or_default()
        };
        Self::Files {
            chain: file("tls-cert-file", args.tls_cert_file.as_ref()),
            key: file("tls-private-key-file", args.tls_private_key_file.as_ref()),
        }
    }

    /// The same, with the namespace that the pod is in where none was given.
    pub(super) fn source(self, core: &kube::Config) -> CertificateSource {
        match self {
            Self::Files { chain, key } => CertificateSource::Files { chain, key },
            Self::SelfSigned { namespace, secret, service } => {
                let namespace = namespace.unwrap_or_else(|| core.default_namespace.clone());
                let dns_names = vec![
                    format!("{service}.{namespace}.svc"),
                    format!("{service}.{namespace}"),
                    service,
                ];
                CertificateSource::SelfSigned(SelfSigned { namespace, secret, dns_names })
            }
        }
    }
}
