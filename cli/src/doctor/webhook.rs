//! The way from a Challenge to a webhook's pod: APIService, Service, `EndpointSlice`s, Deployment.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cause::Cause;
use super::object::{condition, full_name, holds, is_named, message, namespace, text};
use super::snapshot::Kind;
use super::walk::{Found, Walk};

/// The port of the Service where an APIService names none.
const DEFAULT_PORT: u64 = 443;

impl Walk<'_> {
    /// What breaks the way to the webhook that a Challenge's solver names.
    pub(super) fn webhook(&mut self, challenge: &Value, webhook: &Value) -> Option<Found> {
        let group = text(&webhook["groupName"]);
        if self.note_unread(Kind::ApiService) {
            return None;
        }
        let api_services = self.snapshot.all(Kind::ApiService);
        let Some(api_service) = api_services.iter().find(|one| one["spec"]["group"] == group)
        else {
            let issuer = &challenge["spec"]["issuerRef"];
            let kind = match text(&issuer["kind"]) {
                "" => Kind::Issuer.name(),
                kind => kind,
            };
            let what = format!(
                "no APIService serves the group {group}, which {kind} {} names as groupName",
                text(&issuer["name"])
            );
            let others = served_by_webhooks(api_services);
            return Some(if others.is_empty() {
                Found::new(Cause::ApiServiceMissing, what)
            } else {
                let others: Vec<&str> = others.into_iter().collect();
                let what = format!("{what}; webhooks here serve: {}", others.join(", "));
                Found::new(Cause::GroupNotServed, what)
            });
        };
        if holds(api_service, "Available") {
            self.step(Kind::ApiService, api_service, "available");
            return None;
        }
        let available = condition(api_service, "Available");
        let says = available.map_or("not looked at yet", message);
        self.step(Kind::ApiService, api_service, says);
        Some(self.service(api_service).unwrap_or_else(|| {
            let what = format!("APIService {} is not available: {says}", full_name(api_service));
            Found::new(Cause::ApiServiceUnavailable, what)
        }))
    }

    /// What is wrong with the Service of an APIService that is not available.
    fn service(&mut self, api_service: &Value) -> Option<Found> {
        let reference = &api_service["spec"]["service"];
        let (of, name) = (text(&reference["namespace"]), text(&reference["name"]));
        let port = reference["port"].as_u64().unwrap_or(DEFAULT_PORT);
        let api_service = full_name(api_service);
        if self.note_unread(Kind::Service) {
            return None;
        }
        let services = self.snapshot.all(Kind::Service);
        let Some(service) = services.iter().find(|one| is_named(one, of, name)) else {
            let what =
                format!("there is no Service {of}/{name}, which APIService {api_service} names");
            return Some(Found::new(Cause::ServiceMissing, what));
        };
        let ports: Vec<u64> = service["spec"]["ports"]
            .as_array()
            .map(|ports| ports.iter().filter_map(|one| one["port"].as_u64()).collect())
            .unwrap_or_default();
        self.step(Kind::Service, service, &format!("ports {ports:?}"));
        if !ports.contains(&port) {
            let what = format!(
                "Service {of}/{name} has the ports {ports:?}, and APIService {api_service} names port {port}"
            );
            return Some(Found::new(Cause::ServicePort, what));
        }
        if service["spec"]["type"] == "ExternalName" || self.note_unread(Kind::EndpointSlice) {
            return None;
        }
        if self.has_ready_endpoint(of, name) {
            self.steps.push(format!("EndpointSlices of Service {of}/{name}: ready"));
            return None;
        }
        self.steps.push(format!("EndpointSlices of Service {of}/{name}: none ready"));
        let pods = self.deployment(service).unwrap_or_default();
        let what = format!(
            "Service {of}/{name}, which APIService {api_service} names, has no ready endpoint{pods}"
        );
        Some(Found::new(Cause::NoEndpoints, what))
    }

    fn has_ready_endpoint(&self, of: &str, service: &str) -> bool {
        let slices = self.snapshot.all(Kind::EndpointSlice).iter().filter(|slice| {
            let labels = &slice["metadata"]["labels"];
            namespace(slice) == of && labels["kubernetes.io/service-name"] == service
        });
        // One that says nothing about it counts as ready, as for kube-proxy.
        slices
            .filter_map(|slice| slice["endpoints"].as_array())
            .flatten()
            .any(|endpoint| endpoint["conditions"]["ready"] != false)
    }

    /// How the Deployment stands whose pods a Service selects.
    fn deployment(&mut self, service: &Value) -> Option<String> {
        self.note_unread(Kind::Deployment);
        let selector = service["spec"]["selector"].as_object()?;
        let deployments = self.snapshot.all(Kind::Deployment);
        let selected = deployments.iter().find(|one| {
            let labels = &one["spec"]["template"]["metadata"]["labels"];
            namespace(one) == namespace(service)
                && selector.iter().all(|(key, value)| labels[key] == *value)
        });
        let Some(deployment) = selected else {
            return Some("; no Deployment has pods with the labels that it selects".to_owned());
        };
        let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        let there = deployment["status"]["availableReplicas"].as_u64().unwrap_or(0);
        let failing = ["ReplicaFailure", "Progressing", "Available"].into_iter().find_map(|kind| {
            let bad = if kind == "ReplicaFailure" { "True" } else { "False" };
            condition(deployment, kind).filter(|one| one["status"] == bad).map(message)
        });
        let says = format!(
            "{there} of {wanted} pods available{}",
            failing.map(|why| format!(" ({why})")).unwrap_or_default()
        );
        self.step(Kind::Deployment, deployment, &says);
        Some(format!("; Deployment {} has {says}", full_name(deployment)))
    }
}

/// The groups behind Services that may be webhooks: not Kubernetes' own, such as that of metrics.
fn served_by_webhooks(api_services: &[Value]) -> BTreeSet<&str> {
    let behind_services = api_services.iter().filter(|one| one["spec"]["service"].is_object());
    let groups = behind_services.map(|one| text(&one["spec"]["group"]));
    groups.filter(|group| !group.ends_with(".k8s.io")).collect()
}
