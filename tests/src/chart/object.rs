//! Objects of Kubernetes as Helm prints them.

use std::fmt;

use serde_json::Value;

/// One object, with what a test asks of it at hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Object(pub Value);

/// The objects of a stream of YAML documents, such as `helm template` prints. Empty documents are skipped.
///
/// # Errors
/// A sentence: what is not YAML.
pub fn objects(yaml: &str) -> Result<Vec<Object>, String> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(yaml).map_err(|error| error.to_string())?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).map(Object).collect())
}

impl Object {
    /// Its `kind`.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Its `metadata.name`.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Its `metadata.namespace`; empty where it has none.
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// The text at a JSON pointer; empty where there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// What is at a JSON pointer; null where there is nothing.
    pub fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// What Kubernetes takes for the same object: kind, namespace and name.
    pub fn identity(&self) -> (&str, &str, &str) {
        (self.kind(), self.namespace(), self.name())
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind(), self.namespace(), self.name())
    }
}
