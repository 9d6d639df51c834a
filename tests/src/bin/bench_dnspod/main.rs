//! What challenges cost at DNSPod: calls, seconds under the published rates, signatures, memory.
//!
//!     cargo run --release -p e2e --bin bench_dnspod
//!
//! DNSPod is the sandbox, on this machine's loopback: seconds count only beside the others of the same run, calls as
//! they are.
#![expect(clippy::print_stdout, reason = "the table is what it is run for")]

mod calls;
mod many;
mod memory;
mod provider;
mod signing;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match (runtime, arguments.as_slice()) {
        (Err(error), _) => Err(format!("no runtime: {error}")),
        (Ok(runtime), []) => runtime.block_on(bench()),
        (Ok(runtime), [flag]) if flag == memory::SERVE => runtime.block_on(memory::serve()),
        _ => {
            println!("usage: bench_dnspod");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("{reason}");
            ExitCode::FAILURE
        }
    }
}

async fn bench() -> Result<(), String> {
    signing::print();
    calls::print().await?;
    many::print().await?;
    memory::print().await
}
