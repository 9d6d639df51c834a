//! What our cert-manager webhook costs, beside the Go webhook: size, start, memory, challenges a second, what it asks
//! others, and how long a certificate takes.
//!
//!     cargo run --release -p e2e --bin bench_webhook -- [--go-webhook FILE] [--go-webhook-unlimited FILE] [PART...]
//!
//! A PART is `load` or `certificates`; both unless one is given. Each webhook runs as a program on loopback, with real
//! etcd and kube-apiserver; DNSPod is the sandbox, in a process of its own and as fast as it can. Everything shares this
//! machine, so that a figure counts only beside the others of the same run. Without a Go webhook, ours stands beside
//! what was recorded of it on another machine.
//!
//! The webhook holds each account to the rates that Tencent publishes: 500 `CreateRecord` a second. So calls are spread
//! over many accounts, and a row of its own says what one account gets. The Go webhook has no such limit, and counts on
//! DNSPod's refusals. Ours calls the fake without TLS, for it trusts Mozilla's roots only; it does so over connections
//! that are kept, where a handshake would be paid once. The Go webhook calls it with TLS, as it calls DNSPod.
//!
//! To have a Go webhook: take the source of imroc/cert-manager-webhook-dnspod, have `go mod edit` require
//! `github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common` in version 1.3.190 if the pinned one cannot be had,
//! run `go mod tidy`, and build it with `CGO_ENABLED=0 go build -ldflags "-s -w"`. The unlimited one is the same with
//! `kubeClientConfig.QPS = -1` in front of `kubernetes.NewForConfig` in `dnspod/solver.go`: nobody runs that, but
//! otherwise all there is to see is client-go's limit of 5 requests a second.
#![expect(clippy::print_stdout, reason = "the table is what it is run for")]

mod apiserver;
mod bars;
mod caller;
mod ceilings;
mod certificates;
mod fake;
mod figure;
mod load;
mod process;
mod program;
mod recorded;
mod scene;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use e2e::own_program::shipped;
use e2e::real_part::RealPart;

use crate::bars::Beside;
use crate::figure::Column;
use crate::scene::Scene;
use crate::webhook::Program;

/// What is to be measured.
#[derive(Default)]
struct Wanted {
    go: Option<PathBuf>,
    go_unlimited: Option<PathBuf>,
    load: bool,
    certificates: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match (runtime, arguments.as_slice()) {
        (Err(error), _) => Err(format!("no runtime: {error}")),
        (Ok(runtime), [flag]) if flag == fake::SERVE => runtime.block_on(fake::serve()),
        (Ok(runtime), arguments) => {
            let Some(wanted) = parse(arguments) else { return usage() };
            runtime.block_on(bench(wanted))
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

fn usage() -> ExitCode {
    println!(
        "usage: bench_webhook [--go-webhook FILE] [--go-webhook-unlimited FILE] [load] [certificates]"
    );
    ExitCode::from(2)
}

fn parse(arguments: &[String]) -> Option<Wanted> {
    let mut wanted = Wanted::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--go-webhook" => wanted.go = Some(arguments.next()?.into()),
            "--go-webhook-unlimited" => wanted.go_unlimited = Some(arguments.next()?.into()),
            "load" => wanted.load = true,
            "certificates" => wanted.certificates = true,
            _ => return None,
        }
    }
    if !wanted.load && !wanted.certificates {
        (wanted.load, wanted.certificates) = (true, true);
    }
    Some(wanted)
}

async fn bench(wanted: Wanted) -> Result<(), String> {
    println!("The webhook is built as it is shipped (packaging/static.sh) ...");
    let ours = shipped("webhook-server", "cert-manager-webhook-dnspod").await?;
    print_machine("before");
    let mut scene = Scene::new().await?;
    if wanted.load {
        load(&mut scene, &ours, &wanted).await?;
    }
    if wanted.certificates {
        match RealPart::CertManager.obtain().await {
            Ok(_) => {
                let issued = certificates::measure(&scene.plane, &ours).await?;
                bars::print_issued(&issued);
            }
            Err(missing) => println!("\nSKIPPED, certificates: {missing}"),
        }
    }
    print_machine("after");
    Ok(())
}

async fn load(scene: &mut Scene, ours: &std::path::Path, wanted: &Wanted) -> Result<(), String> {
    ceilings::print(&scene.fake.reach).await?;
    let ours = Program::Ours(ours.to_owned(), Vec::new());
    let ours = measure(scene, &ours, "ours").await?;
    let stock = go(scene, wanted.go.as_ref(), "Go", recorded::stock).await;
    let unlimited =
        go(scene, wanted.go_unlimited.as_ref(), "Go, no limit", recorded::unlimited).await;
    println!(
        "\nCalls are spread over {} accounts, where no limit is in force; one account is held by ours to the rates \
         that\nTencent publishes. Ours calls the fake DNSPod without TLS over connections that it keeps, Go with TLS.",
        fake::ACCOUNTS
    );
    println!("What is recorded is of 2026-11-23 and of another machine.");
    figure::print(&[&ours, &stock, &unlimited]);
    bars::print(&ours, &Beside { stock: &stock, unlimited: &unlimited });
    Ok(())
}

/// The figures of a Go webhook, or the recorded ones where there is none or it fails.
async fn go(
    scene: &mut Scene,
    program: Option<&PathBuf>,
    name: &'static str,
    recorded: fn() -> Column,
) -> Column {
    let Some(program) = program else { return recorded() };
    match measure(scene, &Program::Go(program.clone()), name).await {
        Ok(column) => column,
        Err(reason) => {
            println!("SKIPPED, {reason}");
            recorded()
        }
    }
}

async fn measure(
    scene: &mut Scene,
    program: &Program,
    name: &'static str,
) -> Result<Column, String> {
    println!("\n{name} is measured ...");
    let mut column = Column::new(name);
    let daemon = program::measure(scene, program, &mut column).await?;
    load::measure(scene, &daemon, &mut column)
        .await
        .map_err(|reason| format!("{name}: {reason}"))?;
    Ok(column)
}

/// What else the machine does is in every figure.
fn print_machine(when: &str) {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown", |(_, model)| model);
    println!(
        "  {processors} processors ({model}); load average of 1, 5 and 15 minutes {when} this run: {load}"
    );
}
