//! What an issuance costs: `certctl`, lego and certbot at Pebble and at the sandbox's CA, side by side in one run, and
//! what came of it beside what the project wants to reach.
//!
//!     cargo run --release -p e2e --bin bench [-- --runs N]
//!
//! All servers and clients share this machine, so that a figure counts only beside the others of the same run.
#![expect(clippy::print_stdout, reason = "the table is what it is run for")]

mod at_once;
mod bars;
mod binary;
mod ca;
mod client;
mod figures;
mod measured;
mod nonces;

use std::process::ExitCode;

use e2e::real_part::RealPart;

use crate::ca::Ca;
use crate::client::{Foreign, Names};
use crate::figures::Figures;

/// How often `certctl` gets each certificate, unless it is said.
const RUNS: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runs = match arguments.as_slice() {
        [measured::FLAG, file, program, arguments @ ..] => {
            return measured::measure(file, program, arguments);
        }
        [] => RUNS,
        ["--runs", runs] if runs.parse().is_ok_and(|runs: usize| runs > 0) => {
            runs.parse().unwrap_or(RUNS)
        }
        _ => return usage(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(bench(runs)),
        Err(error) => Err(format!("no runtime: {error}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    println!("usage: bench [--runs N]");
    ExitCode::from(2)
}

async fn bench(runs: usize) -> Result<(), String> {
    let mut figures = Figures::default();
    println!("certctl is built as it is shipped (packaging/static.sh) ...");
    binary::path().await?;
    print_machine();
    figures.binary = Some(binary::measure(runs).await?);
    figures.print_binary();

    figures::print_head(runs);
    for ca in cas().await? {
        for names in Names::ALL {
            figures.add(client::certctl(&ca, names, runs).await?);
        }
        for foreign in [Foreign::Lego, Foreign::Certbot] {
            for names in [Names::One, Names::Three] {
                figures.add_or_skip(client::foreign(&ca, foreign, names).await);
            }
        }
    }
    let far = Ca::far_sandbox().await?;
    for names in Names::ALL {
        figures.add(client::certctl(&far, names, runs.min(3)).await?);
    }

    at_once::print_head();
    for ca in cas().await? {
        for store in at_once::Kept::ALL {
            figures.add_at_once(at_once::measure(&ca, store).await?);
        }
    }
    let ca = Ca::sandbox().await?;
    figures.warm = Some(at_once::warm_requests(&ca).await?);
    bars::print(&figures);
    Ok(())
}

/// What else the machine does is in every figure.
fn print_machine() {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    println!("  {processors} processors, load average of the last minute before this run: {load}");
}

/// Every CA on this machine's own loopback; Pebble where it can be had.
async fn cas() -> Result<Vec<Ca>, String> {
    let mut cas = Vec::new();
    if RealPart::Pebble.obtain().await.is_ok() {
        cas.push(Ca::pebble().await?);
        cas.push(Ca::kind_pebble().await?);
    }
    cas.push(Ca::sandbox().await?);
    Ok(cas)
}
