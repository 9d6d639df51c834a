//! `certctl issue`.

mod outcome;

use std::sync::Arc;
use std::time::Duration;

use acme_core::dns01::AuthoritativeLookup;
use acme_core::issue::{IssueError, IssueRequest, Issuer, Outcome};
use acme_core::store::FileStore;
use acme_core::{Clock as _, SystemClock};
use tokio::time::{Instant, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::config::{IssueConfig, Screen, Services, Target};
use crate::exit_code::Exit;
use crate::progress::{Progress, Style};
use crate::report::Report;
use crate::signals::Signals;
use crate::{logging, runtime, sandbox};

/// How often the times on a terminal go on.
const TICK: Duration = Duration::from_millis(100);
/// How long a cancelled issuance gets to delete its TXT records: the library's bound of 10 s, and room to say so.
const LONGEST_CLEAN_UP: Duration = Duration::from_secs(11);

/// Gets the certificate and says where it is.
pub(crate) fn run(config: IssueConfig, screen: Screen) -> Result<Exit, Report> {
    logging::start(config.verbose, screen.colour);
    runtime::block_on(issue(config, screen))
}

async fn issue(config: IssueConfig, screen: Screen) -> Result<Exit, Report> {
    // From here on a signal never leaves TXT records behind.
    let mut signals = Signals::listen()
        .map_err(|error| Report::internal(format_args!("cannot listen for signals: {error}")))?;
    let IssueConfig { wanted, repeated, state_dir, target, .. } = config;
    let style = match screen {
        _ if config.json => Style::Json,
        _ if config.quiet => Style::Quiet,
        Screen { redraws: true, colour } if config.verbose == 0 => Style::Terminal { colour },
        _ => Style::Plain,
    };
    let mut in_sandbox = None;
    let services = match target {
        Target::Real(services) => *services,
        Target::Sandbox(faults) => {
            let (running, services) = sandbox::start(&wanted.identifiers, faults).await?;
            in_sandbox = Some(running);
            services
        }
    };
    let progress = Progress::new(style, &wanted.identifiers);
    for identifier in repeated {
        progress.note(&format!("{identifier} is given more than once; once is enough"));
    }
    for warning in &services.dnspod.warnings {
        progress.note(warning);
    }
    let request = wanted.request(&services);
    let store = FileStore::open(&state_dir).map_err(|error| Report::of_store(&error))?;
    store.check_writable().await.map_err(|error| Report::of_store(&error))?;
    let issuer = issuer(services, store, request.ca.email.as_deref())?;
    let outcome = until_stopped(&issuer, &request, &progress, &mut signals).await;
    let written = progress.finish();
    let outcome = match outcome? {
        Ended::Outcome(outcome) => outcome,
        Ended::Signal(exit) => return Ok(exit),
    };
    written?;
    if style != Style::Json {
        let now = SystemClock.now();
        outcome::print(&outcome, &request, in_sandbox.is_some(), style == Style::Quiet, now)?;
    }
    Ok(Exit::Success)
}

fn issuer(services: Services, store: FileStore, contact: Option<&str>) -> Result<Issuer, Report> {
    let clock = Arc::new(SystemClock);
    let mut provider =
        services.dnspod.provider(services.http.clone(), contact).clock(clock.clone());
    if let Some(zone) = services.zone {
        provider = provider.zone(zone);
    }
    let provider = provider.build().map_err(|error| Report::of_dnspod_options(&error))?;
    let lookup = AuthoritativeLookup::builder().servers(services.dns_servers).build();
    let lookup = lookup.map_err(|error| {
        let hint = "name one with --dns-server IP:PORT, or mend /etc/resolv.conf";
        Report::configuration(error, hint)
    })?;
    Ok(Issuer::new(services.http, Arc::new(provider), Arc::new(lookup), Arc::new(store), clock))
}

/// How an issuance ended.
enum Ended {
    Outcome(Outcome),
    /// Stopped by a signal.
    Signal(Exit),
}

/// Issues; the first signal cancels, which deletes the TXT records, and the second stops at once.
async fn until_stopped(
    issuer: &Issuer,
    request: &IssueRequest,
    progress: &Progress,
    signals: &mut Signals,
) -> Result<Ended, Report> {
    let cancel = CancellationToken::new();
    let listener = |event: &_| progress.event(event);
    let issuing = issuer.issue(request, &listener, &cancel);
    tokio::pin!(issuing);
    let mut ticks = interval(TICK);
    let mut stopped: Option<(Exit, Instant)> = None;
    loop {
        let deadline = stopped.map(|(_, deadline)| deadline);
        tokio::select! {
            biased;
            result = &mut issuing => return match (result, stopped) {
                (Ok(outcome), _) => Ok(Ended::Outcome(outcome)),
                (Err(IssueError::Cancelled { .. }), Some((exit, _))) => Ok(Ended::Signal(exit)),
                (Err(error), _) => Err(Report::of_issue(&error, SystemClock.now())),
            },
            exit = signals.next() => match stopped {
                None => {
                    stopped = Some((exit, Instant::now() + LONGEST_CLEAN_UP));
                    cancel.cancel();
                    progress.note("stopping: deleting the TXT records; once more to stop at once");
                }
                Some(_) => return Ok(Ended::Signal(exit)),
            },
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                progress.note("stopped before all TXT records were deleted; the next run deletes them");
                return Ok(Ended::Signal(stopped.map_or(Exit::Interrupted, |(exit, _)| exit)));
            }
            _ = ticks.tick() => progress.tick(),
        }
    }
}
