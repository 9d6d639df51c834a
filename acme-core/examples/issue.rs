//! Issues a certificate for `ws.example` and `*.ws.example` and prints it; it is kept in memory only.
//!
//! Try it against `certctl sandbox`: start that, paste what it prints, then
//! `cargo run -p acme-core --example issue`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::error::Error;
use std::sync::Arc;

use acme_core::dns01::AuthoritativeLookup;
use acme_core::http::HttpOptions;
use acme_core::issue::{CertificateAuthority, Event, IssueRequest, Issuer};
use acme_core::store::{MemoryStore, StoredCertificate};
use acme_core::{Identifier, SystemClock};
use dnspod_solver::{Credential, DnsPod};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let ca_root = std::fs::read_to_string(setting("CERTCTL_CA_ROOT")?)?;
    let http = HttpOptions { extra_roots: vec![ca_root], ..HttpOptions::default() };
    let credential =
        Credential::new(&setting("TENCENTCLOUD_SECRET_ID")?, &setting("TENCENTCLOUD_SECRET_KEY")?)?;
    let provider = DnsPod::builder(credential)
        .endpoint(setting("CERTCTL_DNSPOD_ENDPOINT")?.parse()?)
        .http(http.clone())
        .build()?;
    let servers: Vec<_> =
        setting("CERTCTL_DNS_SERVER")?.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let lookup = AuthoritativeLookup::builder().servers(servers).build()?;
    let store = Arc::new(MemoryStore::new());
    let issuer = Issuer::new(
        http,
        Arc::new(provider),
        Arc::new(lookup),
        store.clone(),
        Arc::new(SystemClock),
    );

    let names = Identifier::parse_list(&["ws.example", "*.ws.example"])?.identifiers;
    let ca = CertificateAuthority {
        directory: setting("CERTCTL_CA")?.parse()?,
        email: None,
        accept_tos: true,
        external_account: None,
    };
    let request = IssueRequest::new(names, ca);
    let progress = |event: &Event| eprintln!("{event:?}");
    issuer.issue(&request, &progress, &CancellationToken::new()).await?;

    let stored = StoredCertificate::load(&*store, &request.name).await?;
    println!("{}", stored.ok_or("nothing was stored")?.fullchain_pem);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program of one file reads its own settings")]
fn setting(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("set {name}; `certctl sandbox` prints what to paste"))
}
