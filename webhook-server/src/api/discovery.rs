//! Discovery by `APIGroupList`, `APIGroup` and `APIResourceList` of `meta/v1`.

use serde_json::{Value, json};

use super::{PAYLOAD_GROUP, PAYLOAD_KIND, SOLVER_NAME, VERSION};

/// `GET /apis`.
pub(super) fn group_list(groups: &[String]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|name| group_fields(name)).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// `GET /apis/GROUP`.
pub(super) fn group(name: &str) -> Value {
    let mut group = group_fields(name);
    group["kind"] = "APIGroup".into();
    group["apiVersion"] = "v1".into();
    group
}

/// `GET /apis/GROUP/v1alpha1`, which the kube-apiserver asks every half minute to see whether we are there.
pub(super) fn resource_list(group: &str) -> Value {
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": format!("{group}/{VERSION}"),
        "resources": [{
            "name": SOLVER_NAME,
            "singularName": PAYLOAD_KIND,
            "namespaced": false,
            "group": PAYLOAD_GROUP,
            "version": VERSION,
            "kind": PAYLOAD_KIND,
            "verbs": ["create"],
        }],
    })
}

fn group_fields(name: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/{VERSION}"), "version": VERSION });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}
