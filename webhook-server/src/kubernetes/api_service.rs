//! `APIService` of `apiregistration.k8s.io/v1`, by which the kube-apiserver knows of us.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::json;

use super::call::CallError;
use super::send::send;

/// Has the kube-apiserver believe the CAs in `bundle` (PEM) about the server of `api_service`. Saying what it knows
/// already changes nothing.
pub(crate) async fn set_ca_bundle(
    client: &kube::Client,
    api_service: &str,
    bundle: &str,
) -> Result<(), CallError> {
    let path = format!("/apis/apiregistration.k8s.io/v1/apiservices/{api_service}");
    let change = json!({ "spec": { "caBundle": STANDARD.encode(bundle) } });
    send(client, Request::patch(path), "application/merge-patch+json", &change).await
}
