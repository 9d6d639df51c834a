//! `certctl`: gets wildcard certificates by ACME DNS-01 through DNSPod / Tencent Cloud DNS.

mod args;
mod ca;
mod config;
mod credentials;
mod doctor;
mod documentation;
mod exit_code;
mod issue;
mod logging;
mod progress;
mod report;
mod runtime;
#[cfg_attr(not(feature = "sandbox"), path = "no_sandbox.rs")]
mod sandbox;
mod show;
mod signals;
mod stdout;
mod wording;

use std::io::{IsTerminal as _, stderr};
use std::process::ExitCode;

use args::{Command, NotParsed};
use config::{
    CredentialsConfig, DoctorConfig, IssueConfig, SandboxConfig, Screen, ShowConfig,
    process_environment,
};
use exit_code::Exit;
use progress::Failed;
use report::Report;

fn main() -> ExitCode {
    // The panic says what happened, the exit code that it is our fault.
    std::panic::catch_unwind(certctl).unwrap_or_else(|_| Exit::Internal.into())
}

fn certctl() -> ExitCode {
    let screen = Screen::new(stderr().is_terminal(), &process_environment);
    let reports = match args::parse(std::env::args_os()) {
        Ok(command) => match run(command, screen) {
            Ok(exit) => return exit.into(),
            Err(reports) => reports,
        },
        Err(NotParsed::Wrong(report)) => vec![report],
        Err(NotParsed::Asked(text)) => return shown(&text, Exit::Success),
        Err(NotParsed::Help(text)) => return shown(&text, Exit::Usage),
    };
    for report in &reports {
        report.print(screen.colour);
    }
    exit_of(&reports).into()
}

/// Does what was asked.
fn run(command: Command, screen: Screen) -> Result<Exit, Vec<Report>> {
    let environment = &process_environment;
    let done = match command {
        Command::Issue(args) => {
            let issued = IssueConfig::new(&args, environment)
                .and_then(|config| issue::run(config, screen).map_err(|report| vec![report]));
            if let Err(reports) = &issued
                && config::wants_json(args.json, environment)
                && let Some(worst) = reports.iter().find(|report| report.exit == exit_of(reports))
            {
                progress::write_json(&Failed::new(worst)).map_err(|report| vec![report])?;
            }
            return issued;
        }
        Command::Credentials(args) => {
            let config = CredentialsConfig::new(&args, environment)?;
            credentials::run(config, screen)
        }
        Command::Doctor(args) => {
            let config = DoctorConfig::new(&args, environment)?;
            return doctor::run(&config, screen).map_err(|report| vec![report]);
        }
        Command::Sandbox(args) if args.list_faults => sandbox::list_faults(),
        Command::Sandbox(args) => {
            let config = SandboxConfig::new(&args, environment)?;
            return sandbox::run(&config, screen).map_err(|report| vec![report]);
        }
        Command::Show(args) => {
            runtime::block_on(show::run(&ShowConfig::new(&args, environment)?, args.json))
        }
        Command::Completions { shell } => documentation::completions(shell),
        Command::Man { command } => documentation::manual_page(command.as_deref()),
    };
    done.map(|()| Exit::Success).map_err(|report| vec![report])
}

/// Of several, a mistake in what was typed is mended first.
fn exit_of(reports: &[Report]) -> Exit {
    let usage = reports.iter().find(|report| report.exit == Exit::Usage);
    usage.or(reports.first()).map_or(Exit::Internal, |report| report.exit)
}

fn shown(text: &clap::Error, exit: Exit) -> ExitCode {
    // A reader that has gone has seen what it wanted.
    let _ = text.print();
    exit.into()
}
