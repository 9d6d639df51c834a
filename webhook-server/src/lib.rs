//! A cert-manager DNS01 webhook for DNSPod (`solverName: dnspod`).
//!
//! It is an aggregated API server: the kube-apiserver forwards to it what cert-manager asks for, and it makes or removes
//! one TXT record at DNSPod. [`Webhook::start`] runs one; the program around it reads arguments and environment.

mod api;
mod authentication;
mod authorization;
mod challenge;
mod expiring_cache;
mod kubernetes;
mod metrics;
mod server;
mod watched_file;

/// The program's name, as it stands in its documents.
pub(crate) const PROGRAM: &str = "cert-manager-webhook-dnspod";

/// For the targets of fuzz/.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    /// Reads `body` as a payload and as the config of an Issuer.
    pub fn challenge(body: &[u8]) {
        crate::challenge::fuzzing::challenge(body);
    }

    /// Reads `head` as a request's: what is asked for, and by whom.
    pub fn request_head(head: &[u8]) {
        crate::api::fuzzing::request_head(head);
    }
}

// The public interface is:
pub use authentication::{RequestHeaderFlags, TrustSources};
pub use challenge::{AmbientCredential, DnspodOptions};
pub use server::{
    CHALLENGE_BUDGET, CertificateError, CertificateSource, Kubernetes, SelfSigned, Settings,
    StartError, Webhook,
};
