//! Servers of tests behind kube-apiserver: Services, `APIService`s and the right to create in their API group
//! (<https://kubernetes.io/docs/tasks/extend-kubernetes/setup-extension-api-server/>).

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::object::{API_SERVICES, ENDPOINT_SLICES};
use super::pki::Pair;
use super::plane::{ControlPlane, Routing};

/// How long an `APIService` may take to be available: kube-apiserver asks five times at once, then waits.
const AVAILABLE_LIMIT: Duration = Duration::from_secs(60);

/// The port of a Service that has an `EndpointSlice`, and an `APIService`'s default.
const SERVICE_PORT: u16 = 443;

/// The name of that port.
const PORT_NAME: &str = "https";

impl ControlPlane {
    /// Makes a Service behind which the server at `address` is, in the way of this control plane's [`Routing`], and
    /// returns the port that an `APIService` has to name.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn expose(
        &self,
        namespace: &str,
        service: &str,
        address: SocketAddr,
    ) -> Result<u16, String> {
        let metadata = json!({ "namespace": namespace, "name": service });
        let (spec, port) = match self.routing {
            Routing::ServiceAddress => {
                let port = address.port();
                let ports = json!([{ "name": PORT_NAME, "port": port }]);
                let name = address.ip().to_string();
                (json!({ "type": "ExternalName", "externalName": name, "ports": ports }), port)
            }
            Routing::Endpoints => {
                self.endpoints(namespace, service, PORT_NAME, address).await?;
                let ports =
                    json!([{ "name": PORT_NAME, "port": SERVICE_PORT, "targetPort": PORT_NAME }]);
                (json!({ "ports": ports }), SERVICE_PORT)
            }
        };
        let object =
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec });
        self.apply(&object).await?;
        Ok(port)
    }

    /// Puts the server at `address`, which may not be loopback, behind a Service that is there or comes later, as the
    /// `EndpointSlice` that a cluster would make for its pods. `port_name` is the name of the Service's port. Servers at
    /// other ports that are behind it already stay there.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn endpoints(
        &self,
        namespace: &str,
        service: &str,
        port_name: &str,
        address: SocketAddr,
    ) -> Result<(), String> {
        let metadata = json!({
            "namespace": namespace,
            "name": slice_name(service, address),
            "labels": { "kubernetes.io/service-name": service },
        });
        let object = json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": "IPv4",
            "ports": [{ "name": port_name, "port": address.port(), "protocol": "TCP" }],
            "endpoints": [{ "addresses": [address.ip()], "conditions": { "ready": true } }],
        });
        self.apply(&object).await
    }

    /// Takes the server at `address` out from behind a Service, as a cluster does when its pod has gone.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn remove_endpoints(
        &self,
        namespace: &str,
        service: &str,
        address: SocketAddr,
    ) -> Result<(), String> {
        let path = ENDPOINT_SLICES.within(namespace, &slice_name(service, address));
        self.admin.delete(&path).await.map_err(|error| error.to_string())
    }

    /// Hands the API group, in version `v1alpha1`, to a Service, and waits until kube-apiserver finds it available.
    /// `ca` is the CA in PEM of the server's certificate, which has to be for `<service>.<namespace>.svc`.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses, or does not find it available.
    pub async fn register(
        &self,
        group: &str,
        namespace: &str,
        service: &str,
        port: u16,
        ca: &str,
    ) -> Result<(), String> {
        let name = format!("v1alpha1.{group}");
        let object = json!({
            "apiVersion": API_SERVICES.api_version,
            "kind": "APIService",
            "metadata": { "name": name },
            "spec": {
                "group": group,
                "version": "v1alpha1",
                "groupPriorityMinimum": 1000,
                "versionPriority": 15,
                "caBundle": STANDARD.encode(ca),
                "service": { "namespace": namespace, "name": service, "port": port },
            },
        });
        self.apply(&object).await?;
        self.admin
            .until_condition(&API_SERVICES.named(&name), "Available", AVAILABLE_LIMIT)
            .await?;
        Ok(())
    }

    /// Takes the API group from its Service again. One that stays when its server has gone holds up the deletion of every
    /// namespace of the control plane.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn unregister(&self, group: &str) -> Result<(), String> {
        let path = API_SERVICES.named(&format!("v1alpha1.{group}"));
        self.admin.delete(&path).await.map_err(|error| error.to_string())
    }

    /// Lets a service account create whatever is in an API group, as a webhook's chart lets cert-manager's.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn allow_create(
        &self,
        group: &str,
        namespace: &str,
        account: &str,
    ) -> Result<(), String> {
        let name = format!("{group}:domain-solver");
        let rules = json!([{ "apiGroups": [group], "resources": ["*"], "verbs": ["create"] }]);
        self.grant_cluster_role(&name, &rules, namespace, account).await
    }

    /// Lets a service account find out who calls it and what they may do, as every aggregated server has to.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn delegate_authentication(
        &self,
        namespace: &str,
        account: &str,
    ) -> Result<(), String> {
        let name = format!("{namespace}.{account}:authentication-reader");
        let group = "rbac.authorization.k8s.io";
        self.apply(&json!({
            "apiVersion": format!("{group}/v1"),
            "kind": "RoleBinding",
            "metadata": { "namespace": "kube-system", "name": name },
            "roleRef": { "apiGroup": group, "kind": "Role", "name": "extension-apiserver-authentication-reader" },
            "subjects": [{ "kind": "ServiceAccount", "namespace": namespace, "name": account }],
        }))
        .await?;
        let name = format!("{namespace}.{account}:auth-delegator");
        self.bind_cluster_role(&name, "system:auth-delegator", namespace, account).await
    }

    /// Gives a service account the rights of `rules`, everywhere, by a `ClusterRole` of this name.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn grant_cluster_role(
        &self,
        name: &str,
        rules: &Value,
        namespace: &str,
        account: &str,
    ) -> Result<(), String> {
        self.apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": { "name": name },
            "rules": rules,
        }))
        .await?;
        self.bind_cluster_role(name, name, namespace, account).await
    }

    /// Gives a service account the rights of a `ClusterRole` that is there, everywhere.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn bind_cluster_role(
        &self,
        name: &str,
        role: &str,
        namespace: &str,
        account: &str,
    ) -> Result<(), String> {
        self.apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": { "name": name },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "kind": "ServiceAccount", "namespace": namespace, "name": account }],
        }))
        .await
    }

    /// A certificate of the cluster's CA for a Service: `<service>.<namespace>.svc`.
    ///
    /// # Errors
    /// A sentence: it cannot be made.
    pub fn serving_certificate(&self, namespace: &str, service: &str) -> Result<Pair, String> {
        let name = format!("{service}.{namespace}.svc");
        self.pki.ca().server_named(&name)
    }

    async fn apply(&self, object: &Value) -> Result<(), String> {
        self.admin.apply(object).await.map(drop).map_err(|error| error.to_string())
    }
}

fn slice_name(service: &str, address: SocketAddr) -> String {
    format!("{service}-{}", address.port())
}
