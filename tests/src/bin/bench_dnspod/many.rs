//! A thousand challenges at once, while the sandbox refuses what goes beyond the published rates.

use std::time::Instant;

use acme_core::dns01::DnsProvider;
use sandbox::Sandbox;
use tokio::task::JoinSet;

use crate::provider::{provider_at, record};

const CHALLENGES: usize = 1000;

pub(crate) async fn print() -> Result<(), String> {
    println!("\n{CHALLENGES} challenges at once, Tencent's published rates enforced");
    println!("  {:<34} {:>9} {:>9} {:>7} {:>9}", "", "append s", "delete s", "calls", "throttled");
    for (what, zones) in [("in one zone", 1), ("in a thousand zones", CHALLENGES)] {
        let mut builder = Sandbox::builder();
        for n in 0..zones {
            builder = builder.zone(format!("z{n}.example"));
        }
        let sandbox = builder.start().await.map_err(|error| error.to_string())?;
        let dnspod = provider_at(&sandbox)?;
        let mut seconds = [0.0; 2];
        for (seconds, append) in seconds.iter_mut().zip([true, false]) {
            let begun = Instant::now();
            let mut all = JoinSet::new();
            for n in 0..CHALLENGES {
                let (dnspod, record) =
                    (dnspod.clone(), record(&format!("n{n}.z{}.example", n % zones), "v")?);
                all.spawn(async move {
                    if append {
                        dnspod.append_txt(&record).await
                    } else {
                        dnspod.delete_txt(&record).await
                    }
                });
            }
            for done in all.join_all().await {
                done.map_err(|error| error.to_string())?;
            }
            *seconds = begun.elapsed().as_secs_f64();
        }
        println!(
            "  {what:<34} {:>9.2} {:>9.2} {:>7} {:>9}",
            seconds[0],
            seconds[1],
            dnspod.calls(),
            sandbox.dnspod_throttled()
        );
    }
    Ok(())
}
