//! Calls of the API for one challenge.

use acme_core::dns01::DnsProvider;
use sandbox::Sandbox;

use crate::provider::{provider_at, record};

pub(crate) async fn print() -> Result<(), String> {
    println!("\nCalls for one challenge (append and delete), by the sandbox's own log");
    for zones in [1, 1000] {
        let mut builder = Sandbox::builder().zone("ws.example");
        for n in 1..zones {
            builder = builder.zone(format!("z{n}.example"));
        }
        let sandbox = builder.start().await.map_err(|error| error.to_string())?;
        let dnspod = provider_at(&sandbox)?;
        for what in ["nothing known", "zone known"] {
            sandbox.reset_counts();
            let record = record("ws.example", what)?;
            dnspod.append_txt(&record).await.map_err(|error| error.to_string())?;
            let appended = sandbox.dnspod_calls().len();
            dnspod.delete_txt(&record).await.map_err(|error| error.to_string())?;
            let deleted = sandbox.dnspod_calls().len() - appended;
            println!("  {zones:>4} zones in the account, {what:<13}: {appended} + {deleted}");
        }
    }
    Ok(())
}
