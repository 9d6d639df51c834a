//! OpenAPI documents: the one operation there is, for each group.
//!
//! The kube-apiserver merges them into the cluster's, so they hold what it needs to do so and no more.

use serde_json::{Value, json};

use super::{PAYLOAD_GROUP, PAYLOAD_KIND, SOLVER_NAME, VERSION};

/// The schema's name, as Go packages are named in the documents of Kubernetes.
const SCHEMA: &str =
    "com.github.cert-manager.cert-manager.pkg.acme.webhook.apis.acme.v1alpha1.ChallengePayload";

/// `GET /openapi/v2`: OpenAPI 2.0 of all groups.
pub(super) fn v2(groups: &[String]) -> Value {
    let paths: serde_json::Map<String, Value> = groups
        .iter()
        .map(|group| {
            let schema = json!({ "$ref": format!("#/definitions/{SCHEMA}") });
            let mut operation = operation(group);
            operation["consumes"] = json!(["application/json"]);
            operation["produces"] = json!(["application/json"]);
            operation["schemes"] = json!(["https"]);
            operation["parameters"] =
                json!([{ "name": "body", "in": "body", "required": true, "schema": schema }]);
            operation["responses"] =
                json!({ "201": { "description": "Created", "schema": schema } });
            (path(group), json!({ "post": operation }))
        })
        .collect();
    json!({
        "swagger": "2.0",
        "info": info(),
        "paths": paths,
        "definitions": { SCHEMA: schema() },
    })
}

/// `GET /openapi/v3`: where the document of each group is.
pub(super) fn v3_index(groups: &[(&str, &str)]) -> Value {
    let paths: serde_json::Map<String, Value> = groups
        .iter()
        .map(|(group, hash)| {
            let path = format!("apis/{group}/{VERSION}");
            let url = format!("/openapi/v3/{path}?hash={hash}");
            (path, json!({ "serverRelativeURL": url }))
        })
        .collect();
    json!({ "paths": paths })
}

/// `GET /openapi/v3/apis/GROUP/v1alpha1`: OpenAPI 3.0 of one group.
pub(super) fn v3(group: &str) -> Value {
    let reference = json!({ "$ref": format!("#/components/schemas/{SCHEMA}") });
    let content = json!({ "application/json": { "schema": reference } });
    let mut operation = operation(group);
    operation["requestBody"] = json!({ "required": true, "content": content });
    operation["responses"] = json!({ "201": { "description": "Created", "content": content } });
    json!({
        "openapi": "3.0.0",
        "info": info(),
        "paths": { path(group): { "post": operation } },
        "components": { "schemas": { SCHEMA: schema() } },
    })
}

fn path(group: &str) -> String {
    format!("/apis/{group}/{VERSION}/{SOLVER_NAME}")
}

fn info() -> Value {
    json!({ "title": crate::PROGRAM, "version": env!("CARGO_PKG_VERSION") })
}

/// Operation ids are unique in a cluster's document, so they hold the group.
fn operation(group: &str) -> Value {
    let mut id = String::from("create");
    for label in group.split(['.', '-']) {
        let mut letters = label.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.extend(letters);
    }
    json!({
        "description": "presents a DNS-01 challenge at DNSPod, or cleans it up",
        "operationId": format!("{id}V1alpha1Dnspod"),
        "x-kubernetes-action": "post",
        "x-kubernetes-group-version-kind":
            { "group": PAYLOAD_GROUP, "version": VERSION, "kind": PAYLOAD_KIND },
    })
}

fn schema() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "description": "ChallengePayload is the request that cert-manager sends and the answer to it.",
        "type": "object",
        "properties": {
            "apiVersion": text,
            "kind": text,
            "request": {
                "type": "object",
                "properties": {
                    "uid": text,
                    "action": text,
                    "type": text,
                    "dnsName": text,
                    "key": text,
                    "resourceNamespace": text,
                    "resolvedFQDN": text,
                    "resolvedZone": text,
                    "allowAmbientCredentials": { "type": "boolean" },
                    "config": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                },
            },
            "response": {
                "type": "object",
                "properties": {
                    "uid": text,
                    "success": { "type": "boolean" },
                    "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_named_after_its_group() {
        let id = &operation("acme.my-company.example")["operationId"];
        assert_eq!(id, "createAcmeMyCompanyExampleV1alpha1Dnspod");
    }

    #[test]
    fn every_reference_is_resolved() {
        let groups = ["a.example".to_owned(), "b.example".to_owned()];
        for (document, place) in
            [(v2(&groups), "/definitions"), (v3("a.example"), "/components/schemas")]
        {
            let text = document.to_string();
            let references = text.split("\"$ref\":\"#").skip(1);
            let names: Vec<_> = references.map(|rest| rest.split_once('"').unwrap().0).collect();
            assert!(!names.is_empty(), "{text}");
            for name in names {
                assert!(name.starts_with(place), "{name}");
                assert!(document.pointer(name).is_some(), "{name}");
            }
        }
    }
}
