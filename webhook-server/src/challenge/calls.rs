//! Calls that run now: equal ones are one, and those about one record take turns.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::notice::Notice;
use super::request::ChallengeRequest;
use super::solve_error::SolveError;
use super::solver::Solver;

/// Bound on a call that nobody waits for any more. Its parts have bounds of their own, which are far below.
const LONGEST: Duration = Duration::from_secs(60);

/// Starts calls, each in a task of its own: a caller that gives up leaves the record in a known state, and who asks
/// again meets the call that still runs.
pub(crate) struct Calls {
    solver: Arc<Solver>,
    running: Mutex<HashMap<Record, Running>>,
    tasks: TaskTracker,
}

/// What calls take turns about: name and value of a TXT record.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Record {
    name: String,
    value: String,
}

#[derive(Clone)]
struct Running {
    request: ChallengeRequest,
    /// `None` until it has ended.
    outcome: watch::Receiver<Option<Result<(), SolveError>>>,
}

impl Calls {
    pub(crate) fn new(solver: Solver) -> Self {
        Self { solver: Arc::new(solver), running: Mutex::default(), tasks: TaskTracker::new() }
    }

    /// Solves `request`, or joins the call that solves an equal one. A call that does something else with the same
    /// record ends first: a clean-up must not overtake the creation of what it removes.
    pub(crate) async fn solve(
        self: &Arc<Self>,
        request: &ChallengeRequest,
    ) -> Result<(), SolveError> {
        let record =
            Record { name: request.resolved_fqdn.to_ascii_lowercase(), value: request.key.clone() };
        loop {
            let mut running = self.running_or_started(&record, request);
            let outcome = match running.outcome.wait_for(Option::is_some).await {
                Ok(outcome) => outcome.clone().unwrap_or(Err(SolveError::Internal)),
                Err(_) => Err(SolveError::Internal),
            };
            if running.request.is_same_as(request) {
                return outcome;
            }
        }
    }

    /// Waits until no call runs; none is to be started any more.
    pub(crate) async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn running_or_started(
        self: &Arc<Self>,
        record: &Record,
        request: &ChallengeRequest,
    ) -> Running {
        let mut all = self.running();
        if let Some(running) = all.get(record) {
            return running.clone();
        }
        let (sender, outcome) = watch::channel(None);
        let running = Running { request: request.clone(), outcome };
        all.insert(record.clone(), running.clone());
        let (calls, record, request) = (Arc::clone(self), record.clone(), request.clone());
        self.tasks.spawn(async move {
            let mut notices = Vec::new();
            let solving = calls.solver.solve(&request, &mut notices);
            let solving = AssertUnwindSafe(solving).catch_unwind();
            let outcome = match tokio::time::timeout(LONGEST, solving).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_panic)) => Err(SolveError::Internal),
                Err(_) => Err(SolveError::TimedOut),
            };
            notices.extend(outcome.as_ref().err().map(Notice::failure));
            calls.running().remove(&record);
            sender.send_replace(Some(outcome));
            // Nobody waits for these.
            if !notices.is_empty() {
                calls.solver.publish(&request, &notices).await;
            }
        });
        running
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Record, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
