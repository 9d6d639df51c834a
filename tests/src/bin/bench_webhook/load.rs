//! A webhook under load.

use std::time::Duration;

use e2e::daemon::Daemon;
use tokio::time::Instant;

use crate::apiserver::Asked;
use crate::caller::{Caller, Done, Work};
use crate::fake::ACCOUNTS;
use crate::figure::{Action, Column, Figure};
use crate::process::resident;
use crate::scene::Scene;

/// How many calls are in flight, and how many a run makes.
const RATES: [(usize, usize); 3] = [(1, 500), (8, 2_000), (32, 2_000)];

/// The most runs for a rate, of which the median is shown; fewer where they would take longer than [`LONG`].
const RUNS: usize = 3;

/// The stock Go webhook makes 2.5 calls a second.
const LONG: Duration = Duration::from_secs(10);

/// Calls for the memory after load: as many of each action.
const MANY: usize = 5_000;

/// The bound on these calls.
const MANY_LIMIT: Duration = Duration::from_secs(60);

const BURST: usize = 120;

/// Measures a running webhook.
pub(crate) async fn measure(
    scene: &mut Scene,
    daemon: &Daemon,
    column: &mut Column,
) -> Result<(), String> {
    let caller = scene.site.caller(&scene.plane, false)?;
    let http1 = scene.site.caller(&scene.plane, true)?;
    // So that every account knows its zones.
    let challenges = scene.challenges(ACCOUNTS * 10);
    for action in Action::BOTH {
        calls(scene, &caller, action, challenges.clone(), 8, ACCOUNTS, LONG).await?;
    }
    after_many(scene, daemon, &caller, column).await?;
    for (in_flight, count) in RATES {
        let done = rates(scene, &caller, in_flight, count, ACCOUNTS).await?;
        for (action, done) in Action::BOTH.into_iter().zip(&done) {
            column.set(Figure::Rate(action, in_flight), done.rate());
            column.set(Figure::P50(action, in_flight), done.percentile(50));
            column.set(Figure::P99(action, in_flight), done.percentile(99));
        }
    }
    let (in_flight, count) = RATES[1];
    let done = rates(scene, &http1, in_flight, count, ACCOUNTS).await?;
    for (action, done) in Action::BOTH.into_iter().zip(&done) {
        column.set(Figure::RateOverHttp1(action, in_flight), done.rate());
    }
    let (in_flight, count) = RATES[2];
    let done = rates(scene, &caller, in_flight, count, 1).await?;
    for (action, done) in Action::BOTH.into_iter().zip(&done) {
        column.set(Figure::RateOfOneAccount(action, in_flight), done.rate());
    }
    burst(scene, &caller, column).await?;
    column.set(Figure::FinalMemory, resident(daemon.pid())?);
    Ok(())
}

/// Many calls, what they asked others for, and the memory after them.
#[expect(clippy::cast_precision_loss, reason = "no count here is near 2^53")]
async fn after_many(
    scene: &mut Scene,
    daemon: &Daemon,
    caller: &Caller,
    column: &mut Column,
) -> Result<(), String> {
    let mut challenges = scene.challenges(MANY);
    let (mut requests, mut connections, mut access_reviews) = (0.0, 0.0, 0.0);
    for action in Action::BOTH {
        let before = Asked::now(&scene.plane).await?;
        scene.fake.reset().await?;
        let limit = MANY_LIMIT;
        let done = calls(scene, caller, action, challenges.clone(), 8, ACCOUNTS, limit).await?;
        let counts = scene.fake.counts().await?;
        let asked = Asked::now(&scene.plane).await?;
        let calls = done.took.len() as f64;
        column.set(Figure::SecretReads(action), (asked.secrets - before.secrets) / calls);
        let at_dnspod: usize = counts.calls.values().sum();
        column.set(Figure::DnspodCalls(action), at_dnspod as f64 / calls);
        // What is presented is what can be cleaned up.
        challenges.end = challenges.start + done.took.len();
        requests += calls;
        connections += counts.connections as f64;
        access_reviews += asked.access_reviews - before.access_reviews;
    }
    column.set(Figure::Connections, connections / requests);
    column.set(Figure::AccessReviews, access_reviews / requests);
    column.set(Figure::LoadedRequests, requests);
    column.set(Figure::LoadedMemory, resident(daemon.pid())?);
    Ok(())
}

/// The run of median rate of each action.
async fn rates(
    scene: &mut Scene,
    caller: &Caller,
    in_flight: usize,
    count: usize,
    accounts: usize,
) -> Result<Vec<Done>, String> {
    let begun = Instant::now();
    let mut runs = [Vec::new(), Vec::new()];
    while runs[0].len() < RUNS && begun.elapsed() < LONG {
        let mut challenges = scene.challenges(count);
        for (runs, action) in runs.iter_mut().zip(Action::BOTH) {
            let challenges_now = challenges.clone();
            let done =
                calls(scene, caller, action, challenges_now, in_flight, accounts, LONG).await?;
            challenges.end = challenges.start + done.took.len();
            runs.push(done);
        }
    }
    let median = |mut runs: Vec<Done>| {
        runs.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
        let middle = runs.len() / 2;
        runs.swap_remove(middle)
    };
    Ok(runs.into_iter().map(median).collect())
}

/// Calls of which each must succeed.
async fn calls(
    scene: &Scene,
    caller: &Caller,
    action: Action,
    challenges: std::ops::Range<usize>,
    in_flight: usize,
    accounts: usize,
    limit: Duration,
) -> Result<Done, String> {
    let namespace = scene.site.namespace.clone();
    let work = Work { action, challenges, in_flight, accounts, namespace, limit };
    let done = caller.call_all(work).await;
    match done.failure {
        None => Ok(done),
        Some(answer) => {
            let of = done.failed + done.took.len();
            Err(format!("{} of {of} {}s failed: {}", done.failed, action.name(), answer.trim_end()))
        }
    }
}

/// All at once: none may be refused, or answered too late.
#[expect(clippy::cast_precision_loss, reason = "120 is exact")]
async fn burst(scene: &mut Scene, caller: &Caller, column: &mut Column) -> Result<(), String> {
    let work = Work {
        action: Action::Present,
        challenges: scene.challenges(BURST),
        in_flight: BURST,
        accounts: ACCOUNTS,
        namespace: scene.site.namespace.clone(),
        limit: MANY_LIMIT,
    };
    let done = caller.call_all(work).await;
    column.set(Figure::Burst, done.took.len() as f64);
    Ok(())
}
