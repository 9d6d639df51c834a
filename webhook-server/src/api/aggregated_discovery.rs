//! Discovery in one answer, `APIGroupDiscoveryList` of `apidiscovery.k8s.io`.

use serde_json::{Value, json};

use super::{PAYLOAD_GROUP, PAYLOAD_KIND, SOLVER_NAME, VERSION};

/// `GET /apis` by a client that asks for `apidiscovery.k8s.io` in `version` (`v2` or `v2beta1`, which look alike).
pub(super) fn group_discovery_list(groups: &[String], version: &str) -> Value {
    let items: Vec<Value> = groups
        .iter()
        .map(|group| {
            json!({
                "metadata": { "name": group, "creationTimestamp": null },
                "versions": [{
                    "version": VERSION,
                    "freshness": "Current",
                    "resources": [{
                        "resource": SOLVER_NAME,
                        "responseKind": { "group": PAYLOAD_GROUP, "version": VERSION, "kind": PAYLOAD_KIND },
                        "scope": "Cluster",
                        "singularResource": PAYLOAD_KIND,
                        "verbs": ["create"],
                    }],
                }],
            })
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {},
        "items": items,
    })
}
