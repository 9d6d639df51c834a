//! What cert-manager's chart allows its parts, leader election aside, which does not take place here
//! (`deploy/charts/cert-manager/templates/*rbac.yaml` of its module). Nothing is granted on webhooks' groups: that is for
//! the webhook's chart.

use serde_json::{Value, json};

/// The controller's: everywhere.
pub(super) fn controller() -> Value {
    let change = json!(["update", "patch"]);
    let read = json!(["get", "list", "watch"]);
    json!([
        {
            "apiGroups": ["cert-manager.io"],
            "resources": [
                "issuers", "issuers/status", "clusterissuers", "clusterissuers/status",
                "certificates", "certificates/status", "certificaterequests", "certificaterequests/status",
            ],
            "verbs": change,
        },
        {
            "apiGroups": ["cert-manager.io"],
            "resources": ["issuers", "clusterissuers", "certificates", "certificaterequests"],
            "verbs": read,
        },
        {
            "apiGroups": ["cert-manager.io"],
            "resources": ["certificates", "certificaterequests"],
            "verbs": ["create", "update", "delete"],
        },
        {
            "apiGroups": ["cert-manager.io"],
            "resources": [
                "certificates/finalizers", "certificaterequests/finalizers",
                "issuers/finalizers", "clusterissuers/finalizers",
            ],
            "verbs": ["update"],
        },
        {
            "apiGroups": ["cert-manager.io"],
            "resources": ["signers"],
            "resourceNames": ["issuers.cert-manager.io/*", "clusterissuers.cert-manager.io/*"],
            "verbs": ["approve"],
        },
        {
            "apiGroups": ["acme.cert-manager.io"],
            "resources": ["orders", "orders/status", "challenges", "challenges/status"],
            "verbs": change,
        },
        {
            "apiGroups": ["acme.cert-manager.io"],
            "resources": ["orders", "challenges"],
            "verbs": ["get", "list", "watch", "create", "delete"],
        },
        {
            "apiGroups": ["acme.cert-manager.io"],
            "resources": ["orders/finalizers", "challenges/finalizers"],
            "verbs": ["update"],
        },
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "verbs": ["get", "list", "watch", "create", "update", "delete", "patch"],
        },
        { "apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"] },
        {
            "apiGroups": [""],
            "resources": ["pods", "services"],
            "verbs": ["get", "list", "watch", "create", "delete"],
        },
        {
            "apiGroups": ["networking.k8s.io"],
            "resources": ["ingresses"],
            "verbs": ["get", "list", "watch", "create", "delete", "update"],
        },
        { "apiGroups": ["networking.k8s.io"], "resources": ["ingresses/finalizers"], "verbs": ["update"] },
    ])
}

/// cainjector's: everywhere.
pub(super) fn cainjector() -> Value {
    let inject = json!(["get", "list", "watch", "update", "patch"]);
    json!([
        { "apiGroups": ["cert-manager.io"], "resources": ["certificates"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": [""], "resources": ["events"], "verbs": ["get", "create", "update", "patch"] },
        {
            "apiGroups": ["admissionregistration.k8s.io"],
            "resources": ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
            "verbs": inject,
        },
        { "apiGroups": ["apiregistration.k8s.io"], "resources": ["apiservices"], "verbs": inject },
        { "apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": inject },
    ])
}

/// The admission webhook's: everywhere.
pub(super) fn webhook() -> Value {
    json!([{ "apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"] }])
}

/// The admission webhook's, in cert-manager's namespace: it keeps its CA in a Secret.
pub(super) fn webhook_in_its_namespace(ca_secret: &str) -> Value {
    json!([
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": [ca_secret],
            "verbs": ["get", "list", "watch", "update"],
        },
        { "apiGroups": [""], "resources": ["secrets"], "verbs": ["create"] },
    ])
}
