//! Serving: connections, TLS, and what becomes of each request.

mod challenge_handler;
mod connection;
mod handler;
mod limits;
mod listener;
mod self_signed;
mod serving_certificate;
mod tls;
mod webhook;

pub use self_signed::SelfSigned;
pub use serving_certificate::CertificateError;
pub use webhook::{CHALLENGE_BUDGET, CertificateSource, Kubernetes, Settings, StartError, Webhook};
