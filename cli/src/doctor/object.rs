//! Reading objects of Kubernetes; what they lack is empty.

use serde_json::Value;

/// The object's own name.
pub(super) fn name(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

/// Its namespace; empty where it is in none.
pub(super) fn namespace(object: &Value) -> &str {
    text(&object["metadata"]["namespace"])
}

/// `namespace/name`, or only the name where it is in no namespace.
pub(super) fn full_name(object: &Value) -> String {
    match namespace(object) {
        "" => name(object).to_owned(),
        namespace => format!("{namespace}/{}", name(object)),
    }
}

pub(super) fn is_named(object: &Value, in_namespace: &str, called: &str) -> bool {
    namespace(object) == in_namespace && name(object) == called
}

/// Whether `owner` is the controller or an owner of `object`.
pub(super) fn is_owned(object: &Value, owner: &Value) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    namespace(object) == namespace(owner)
        && owners.is_some_and(|owners| {
            owners
                .iter()
                .any(|one| one["uid"] == owner["metadata"]["uid"] && one["uid"].is_string())
        })
}

/// The condition of this type.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind)
}

/// Whether the condition of this type is `True`.
pub(super) fn holds(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

/// What a condition says: its message, else its reason.
pub(super) fn message(condition: &Value) -> &str {
    match text(&condition["message"]) {
        "" => text(&condition["reason"]),
        message => message,
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
