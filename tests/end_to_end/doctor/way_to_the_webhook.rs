//! What is wrong between cert-manager and the webhook.

use std::net::Ipv4Addr;

use e2e::control_plane::API_SERVICES;
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, Pebble};
use serde_json::{Value, json};

use super::stage::Stage;
use crate::aggregated_server::AggregatedServer;

pub(super) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Pebble] the_doctor_follows_the_way_to_the_webhook;
        [CertManager, Pebble] the_doctor_names_the_right_that_cert_manager_lacks;
    }
}

async fn the_doctor_follows_the_way_to_the_webhook() {
    let stage = Stage::new("doctor-way").await;
    let (shared, namespace, group) = (&stage.shared, &stage.namespace, &stage.group);
    let admin = stage.admin();
    let other = format!("{namespace}.other.example");
    let server =
        AggregatedServer::start(&shared.plane, namespace, &other, Ipv4Addr::LOCALHOST.into())
            .await
            .unwrap();
    stage.issuer("ours", stage.solver("reference", &json!({}))).await;
    stage.ask("ws", "ours", &stage.zone).await;
    let found = stage.until("ws", "group_not_served").await;
    let what = found["what"].as_str().unwrap();
    assert!(what.contains(group) && what.contains(&other), "{found}");
    shared.plane.unregister(&other).await.unwrap();
    drop(server);

    let name = format!("v1alpha1.{group}");
    let api_service = json!({
        "apiVersion": API_SERVICES.api_version,
        "kind": "APIService",
        "metadata": { "name": name },
        "spec": {
            "group": group,
            "version": "v1alpha1",
            "groupPriorityMinimum": 1000,
            "versionPriority": 15,
            "insecureSkipTLSVerify": true,
            "service": { "namespace": namespace, "name": "webhook", "port": 443 },
        },
    });
    admin.apply(&api_service).await.unwrap();
    stage.until("ws", "service_missing").await;

    let mut service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "namespace": namespace, "name": "webhook" },
        "spec": { "selector": { "app": "webhook" }, "ports": [{ "name": "https", "port": 8443 }] },
    });
    admin.apply(&service).await.unwrap();
    let found = stage.until("ws", "service_port").await;
    assert!(found["what"].as_str().unwrap().contains("has the ports [8443]"), "{found}");

    service["spec"]["ports"][0]["port"] = 443.into();
    admin.apply(&service).await.unwrap();
    admin.create(&deployment(namespace)).await.unwrap();
    let found = stage.until("ws", "no_endpoints").await;
    let pods = format!("Deployment {namespace}/webhook has 0 of 1 pods available");
    assert!(found["what"].as_str().unwrap().contains(&pods), "{found}");

    let closed = (Ipv4Addr::new(192, 0, 2, 1), 443).into();
    shared.plane.endpoints(namespace, "webhook", "https", closed).await.unwrap();
    stage.until("ws", "api_service_unavailable").await;
    stage.end().await;
}

async fn the_doctor_names_the_right_that_cert_manager_lacks() {
    let stage = Stage::new("doctor-right").await;
    let (plane, namespace, group) = (&stage.shared.plane, &stage.namespace, &stage.group);
    let _server =
        AggregatedServer::start(plane, namespace, group, Ipv4Addr::LOCALHOST.into()).await.unwrap();
    stage.issuer("ours", stage.solver("reference", &json!({}))).await;
    stage.ask("ws", "ours", &stage.zone).await;
    let found = stage.until("ws", "forbidden").await;
    assert!(found["what"].as_str().unwrap().contains("cannot create resource"), "{found}");
    stage.end().await;
}

/// A Deployment whose pod nothing runs.
fn deployment(namespace: &str) -> Value {
    let labels = json!({ "app": "webhook" });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "namespace": namespace, "name": "webhook" },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "webhook", "image": "webhook.invalid" }] },
            },
        },
    })
}
