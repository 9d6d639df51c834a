//! Runs the end-to-end tests and says at the end which real parts were there.
//!
//! Cargo's own harness can neither skip a test while it runs nor print a closing table.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Conclusion, Failed, Trial};

use crate::environment::Environment;
use crate::real_part::RealPart;

/// No test takes longer than this, on a busy machine too, with a cert-manager that sleeps a minute for each challenge.
const TEST_LIMIT: Duration = Duration::from_secs(600);

/// Tests wait for servers far more than they compute.
const TESTS_AT_ONCE: usize = 6;

/// One test: an asynchronous function that panics on failure, and the parts it needs.
#[derive(Clone, Copy)]
pub struct Test {
    /// What it shows.
    pub name: &'static str,
    /// Without these it is skipped.
    pub needs: &'static [RealPart],
    /// The test.
    pub body: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

/// Lists tests: `tests! { [RealPart::Pebble] one_wildcard; [] another; }`.
#[macro_export]
macro_rules! tests {
    ($([$($part:expr),*] $name:ident;)*) => {
        vec![$($crate::harness::Test {
            name: concat!(module_path!(), "::", stringify!($name)),
            needs: &[$($part),*],
            body: || Box::pin($name()),
        }),*]
    };
}

/// Runs the tests that the command line asks for and prints the closing table.
pub fn run(tests: Vec<Test>) -> std::process::ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(TESTS_AT_ONCE);
    let environment = Environment::read();
    if let Err(reason) = environment.kubernetes {
        return refuse(&reason);
    }
    let ci = environment.ci;
    let trials = tests.into_iter().map(|test| trial(test, ci)).collect();
    let conclusion: Conclusion = libtest_mimic::run(&arguments, trials);
    crate::cert_manager::stop_shared();
    crate::control_plane::stop_shared();
    if !arguments.list {
        print_table(ci);
    }
    conclusion.exit_code()
}

#[expect(clippy::print_stderr, reason = "there is no test yet that could fail")]
fn refuse(reason: &str) -> std::process::ExitCode {
    eprintln!("{reason}");
    std::process::ExitCode::FAILURE
}

/// Tests that ran and tests that did not, by part.
static COUNTS: Mutex<BTreeMap<RealPart, [usize; 2]>> = Mutex::new(BTreeMap::new());

fn count(part: RealPart, ran: bool) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    counts.entry(part).or_default()[usize::from(!ran)] += 1;
}

fn trial(test: Test, ci: bool) -> Trial {
    let name = test.name.split_once("::").map_or(test.name, |(_, name)| name);
    Trial::ignorable_test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failed::from(format!("no runtime: {error}")))?;
        runtime.block_on(async {
            for part in test.needs {
                let obtained = part.obtain().await;
                count(*part, obtained.is_ok());
                if let Err(reason) = obtained {
                    let reason = format!("{}: {reason}", part.name());
                    return if ci {
                        Err(reason.into())
                    } else {
                        Ok(Completion::ignored_with(reason))
                    };
                }
            }
            match tokio::time::timeout(TEST_LIMIT, (test.body)()).await {
                Ok(()) => Ok(Completion::Completed),
                Err(_) => Err(format!("not done after {} s", TEST_LIMIT.as_secs()).into()),
            }
        })
    })
}

#[expect(clippy::print_stdout, reason = "the table is what people read at the end of a run")]
fn print_table(ci: bool) {
    let counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    if counts.is_empty() {
        return;
    }
    println!("real parts (what this project did not write):");
    println!("  {:<24} {:<10} {:<20} obtained", "part", "version", "tests");
    let mut skipped = 0;
    for (part, [ran, without]) in counts.iter() {
        skipped += without;
        let tests = match (without, ci) {
            (0, _) => format!("{ran} run"),
            (_, true) => format!("{without} FAILED"),
            (_, false) => format!("{without} SKIPPED"),
        };
        let (version, how) = match part.obtained_before() {
            Some(Ok(obtained)) => (obtained.version.clone(), obtained.how.clone()),
            Some(Err(reason)) => ("-".to_owned(), format!("MISSING: {reason}")),
            None => ("-".to_owned(), String::new()),
        };
        println!(
            "  {:<24} {version:<10} {tests:<20} {}",
            part.name(),
            how.trim_end().replace('\n', "\n      ")
        );
    }
    if skipped > 0 && !ci {
        println!(
            "*** {skipped} tests were SKIPPED for want of these parts; with CI=true that is a failure. ***"
        );
    }
    println!();
}
