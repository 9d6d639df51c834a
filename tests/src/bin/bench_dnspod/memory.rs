//! Memory over a hundred thousand operations, the sandbox in a process of its own.

use std::process::Stdio;
use std::time::Instant;

use acme_core::dns01::DnsProvider;
use dnspod_solver::DnsPod;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::provider::{provider, record};

/// The argument that makes this program the sandbox.
pub(crate) const SERVE: &str = "--serve";

/// Appends, each with its delete: two operations.
const STEPS: [usize; 5] = [500, 5_000, 15_000, 30_000, 50_000];
const AT_ONCE: usize = 32;

/// Prints how a sandbox is reached, and is one until it is killed.
pub(crate) async fn serve() -> Result<(), String> {
    let sandbox =
        Sandbox::builder().zone("ws.example").start().await.map_err(|error| error.to_string())?;
    let reach = serde_json::json!([
        sandbox.dnspod_tls_endpoint(),
        sandbox.secret_id(),
        sandbox.secret_key(),
        sandbox.root_pem(),
    ]);
    println!("{reach}");
    std::future::pending().await
}

pub(crate) async fn print() -> Result<(), String> {
    println!("\nMemory of a process that appends and deletes, {AT_ONCE} at once, each record new");
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut server = Command::new(this)
        .arg(SERVE)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    let stdout = server.stdout.take().ok_or("the sandbox has no standard output")?;
    let line = BufReader::new(stdout).lines().next_line().await;
    let line = line.map_err(|error| error.to_string())?.ok_or("the sandbox did not start")?;
    let (endpoint, id, key, root): (String, String, String, String) =
        serde_json::from_str(&line).map_err(|error| error.to_string())?;
    let dnspod = provider(&endpoint, (&id, &key), &root)?;

    let (begun, mut done) = (Instant::now(), 0);
    println!("  {:>10} {:>9} {:>9}", "operations", "seconds", "RSS MiB");
    for step in STEPS {
        pairs(&dnspod, done..step).await?;
        done = step;
        println!("  {:>10} {:>9.1} {:>9.1}", 2 * done, begun.elapsed().as_secs_f64(), resident()?);
    }
    Ok(())
}

async fn pairs(dnspod: &DnsPod, numbers: std::ops::Range<usize>) -> Result<(), String> {
    stream::iter(numbers)
        .map(|n| async move {
            let record = record(&format!("n{}.ws.example", n % 20_000), &format!("value {n}"))?;
            dnspod.append_txt(&record).await.map_err(|error| error.to_string())?;
            dnspod.delete_txt(&record).await.map_err(|error| error.to_string())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// This process's resident set, in MiB.
fn resident() -> Result<f64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = kib.and_then(|kib| kib.trim().split(' ').next()?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0).ok_or_else(|| "no VmRSS in /proc/self/status".to_owned())
}
