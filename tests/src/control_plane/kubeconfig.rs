//! kubeconfig files, with everything in them (<https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::client::KubeClient;
use super::object::SERVICE_ACCOUNTS;
use super::plane::ControlPlane;

/// In seconds; longer than any test.
const TOKEN_LIFETIME: u32 = 24 * 3600;

impl ControlPlane {
    /// The kubeconfig file of a user with every right.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.dir.path().join("admin.kubeconfig")
    }

    /// Makes the service account where there is none and returns a kubeconfig file with a token of it.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses, or the file cannot be written.
    pub async fn service_account_kubeconfig(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<PathBuf, String> {
        let token = self.service_account_token(namespace, name).await?;
        let user = json!({ "token": token.as_str() });
        let file = self.dir.path().join(format!("{namespace}.{name}.kubeconfig"));
        write_private(&file, &self.kubeconfig(&user))?;
        Ok(file)
    }

    /// A client with the rights of a service account, which is made where there is none.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn service_account(&self, namespace: &str, name: &str) -> Result<KubeClient, String> {
        let token = self.service_account_token(namespace, name).await?;
        KubeClient::with_token(&self.url, &self.ca_pem(), token)
    }

    /// A token of a service account, which is made where there is none.
    ///
    /// # Errors
    /// A sentence: kube-apiserver refuses.
    pub async fn service_account_token(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Zeroizing<String>, String> {
        let account = json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": { "namespace": namespace, "name": name },
        });
        self.admin.apply(&account).await.map_err(|error| error.to_string())?;
        let path = format!("{}/token", SERVICE_ACCOUNTS.within(namespace, name));
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": { "expirationSeconds": TOKEN_LIFETIME },
        });
        let body = Some(("application/json", request.to_string()));
        let answer = self.admin.request(reqwest::Method::POST, &path, body).await;
        let mut answer = answer.map_err(|error| error.to_string())?;
        match answer["status"]["token"].take() {
            Value::String(token) => Ok(Zeroizing::new(token)),
            _ => Err(format!("{path}: no token was answered")),
        }
    }

    pub(super) fn write_admin_kubeconfig(&self) -> Result<(), String> {
        let read = |name: &str| {
            let file = self.pki.file(name);
            fs::read(&file)
                .map(|pem| STANDARD.encode(pem))
                .map_err(|error| format!("{}: {error}", file.display()))
        };
        let user = json!({
            "client-certificate-data": read("admin.crt")?,
            "client-key-data": read("admin.key")?,
        });
        write_private(&self.admin_kubeconfig(), &self.kubeconfig(&user))
    }

    /// JSON is YAML.
    fn kubeconfig(&self, user: &Value) -> String {
        let cluster = json!({
            "server": self.url,
            "certificate-authority-data": STANDARD.encode(self.ca_pem()),
        });
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "e2e", "cluster": cluster }],
            "users": [{ "name": "e2e", "user": user }],
            "contexts": [{ "name": "e2e", "context": { "cluster": "e2e", "user": "e2e" } }],
            "current-context": "e2e",
        })
        .to_string()
    }
}

/// Writes a file that only its owner may read, and replaces an existing one as a whole.
pub(super) fn write_private(file: &Path, text: &str) -> Result<(), String> {
    let write = || {
        // A temporary file is the owner's alone from the start.
        let mut new = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
        new.write_all(text.as_bytes())?;
        new.persist(file)?;
        std::io::Result::Ok(())
    };
    write().map_err(|error| format!("{}: {error}", file.display()))
}
