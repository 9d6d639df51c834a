//! `webhook.config` of an Issuer.

use serde::Deserialize;
use serde_json::Value;

use super::solve_error::SolveError;

/// Where the credential is, and how records are made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssuerConfig {
    /// The `SecretId` of a Tencent Cloud API key.
    pub(super) secret_id_ref: SecretKeySelector,
    /// The `SecretKey` of a Tencent Cloud API key.
    pub(super) secret_key_ref: SecretKeySelector,
    /// TTL of the TXT records in seconds.
    pub(super) ttl: Option<u32>,
}

/// One value of a Secret (`SecretKeySelector` of cert-manager's `meta/v1`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct SecretKeySelector {
    pub(super) name: String,
    pub(super) key: String,
}

impl IssuerConfig {
    pub(super) fn parse(config: Option<&Value>) -> Result<Self, SolveError> {
        let config = config.ok_or_else(|| {
            SolveError::Config("it is missing; set secretIdRef and secretKeyRef".to_owned())
        })?;
        Self::deserialize(config).map_err(|error| SolveError::Config(error.to_string()))
    }
}
