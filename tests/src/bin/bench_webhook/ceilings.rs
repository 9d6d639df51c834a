//! What the others could do: the fake DNSPod and kube-apiserver, asked by this program itself without a webhook between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use acme_core::{Clock, SystemClock};
use dnspod_solver::{Credential, tc3};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::fake::{Reach, ZONE};

const REQUESTS: usize = 5_000;

/// Prints how many records the fake creates in a second.
pub(crate) async fn print(reach: &Reach) -> Result<(), String> {
    println!("\nThe fake DNSPod, asked by this program itself (signed CreateRecord, HTTP/1.1)");
    for in_flight in [1, 8, 32] {
        let rate = rate(reach, in_flight).await?;
        println!("  {in_flight:>2} in flight: {rate:.0} a second");
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "five thousand is exact")]
async fn rate(reach: &Reach, in_flight: usize) -> Result<f64, String> {
    let (id, key) = &reach.keys[0];
    let asker = Arc::new(Asker {
        http: reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?,
        endpoint: reach.endpoint.clone(),
        credential: Credential::new(id, key).map_err(|error| error.to_string())?,
    });
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..in_flight {
        let (asker, next) = (Arc::clone(&asker), Arc::clone(&next));
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= REQUESTS {
                    return Ok(());
                }
                asker.create(&format!("c{in_flight}-{number}")).await?;
            }
        });
    }
    workers.join_all().await.into_iter().collect::<Result<(), String>>()?;
    Ok(REQUESTS as f64 / begun.elapsed().as_secs_f64())
}

struct Asker {
    http: reqwest::Client,
    endpoint: String,
    credential: Credential,
}

impl Asker {
    async fn create(&self, name: &str) -> Result<(), String> {
        let body = json!({
            "Domain": ZONE, "SubDomain": name, "RecordType": "TXT", "RecordLine": "默认", "Value": "v", "TTL": 600,
        })
        .to_string();
        let host = self.endpoint.trim_start_matches("http://");
        let now = SystemClock.now();
        let signature = tc3::sign(
            &tc3::Request {
                service: "dnspod",
                method: "POST",
                query: "",
                headers: &[("content-type", "application/json"), ("host", host)],
                body: body.as_bytes(),
            },
            &self.credential,
            now,
        );
        let request = self
            .http
            .post(&self.endpoint)
            .header("content-type", "application/json")
            .header("authorization", &signature.authorization)
            .header("x-tc-action", "CreateRecord")
            .header("x-tc-version", "2021-03-23")
            .header("x-tc-timestamp", now.unix_timestamp().to_string())
            .body(body);
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        if answer["Response"]["RecordId"].is_u64() { Ok(()) } else { Err(answer.to_string()) }
    }
}
