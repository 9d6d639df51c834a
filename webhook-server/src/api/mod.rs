//! What an aggregated API server answers besides its resource.

mod accept;
mod aggregated_discovery;
mod discovery;
mod document;
mod documents;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod health;
mod openapi;
mod request_info;
mod response;
mod status;
mod version;

pub(crate) use documents::Documents;
pub(crate) use health::{Check, Health, HealthPath};
pub(crate) use request_info::{RequestInfo, Resource, Target};
pub(crate) use response::{json, metrics};
pub(crate) use status::Status;

/// The version of cert-manager's webhook API (`pkg/acme/webhook/apis/acme/v1alpha1`).
pub(crate) const VERSION: &str = "v1alpha1";
/// The `apiVersion` and the `kind` of what a solver is sent.
pub(crate) const PAYLOAD_GROUP: &str = "webhook.acme.cert-manager.io";
pub(crate) const PAYLOAD_KIND: &str = "ChallengePayload";
/// The name that Issuers call the solver by; the resource's plural name on the wire.
pub(crate) const SOLVER_NAME: &str = "dnspod";
