//! Our provider at a sandbox.

use acme_core::dns01::TxtRecord;
use acme_core::http::HttpOptions;
use dnspod_solver::{Credential, DnsPod};
use sandbox::Sandbox;

/// A provider that calls `sandbox` over TLS.
pub(crate) fn provider_at(sandbox: &Sandbox) -> Result<DnsPod, String> {
    let key = (sandbox.secret_id(), sandbox.secret_key());
    provider(&sandbox.dnspod_tls_endpoint(), key, sandbox.root_pem())
}

/// A provider that calls `endpoint` with this key and trusts this root.
pub(crate) fn provider(endpoint: &str, key: (&str, &str), root: &str) -> Result<DnsPod, String> {
    let credential = Credential::new(key.0, key.1).map_err(|error| error.to_string())?;
    let endpoint = endpoint.parse().map_err(|error| format!("{endpoint}: {error}"))?;
    let http = HttpOptions { extra_roots: vec![root.to_owned()], ..HttpOptions::default() };
    DnsPod::builder(credential)
        .endpoint(endpoint)
        .http(http)
        .build()
        .map_err(|error| error.to_string())
}

/// A record of DNS-01 at `name`.
pub(crate) fn record(name: &str, value: &str) -> Result<TxtRecord, String> {
    let name = format!("_acme-challenge.{name}");
    let name = name.parse().map_err(|error| format!("{name}: {error}"))?;
    Ok(TxtRecord { name, value: value.to_owned() })
}
