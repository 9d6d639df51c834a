//! A webhook by itself: its size, its start, and what it takes while nobody asks for anything.

use std::path::Path;
use std::time::Duration;

use e2e::daemon::Daemon;
use tokio::time::sleep;

use crate::figure::{Column, Figure};
use crate::process::{processor_time, resident};
use crate::scene::Scene;
use crate::webhook::{Program, Start};

const STARTS: usize = 20;
const SETTLED: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(60);

/// Measures it and leaves it running.
pub(crate) async fn measure(
    scene: &Scene,
    program: &Program,
    column: &mut Column,
) -> Result<Daemon, String> {
    let (Program::Ours(path, _) | Program::Go(path)) = program;
    column.set(Figure::Size, size(path)?);
    let start = async || scene.site.start(&scene.plane, program, &scene.fake.reach).await;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let (daemon, start) = start().await?;
        drop(daemon);
        starts.push(start);
    }
    let [least, median] = of_all(&starts, |start| start.ready);
    column.set(Figure::ReadyLeast, least);
    column.set(Figure::Ready, median);
    let [least, median] = of_all(&starts, |start| start.discovery);
    column.set(Figure::DiscoveryLeast, least);
    column.set(Figure::Discovery, median);

    let (daemon, _) = start().await?;
    sleep(SETTLED).await;
    column.set(Figure::IdleMemory, resident(daemon.pid())?);
    let used = processor_time(daemon.pid())?;
    sleep(IDLE).await;
    let used = processor_time(daemon.pid())?.saturating_sub(used);
    column.set(Figure::IdleProcessor, used.as_secs_f64() / IDLE.as_secs_f64() * 100.0);
    Ok(daemon)
}

/// The size of a file, in MiB.
#[expect(clippy::cast_precision_loss, reason = "no program is near 2^53 bytes")]
fn size(path: &Path) -> Result<f64, String> {
    let metadata = std::fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(metadata.len() as f64 / (1024.0 * 1024.0))
}

/// The least and the median, in milliseconds.
fn of_all(starts: &[Start], time: impl Fn(&Start) -> Duration) -> [f64; 2] {
    let mut times: Vec<_> = starts.iter().map(time).collect();
    times.sort();
    [times[0], times[times.len() / 2]].map(|time| time.as_secs_f64() * 1000.0)
}
