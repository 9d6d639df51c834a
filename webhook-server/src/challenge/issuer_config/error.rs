//! Why `webhook.config` of an Issuer cannot be used.

use serde_json::Value;

/// Why the config cannot be used. No value of it is quoted: people put secrets where they do not belong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A value has another type than it should.
    #[error("{field} is {found}; write {expected}")]
    Type { field: String, found: &'static str, expected: &'static str },
    /// A value is of the right type and cannot be used.
    #[error("{field} is {problem}; write {expected}")]
    Value { field: String, problem: &'static str, expected: &'static str },
    /// A key stands there in two spellings.
    #[error("{field} stands there twice, in different letter case; keep one")]
    Twice { field: String },
    /// Fields of two ways to name a credential.
    #[error(
        "{first} and {second} do not belong together; keep secretIdRef and secretKeyRef for a Tencent Cloud API key, or \
         apiID and apiTokenSecretRef for a DNSPod token"
    )]
    Mixed { first: &'static str, second: &'static str },
    /// Half of a credential.
    #[error("{set} is set and {missing} is not; set both")]
    Incomplete { set: &'static str, missing: &'static str },
}

/// `value`, which stands at `field`, is not what is `expected`.
pub(super) fn wrong_type(field: &str, value: &Value, expected: &'static str) -> ConfigError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    ConfigError::Type { field: field.to_owned(), found, expected }
}

/// What stands at `field` is of the right type and cannot be used.
pub(super) fn unusable(field: &str, problem: &'static str, expected: &'static str) -> ConfigError {
    ConfigError::Value { field: field.to_owned(), problem, expected }
}
