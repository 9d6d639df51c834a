//! Why Secrets gave no credential.

use std::fmt::Write as _;

use super::issuer_config::SecretKeySelector;
use crate::kubernetes::SecretData;

/// How many keys of a Secret are named.
const MOST_KEYS: usize = 10;

/// By what is wrong. Names are repeated, values never.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretError {
    /// There is no such Secret, or no such namespace.
    #[error(
        "Secret {namespace}/{name} does not exist, and the Issuer asks for it ({field}): create it in namespace \
         {namespace}, or correct the Issuer"
    )]
    NotFound { namespace: String, name: String, field: &'static str },
    /// The kube-apiserver does not let us.
    #[error(
        "Secret {namespace}/{name} may not be read by the webhook: allow its ServiceAccount to get Secrets in namespace \
         {namespace} (a Role and a RoleBinding there)"
    )]
    Forbidden { namespace: String, name: String },
    /// Anything else that happened to the call.
    #[error("Secret {namespace}/{name} could not be read: {reason} (cert-manager asks again)")]
    Unread { namespace: String, name: String, reason: String },
    /// The Secret lacks a key.
    #[error("Secret {namespace}/{name} has {has}; the Issuer asks for [{asked}]: {advice}")]
    NoKey {
        namespace: String,
        name: String,
        /// `keys [a, b]`, or that there are none.
        has: String,
        /// The keys that are missing.
        asked: String,
        advice: String,
    },
    /// A value is not text.
    #[error(
        "Secret {namespace}/{name} holds bytes that are not text under {key}: put the credential there as it is shown \
         in the console"
    )]
    NotText { namespace: String, name: String, key: String },
    /// The values are not what a credential looks like.
    #[error("{origin}: {reason}")]
    Credential {
        origin: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

impl SecretError {
    /// `secret` lacks the keys that `missing` choose, at least one.
    pub(super) fn no_key(
        namespace: &str,
        secret: &SecretData,
        missing: &[&SecretKeySelector],
    ) -> Self {
        let keys: Vec<&str> = secret.keys().collect();
        let has = match keys.as_slice() {
            [] => "no keys".to_owned(),
            keys => {
                let mut has = format!("keys [{}", keys[..keys.len().min(MOST_KEYS)].join(", "));
                if keys.len() > MOST_KEYS {
                    let _ = write!(has, ", and {} more", keys.len() - MOST_KEYS);
                }
                has + "]"
            }
        };
        let list = |parts: Vec<String>| parts.join(", ");
        let asked = list(missing.iter().map(|selector| selector.key.clone()).collect());
        let fields = missing.iter().map(|selector| format!("{}.key", selector.field)).collect();
        let advice = format!("add what is missing, or correct {} in the Issuer", list(fields));
        let name = missing.first().map_or_else(String::new, |selector| selector.name.clone());
        Self::NoKey { namespace: namespace.to_owned(), name, has, asked, advice }
    }
}
