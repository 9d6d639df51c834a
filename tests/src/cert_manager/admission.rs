//! How kube-apiserver is told of cert-manager's admission webhook, and how it is seen that it asks it.

use serde_json::{Value, json};

use super::parts::NAMESPACE;
use crate::control_plane::KubeClient;

/// The Secret in which the webhook keeps its CA.
pub(super) const CA_SECRET: &str = "cert-manager-webhook-ca";

/// What makes kube-apiserver ask the webhook at `port` of loopback, once cainjector has put the CA in; as the chart has it.
pub(super) fn configurations(port: u16) -> [Value; 2] {
    let configuration = |kind: &str,
                         path: &str,
                         groups: Value,
                         operations: Value,
                         resources: Value| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {
                "name": "cert-manager-webhook",
                "annotations": { "cert-manager.io/inject-ca-from-secret": format!("{NAMESPACE}/{CA_SECRET}") },
            },
            "webhooks": [{
                "name": "webhook.cert-manager.io",
                "rules": [{
                    "apiGroups": groups,
                    "apiVersions": ["v1"],
                    "operations": operations,
                    "resources": resources,
                }],
                "admissionReviewVersions": ["v1"],
                "matchPolicy": "Equivalent",
                "timeoutSeconds": 30,
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "clientConfig": { "url": format!("https://localhost:{port}{path}") },
            }],
        })
    };
    [
        configuration(
            "ValidatingWebhookConfiguration",
            "/validate",
            json!(["cert-manager.io", "acme.cert-manager.io"]),
            json!(["CREATE", "UPDATE"]),
            json!(["*/*"]),
        ),
        configuration(
            "MutatingWebhookConfiguration",
            "/mutate",
            json!(["cert-manager.io"]),
            json!(["CREATE"]),
            json!(["certificaterequests"]),
        ),
    ]
}

/// Whether kube-apiserver asks the webhook and gets an answer: it refuses everything of cert-manager's before.
pub(super) async fn is_asked(admin: &KubeClient) -> bool {
    let path = "/apis/cert-manager.io/v1/clusterissuers?dryRun=All";
    let issuer = json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": { "name": "is-admission-there" },
        "spec": { "selfSigned": {} },
    });
    admin
        .request(reqwest::Method::POST, path, Some(("application/json", issuer.to_string())))
        .await
        .is_ok()
}
