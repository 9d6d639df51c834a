//! A real cert-manager on a [`ControlPlane`](crate::control_plane::ControlPlane): its controllers with the rights that its chart
//! gives them, cainjector, and its admission webhook.

mod admission;
mod issuer;
mod parts;
mod reference_webhook;
mod renewal;
mod rights;
mod shared;

pub use issuer::{acme_cluster_issuer, certificate, issued};
pub use parts::{CertManager, NAMESPACE, SERVICE_ACCOUNT, define_kinds};
pub use reference_webhook::{ReferenceWebhook, reference_config, reference_webhook_command};
pub use renewal::renew;
pub(crate) use shared::stop_shared;
pub use shared::{SharedCertManager, shared};
