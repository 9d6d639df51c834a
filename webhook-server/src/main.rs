//! `cert-manager-webhook-dnspod`: solves cert-manager's DNS-01 challenges at DNSPod / Tencent Cloud DNS.

mod args;
mod config;
mod go_flags;
mod group_name;
mod logging;
mod report;
mod signals;

use std::process::ExitCode;

use webhook_server::Webhook;

use args::NotParsed;
use config::{Config, process_environment};
use report::Report;
use signals::Signals;

fn main() -> ExitCode {
    let (typed, ignored) = go_flags::without_ignored(std::env::args_os());
    let args = match args::parse(typed) {
        Ok(args) => args,
        Err(NotParsed::Asked(text)) => {
            // A reader that has gone has seen what it wanted.
            let _ = text.print();
            return ExitCode::SUCCESS;
        }
        Err(NotParsed::Wrong(text)) => {
            let _ = text.print();
            return ExitCode::from(report::USAGE);
        }
    };
    let done = Config::new(&args, &process_environment).and_then(|config| {
        logging::start(config.log_level);
        for flag in ignored {
            tracing::warn!(
                flag,
                "this flag of Kubernetes' servers has no meaning here and is ignored"
            );
        }
        block_on(run(config)).map_err(|report| vec![report])
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reports) => {
            for report in &reports {
                report.print();
            }
            ExitCode::from(reports.first().map_or(report::FAILURE, |report| report.exit))
        }
    }
}

/// One thread: the time goes to the network, and threads cost memory.
fn block_on(future: impl Future<Output = Result<(), Report>>) -> Result<(), Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Report::failure(format_args!("cannot start: {error}"), ""))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}

async fn run(config: Config) -> Result<(), Report> {
    let mut signals = Signals::listen()
        .map_err(|error| Report::failure(format_args!("cannot wait for signals: {error}"), ""))?;
    let settings = config.settings().await?;
    let groups = settings.groups.clone();
    let webhook = Webhook::start(settings).await.map_err(|error| report::start(&error))?;
    tracing::info!(address = %webhook.address(), version = env!("CARGO_PKG_VERSION"), "serving");
    for group in groups {
        let solver = group_name::solver(&group);
        tracing::info!(solver, "Issuers name this webhook so, in spec.acme");
    }
    signals.next().await;
    tracing::info!("asked to stop; a second signal stops at once");
    tokio::select! {
        () = webhook.stop() => tracing::info!("stopped"),
        () = signals.next() => tracing::warn!("stopped at once"),
    }
    Ok(())
}
