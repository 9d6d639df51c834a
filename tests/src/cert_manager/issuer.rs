//! Issuers at a test's Pebble, Certificates, and what comes of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::oracle::Issued;
use crate::pebble::Pebble;

/// A `ClusterIssuer` with an account of its own at `pebble`; its key is in the Secret `<name>-account`. `solvers` are
/// as a user writes them.
pub fn acme_cluster_issuer(name: &str, pebble: &Pebble, solvers: &Value) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": { "name": name },
        "spec": {
            "acme": {
                "server": pebble.directory_url(),
                "caBundle": STANDARD.encode(pebble.tls_root()),
                "privateKeySecretRef": { "name": format!("{name}-account") },
                "solvers": solvers,
            },
        },
    })
}

/// A Certificate of `issuer`, an `issuerRef`, with a key that is made in no time; its Secret is called as it is.
pub fn certificate(namespace: &str, name: &str, issuer: &Value, names: &[&str]) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": { "namespace": namespace, "name": name },
        "spec": {
            "secretName": name,
            "issuerRef": issuer,
            "privateKey": { "algorithm": "ECDSA" },
            "dnsNames": names,
        },
    })
}

/// The certificate and the key of a Secret that cert-manager made.
///
/// # Errors
/// A sentence: the Secret has none.
pub fn issued(secret: &Value) -> Result<Issued, String> {
    let field = |name: &str| {
        let text =
            secret["data"][name].as_str().ok_or_else(|| format!("the Secret has no {name}"))?;
        let text = STANDARD.decode(text).map_err(|error| format!("{name}: {error}"))?;
        String::from_utf8(text).map_err(|error| format!("{name}: {error}"))
    };
    Ok(Issued { fullchain: field("tls.crt")?, privkey: field("tls.key")? })
}
