//! Where objects are in the Kubernetes API (<https://kubernetes.io/docs/reference/using-api/api-concepts/>).

use std::fmt;

/// A kind of objects, as its API path names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Group and version: `v1`, `cert-manager.io/v1`.
    pub api_version: &'static str,
    /// The plural in paths: `secrets`.
    pub plural: &'static str,
}

/// The path of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectPath {
    pub(super) collection: String,
    pub(super) name: String,
}

/// Secrets.
pub const SECRETS: Resource = Resource { api_version: "v1", plural: "secrets" };
/// `ConfigMap`s.
pub const CONFIG_MAPS: Resource = Resource { api_version: "v1", plural: "configmaps" };
/// Namespaces.
pub const NAMESPACES: Resource = Resource { api_version: "v1", plural: "namespaces" };
/// Services.
pub const SERVICES: Resource = Resource { api_version: "v1", plural: "services" };
/// `EndpointSlice`s: the addresses behind a Service.
pub const ENDPOINT_SLICES: Resource =
    Resource { api_version: "discovery.k8s.io/v1", plural: "endpointslices" };
/// Service accounts.
pub const SERVICE_ACCOUNTS: Resource = Resource { api_version: "v1", plural: "serviceaccounts" };
/// Deployments.
pub const DEPLOYMENTS: Resource = Resource { api_version: "apps/v1", plural: "deployments" };
/// `APIService`s: what the aggregator hands to other servers.
pub const API_SERVICES: Resource =
    Resource { api_version: "apiregistration.k8s.io/v1", plural: "apiservices" };
/// Definitions of custom resources.
pub const CUSTOM_RESOURCE_DEFINITIONS: Resource =
    Resource { api_version: "apiextensions.k8s.io/v1", plural: "customresourcedefinitions" };
/// cert-manager's Certificates.
pub const CERTIFICATES: Resource =
    Resource { api_version: "cert-manager.io/v1", plural: "certificates" };
/// cert-manager's `CertificateRequest`s.
pub const CERTIFICATE_REQUESTS: Resource =
    Resource { api_version: "cert-manager.io/v1", plural: "certificaterequests" };
/// cert-manager's Issuers.
pub const ISSUERS: Resource = Resource { api_version: "cert-manager.io/v1", plural: "issuers" };
/// cert-manager's `ClusterIssuer`s.
pub const CLUSTER_ISSUERS: Resource =
    Resource { api_version: "cert-manager.io/v1", plural: "clusterissuers" };
/// cert-manager's Orders.
pub const ORDERS: Resource = Resource { api_version: "acme.cert-manager.io/v1", plural: "orders" };
/// cert-manager's Challenges.
pub const CHALLENGES: Resource =
    Resource { api_version: "acme.cert-manager.io/v1", plural: "challenges" };

impl Resource {
    /// An object in a namespace.
    pub fn within(self, namespace: &str, name: &str) -> ObjectPath {
        ObjectPath { collection: self.all_within(namespace), name: name.to_owned() }
    }

    /// An object that is in no namespace.
    pub fn named(self, name: &str) -> ObjectPath {
        ObjectPath { collection: self.all(), name: name.to_owned() }
    }

    /// The path of all objects of a namespace.
    pub fn all_within(self, namespace: &str) -> String {
        format!("{}/namespaces/{namespace}/{}", root(self.api_version), self.plural)
    }

    /// The path of all objects.
    pub fn all(self) -> String {
        format!("{}/{}", root(self.api_version), self.plural)
    }
}

/// The path of a group and version; the oldest group has no name.
pub(super) fn root(api_version: &str) -> String {
    let prefix = if api_version.contains('/') { "apis" } else { "api" };
    format!("/{prefix}/{api_version}")
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.collection, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        assert_eq!(SECRETS.within("a", "b").to_string(), "/api/v1/namespaces/a/secrets/b");
        assert_eq!(
            CLUSTER_ISSUERS.named("b").to_string(),
            "/apis/cert-manager.io/v1/clusterissuers/b"
        );
    }
}
