//! `webhook.config` of an Issuer, in each of the forms that DNSPod webhooks have known.

mod error;
mod fields;

use serde_json::{Map, Value};

pub(crate) use error::ConfigError;
use error::wrong_type;
use fields::Fields;

/// Where the credential is, and how records are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IssuerConfig {
    pub(super) credential: CredentialConfig,
    /// TTL of the TXT records in seconds; `None` is the provider's default.
    pub(super) ttl: Option<u32>,
    /// The record line; `None` is the default line.
    pub(super) record_line: Option<String>,
    /// Whether Present waits until every authoritative server answers the record.
    pub(super) wait_for_propagation: bool,
    /// Keys that mean nothing here, as they stand in the Issuer, shortened.
    pub(super) unknown_keys: Vec<String>,
}

/// What DNSPod is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CredentialConfig {
    /// A Tencent Cloud API key: `secretIdRef` (or `secretId`) and `secretKeyRef`.
    ApiKey { secret_id: SecretId, secret_key: SecretKeySelector },
    /// A DNSPod token for the legacy API: `apiID` and `apiTokenSecretRef`.
    LoginToken { id: String, token: SecretKeySelector },
    /// The Issuer names none.
    Ambient,
}

/// Where a `SecretId` stands; it is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SecretId {
    /// `secretId`: in the Issuer itself.
    Plain(String),
    /// `secretIdRef`: in a Secret.
    Ref(SecretKeySelector),
}

/// One value of a Secret (`SecretKeySelector` of cert-manager's `meta/v1`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecretKeySelector {
    /// The field of the config that it is the value of.
    pub(super) field: &'static str,
    /// The Secret's name.
    pub(super) name: String,
    /// The key in it.
    pub(super) key: String,
}

impl IssuerConfig {
    /// Reads the config as Go does: keys in any letter case, `null` and empty texts as if they were not there.
    pub(super) fn parse(config: Option<&Value>) -> Result<Self, ConfigError> {
        let none = Map::new();
        let config = match config {
            None | Some(Value::Null) => &none,
            Some(Value::Object(config)) => config,
            Some(other) => {
                return Err(wrong_type("it", other, "an object with secretIdRef and secretKeyRef"));
            }
        };
        let mut fields = Fields::new(config);
        let api_id = fields.api_id()?;
        let api_token = fields.selector("apiTokenSecretRef")?;
        let secret_id = fields.text("secretId", "the SecretId, which begins with AKID")?;
        let secret_id_ref = fields.selector("secretIdRef")?;
        let secret_key = fields.selector("secretKeyRef")?;
        let ttl = fields.ttl()?;
        let record_line = fields.record_line()?;
        let wait_for_propagation = fields.boolean("waitForPropagation")?;
        Ok(Self {
            credential: credential(api_id, api_token, secret_id, secret_id_ref, secret_key)?,
            ttl,
            record_line,
            wait_for_propagation,
            unknown_keys: fields.unknown_keys(),
        })
    }
}

/// Chooses between the ways to name a credential, of which one has to be whole and the others absent.
fn credential(
    api_id: Option<String>,
    api_token: Option<SecretKeySelector>,
    secret_id: Option<String>,
    secret_id_ref: Option<SecretKeySelector>,
    secret_key: Option<SecretKeySelector>,
) -> Result<CredentialConfig, ConfigError> {
    let token_field = match (&api_id, &api_token) {
        (Some(_), _) => Some("apiID"),
        (None, Some(_)) => Some("apiTokenSecretRef"),
        (None, None) => None,
    };
    let key_field = match (&secret_id, &secret_id_ref, &secret_key) {
        (_, Some(_), _) => Some("secretIdRef"),
        (Some(_), ..) => Some("secretId"),
        (.., Some(_)) => Some("secretKeyRef"),
        _ => None,
    };
    if let (Some(first), Some(second)) = (token_field, key_field) {
        return Err(ConfigError::Mixed { first, second });
    }
    let incomplete = |set, missing| Err(ConfigError::Incomplete { set, missing });
    match (api_id, api_token) {
        (Some(id), Some(token)) => return Ok(CredentialConfig::LoginToken { id, token }),
        (Some(_), None) => return incomplete("apiID", "apiTokenSecretRef"),
        (None, Some(_)) => return incomplete("apiTokenSecretRef", "apiID"),
        (None, None) => {}
    }
    let secret_id = match (secret_id, secret_id_ref) {
        (Some(_), Some(_)) => {
            return Err(ConfigError::Mixed { first: "secretId", second: "secretIdRef" });
        }
        (Some(text), None) => Some(SecretId::Plain(text)),
        (None, Some(selector)) => Some(SecretId::Ref(selector)),
        (None, None) => None,
    };
    match (secret_id, secret_key) {
        (Some(secret_id), Some(secret_key)) => {
            Ok(CredentialConfig::ApiKey { secret_id, secret_key })
        }
        (Some(_), None) => incomplete(key_field.unwrap_or("secretIdRef"), "secretKeyRef"),
        (None, Some(_)) => incomplete("secretKeyRef", "secretIdRef"),
        (None, None) => Ok(CredentialConfig::Ambient),
    }
}

#[cfg(test)]
mod tests;
