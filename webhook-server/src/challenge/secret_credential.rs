//! The credential that an Issuer names, read from Secrets of one namespace and of no other.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use dnspod_solver::{Credential, CredentialSource, LoginToken};
use futures_util::future::join_all;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::issuer_config::{SecretId, SecretKeySelector};
use super::secret_error::SecretError;
use crate::kubernetes::{CallError, SecretData, read_secret};

/// A credential and where it stood. It has no `Debug`, for it holds a secret.
pub(super) struct SecretCredential {
    pub(super) credential: AccountCredential,
    /// SHA-256 of all its parts: equal for equal credentials, wherever they stand.
    pub(super) fingerprint: [u8; 32],
    /// Its Secret, for people: `Secret cert-manager/dnspod`.
    pub(super) origin: String,
}

/// What an account is reached with, which decides the API.
#[derive(Clone)]
pub(super) enum AccountCredential {
    /// Tencent Cloud API 3.0.
    TencentCloud(CredentialSource),
    /// The legacy DNSPod API.
    LoginToken(LoginToken),
}

/// Where the Secrets are and how they are read.
pub(super) struct Secrets<'a> {
    pub(super) client: &'a kube::Client,
    pub(super) namespace: &'a str,
    /// Bound on reading.
    pub(super) within: Duration,
}

impl Secrets<'_> {
    /// Reads a Tencent Cloud API key.
    pub(super) async fn api_key(
        &self,
        secret_id: &SecretId,
        secret_key: &SecretKeySelector,
    ) -> Result<SecretCredential, SecretError> {
        let (id, key) = match secret_id {
            SecretId::Plain(id) => {
                let key = self.values(&[secret_key]).await?.remove(0);
                (Zeroizing::new(id.clone()), key)
            }
            SecretId::Ref(selector) => {
                let mut values = self.values(&[selector, secret_key]).await?;
                let key = values.remove(1);
                (values.remove(0), key)
            }
        };
        let origin = match secret_id {
            SecretId::Ref(selector) if selector.name != secret_key.name => {
                let namespace = self.namespace;
                format!("Secrets {namespace}/{} and {namespace}/{}", selector.name, secret_key.name)
            }
            _ => self.origin(secret_key),
        };
        match Credential::new(&id, &key) {
            Ok(credential) => Ok(SecretCredential {
                credential: AccountCredential::TencentCloud(credential.into()),
                fingerprint: fingerprint("api key", &id, &key),
                origin,
            }),
            Err(error) => Err(SecretError::Credential { origin, reason: error.to_string() }),
        }
    }

    /// Reads the secret part of a DNSPod token.
    pub(super) async fn login_token(
        &self,
        id: &str,
        token: &SecretKeySelector,
    ) -> Result<SecretCredential, SecretError> {
        let text = self.values(&[token]).await?.remove(0);
        let origin = self.origin(token);
        match LoginToken::new(id, &text) {
            Ok(credential) => Ok(SecretCredential {
                credential: AccountCredential::LoginToken(credential),
                fingerprint: fingerprint("login token", id, &text),
                origin,
            }),
            Err(error) => Err(SecretError::Credential { origin, reason: error.to_string() }),
        }
    }

    fn origin(&self, selector: &SecretKeySelector) -> String {
        format!("Secret {}/{}", self.namespace, selector.name)
    }

    /// The values that `selectors` choose, in their order. Each Secret is read once.
    async fn values(
        &self,
        selectors: &[&SecretKeySelector],
    ) -> Result<Vec<Zeroizing<String>>, SecretError> {
        let mut names: Vec<&str> =
            selectors.iter().map(|selector| selector.name.as_str()).collect();
        names.dedup();
        let secrets = join_all(names.iter().map(|name| self.read(name, selectors))).await;
        let mut values = Vec::with_capacity(selectors.len());
        // In the order of the config and not of the answers: the same cause has to give the same text.
        for (name, secret) in names.into_iter().zip(secrets) {
            let secret = secret?;
            let wanted = selectors.iter().filter(|selector| selector.name == name);
            let missing: Vec<&SecretKeySelector> = wanted
                .clone()
                .filter(|selector| secret.value(&selector.key).is_none())
                .copied()
                .collect();
            if !missing.is_empty() {
                return Err(SecretError::no_key(self.namespace, &secret, &missing));
            }
            for selector in wanted {
                values.push(self.text(&secret, selector)?);
            }
        }
        Ok(values)
    }

    async fn read(
        &self,
        name: &str,
        selectors: &[&SecretKeySelector],
    ) -> Result<SecretData, SecretError> {
        let (namespace, name) = (self.namespace.to_owned(), name.to_owned());
        let error = match timeout(self.within, read_secret(self.client, &namespace, &name)).await {
            Ok(Ok(secret)) => return Ok(secret),
            Ok(Err(error)) => error,
            Err(_) => CallError::NoAnswer { reason: "no answer in time".to_owned() },
        };
        Err(match error.code() {
            Some(404) => {
                let field = selectors.iter().find(|selector| selector.name == name);
                let field = field.map_or("secretKeyRef", |selector| selector.field);
                SecretError::NotFound { namespace, name, field }
            }
            Some(403) => SecretError::Forbidden { namespace, name },
            _ => SecretError::Unread { namespace, name, reason: error.to_string() },
        })
    }

    fn text(
        &self,
        secret: &SecretData,
        selector: &SecretKeySelector,
    ) -> Result<Zeroizing<String>, SecretError> {
        let value = secret.value(&selector.key).unwrap_or_default();
        match std::str::from_utf8(&value) {
            Ok(text) => Ok(Zeroizing::new(text.trim().to_owned())),
            Err(_) => Err(SecretError::NotText {
                namespace: self.namespace.to_owned(),
                name: selector.name.clone(),
                key: selector.key.clone(),
            }),
        }
    }
}

/// Credentials hold no zero bytes, so that no two of them read the same here.
fn fingerprint(kind: &str, id: &str, secret: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in [kind, id.trim(), secret.trim()] {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(context.finish().as_ref());
    fingerprint
}
