//! Secrets, read and written without more copies than the way through the network makes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::call::{CallError, call};
use super::send::send;

/// The data of a Secret. It has no `Debug`, and its values are wiped when it is dropped.
#[derive(Deserialize)]
pub(crate) struct SecretData {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    data: BTreeMap<String, Zeroizing<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    resource_version: Option<String>,
}

impl SecretData {
    /// The value of `key`, decoded. `None` where there is no such key.
    pub(crate) fn value(&self, key: &str) -> Option<Zeroizing<Vec<u8>>> {
        let encoded = self.data.get(key)?;
        // The kube-apiserver refuses to store what is not base64.
        Some(Zeroizing::new(STANDARD.decode(encoded.as_bytes()).unwrap_or_default()))
    }

    /// Which state of the Secret this is.
    pub(crate) fn version(&self) -> Option<&str> {
        self.metadata.resource_version.as_deref()
    }

    /// The names of the values.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.data.keys().map(String::as_str)
    }
}

/// Reads the Secret `name` in `namespace`.
pub(crate) async fn read_secret(
    client: &kube::Client,
    namespace: &str,
    name: &str,
) -> Result<SecretData, CallError> {
    // Names come from Issuers; what is not a name must not become another path.
    if !is_name(namespace) || !is_name(name) {
        return Err(CallError::not_found());
    }
    let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
    let request = Request::get(path)
        .body(Vec::new())
        .map_err(|error| CallError::NoAnswer { reason: error.to_string() })?;
    let text = Zeroizing::new(call(client.request_text(request)).await?);
    serde_json::from_str(&text)
        .map_err(|_| CallError::NoAnswer { reason: "the answer is not a Secret".to_owned() })
}

/// Makes a Secret of `entries`, an object of texts. The error has code 409 where there is one of this name.
pub(crate) async fn create_secret(
    client: &kube::Client,
    namespace: &str,
    name: &str,
    kind: &str,
    entries: &Value,
) -> Result<(), CallError> {
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": { "name": name, "namespace": namespace },
        "stringData": entries,
    });
    let path = format!("/api/v1/namespaces/{namespace}/secrets");
    send(client, Request::post(path), "application/json", &secret).await
}

/// Sets `entries`, an object of texts, in the Secret, if it is still in the state `version`: else the error has code 409.
pub(crate) async fn update_secret(
    client: &kube::Client,
    namespace: &str,
    name: &str,
    version: &str,
    entries: &Value,
) -> Result<(), CallError> {
    let change = json!({ "metadata": { "resourceVersion": version }, "stringData": entries });
    let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
    send(client, Request::patch(path), "application/merge-patch+json", &change).await
}

/// Whether `name` can be a name of a Kubernetes object (RFC 1123 subdomain).
fn is_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && name.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for good in ["dnspod-secret", "a.b", "0"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a?b", "A", "a%2f", "a b", &"a".repeat(254)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn values_are_decoded() {
        let text = r#"{"metadata":{},"data":{"secretId":"QUtJRA=="},"type":"Opaque"}"#;
        let secret: SecretData = serde_json::from_str(text).unwrap();
        assert_eq!(secret.value("secretId").unwrap().as_slice(), b"AKID");
        assert!(secret.value("other").is_none());
        assert_eq!(secret.keys().collect::<Vec<_>>(), ["secretId"]);
        let empty: SecretData = serde_json::from_str("{}").unwrap();
        assert_eq!(empty.keys().count(), 0);
    }
}
