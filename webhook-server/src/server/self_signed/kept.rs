//! What the Secret of a self-signed certificate holds.

use serde_json::json;
use zeroize::Zeroizing;

use super::authority::Pair;
use crate::kubernetes::{CallError, SecretData, create_secret, read_secret, update_secret};

/// The entries of the Secret. `tls.crt`, `tls.key` and `ca.crt` are those of every Secret of type `kubernetes.io/tls`.
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";
const BUNDLE: &str = "ca.crt";
const CA_KEY: &str = "ca.key";

/// A CA, what it has issued, and which state of the Secret that is. It has no `Debug`.
pub(super) struct Kept {
    /// The Secret's resource version; `None` where there is no Secret yet.
    pub(super) version: Option<String>,
    /// The CA in PEM, then the one before it, as long as that may be needed.
    pub(super) bundle: String,
    /// The key of the first.
    pub(super) ca_key: Zeroizing<String>,
    pub(super) serving: Pair,
}

impl Kept {
    /// Reads the Secret. `None` where there is none; entries that are absent are empty, which is as good as expired.
    pub(super) async fn load(
        client: &kube::Client,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Self>, CallError> {
        match read_secret(client, namespace, name).await {
            Ok(secret) => Ok(Some(Self::from_secret(&secret))),
            Err(error) if error.code() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the Secret, unless it has changed since it was read: then the error has code 409.
    pub(super) async fn save(
        &self,
        client: &kube::Client,
        namespace: &str,
        name: &str,
    ) -> Result<(), CallError> {
        let entries = json!({
            CERTIFICATE: self.serving.certificate,
            KEY: self.serving.key.as_str(),
            BUNDLE: self.bundle,
            CA_KEY: self.ca_key.as_str(),
        });
        match &self.version {
            None => create_secret(client, namespace, name, "kubernetes.io/tls", &entries).await,
            Some(version) => update_secret(client, namespace, name, version, &entries).await,
        }
    }

    fn from_secret(secret: &SecretData) -> Self {
        let text = |key: &str| {
            let value = secret.value(key).unwrap_or_default();
            Zeroizing::new(String::from_utf8_lossy(&value).into_owned())
        };
        Self {
            version: secret.version().map(str::to_owned),
            bundle: text(BUNDLE).to_string(),
            ca_key: text(CA_KEY),
            serving: Pair { certificate: text(CERTIFICATE).to_string(), key: text(KEY) },
        }
    }
}
