//! What cert-manager asks a webhook (`pkg/acme/webhook/apis/acme/v1alpha1` of cert-manager).

use serde_json::{Value, json};

use super::program::SOLVER;

/// A challenge for one TXT record.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The record's name, without its last dot.
    pub name: String,
    /// The zone that cert-manager believes it is in, without its last dot.
    pub zone: String,
    /// The record's value.
    pub key: String,
    /// Where the Issuer's Secrets are.
    pub namespace: String,
    /// `config` of the Issuer.
    pub config: Value,
}

impl Challenge {
    /// The body of a call, as cert-manager sends it: without `kind`, and with an empty `uid`.
    pub fn body(&self, action: &str) -> String {
        json!({ "request": {
            "uid": "",
            "action": action,
            "type": "dns-01",
            "dnsName": self.name.trim_start_matches("_acme-challenge."),
            "key": self.key,
            "resourceNamespace": self.namespace,
            "resolvedFQDN": format!("{}.", self.name),
            "resolvedZone": format!("{}.", self.zone),
            "allowAmbientCredentials": false,
            "config": self.config,
        }})
        .to_string()
    }
}

/// Where a group's challenges are posted to.
pub fn challenge_path(group: &str) -> String {
    format!("/apis/{group}/v1alpha1/{SOLVER}")
}
