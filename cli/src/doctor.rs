//! `certctl doctor`: why a Certificate of cert-manager is not ready.

mod call;
mod cause;
mod challenge;
mod cluster;
mod object;
mod shown;
mod snapshot;
#[cfg(test)]
mod tests;
mod walk;
mod webhook;

use crate::config::{DoctorConfig, Screen};
use crate::exit_code::Exit;
use crate::report::Report;
use crate::{logging, runtime, stdout};

use cluster::Cluster;
use shown::Shown;

/// Prints, for each Certificate that was asked for, that it is ready, or the first thing that keeps it from being so or
/// from being renewed. The exit code is that of the first Certificate with such a thing.
pub(crate) fn run(config: &DoctorConfig, screen: Screen) -> Result<Exit, Report> {
    logging::start(config.verbose, screen.colour);
    runtime::block_on(async {
        let cluster = Cluster::connect(config).await?;
        let snapshot = cluster.read().await?;
        let found = match &config.certificate {
            Some(name) => vec![walk::named(&snapshot, cluster.namespace(), name)],
            None => walk::all(&snapshot),
        };
        let shown = Shown { json: config.json, steps: config.verbose > 0 };
        stdout::write(&shown.text(&found)?)?;
        let first = found.iter().find_map(|diagnosis| diagnosis.found.as_ref());
        Ok(first.map_or(Exit::Success, |found| found.cause.exit()))
    })
}
