//! What was measured, and the lines that show it.

use std::time::Duration;

use crate::at_once::AtOnce;
use crate::binary::Binary;
use crate::ca::Ca;
use crate::client::Names;
use crate::measured::Cost;
use crate::nonces::NewNonces;

/// One run of a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) cost: Cost,
    /// Requests, by the CA's own log.
    pub(crate) requests: usize,
    /// The part of the wall time that went to waiting for name servers, where the client says.
    pub(crate) propagation: Option<Duration>,
    pub(crate) new_nonces: Option<NewNonces>,
}

/// All runs of a client for the same names at the same CA.
pub(crate) struct Row {
    ca: &'static str,
    pub(crate) client: &'static str,
    pub(crate) names: Names,
    runs: Vec<Run>,
}

impl Row {
    pub(crate) fn new(ca: &Ca, client: &'static str, names: Names, mut runs: Vec<Run>) -> Self {
        runs.sort_by_key(|run| run.cost.wall);
        Self { ca: ca.name, client, names, runs }
    }

    /// The run of median wall time.
    pub(crate) fn median(&self) -> &Run {
        &self.runs[self.runs.len() / 2]
    }

    /// The fewest requests, and the most.
    pub(crate) fn requests(&self) -> (usize, usize) {
        let requests = self.runs.iter().map(|run| run.requests);
        (requests.clone().min().unwrap_or(0), requests.max().unwrap_or(0))
    }

    /// The run that asked for the most nonces within a second.
    pub(crate) fn worst_nonces(&self) -> Option<NewNonces> {
        let of_all = self.runs.iter().filter_map(|run| run.new_nonces);
        of_all.max_by_key(|nonces| nonces.most_in_a_second)
    }

    /// The highest peak of memory, in MiB.
    pub(crate) fn peak_rss(&self) -> f64 {
        let peaks = self.runs.iter().map(|run| run.cost.peak_rss);
        mib(peaks.max().unwrap_or_default() * 1024)
    }

    fn print(&self) {
        let wall = |run: &Run| format!("{:.0}", millis(run.cost.wall));
        let (first, last) = (&self.runs[0], &self.runs[self.runs.len() - 1]);
        let (fewest, most) = self.requests();
        let requests = if fewest == most { fewest.to_string() } else { format!("{fewest}-{most}") };
        let spread = format!("{}-{}", wall(first), wall(last));
        println!(
            "  {:<24} {:<23} {:>5} {:>9} {:>13} {:>9} {:>9.1}",
            self.ca,
            self.client,
            self.names.count(),
            wall(self.median()),
            spread,
            requests,
            self.peak_rss(),
        );
    }
}

/// Heads the table of [`Row`].
pub(crate) fn print_head(runs: usize) {
    println!(
        "\nOne certificate by a program: wall time from start to exit, median of {runs} (of 3 at 100 ms, of 1 for \
         lego and certbot),\nrequests by the CA's own log, peak memory of the largest run"
    );
    println!(
        "  {:<24} {:<23} {:>5} {:>9} {:>13} {:>9} {:>9}",
        "CA", "client", "names", "wall ms", "from-to", "requests", "RSS MiB"
    );
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) binary: Option<Binary>,
    pub(crate) rows: Vec<Row>,
    pub(crate) at_once: Vec<AtOnce>,
    /// The requests of an issuance with a nonce and a connection at hand.
    pub(crate) warm: Option<usize>,
}

impl Figures {
    pub(crate) fn add(&mut self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            row.print();
            self.rows.push(row);
        }
    }

    /// Keeps a row, or says why there is none.
    pub(crate) fn add_or_skip(&mut self, row: Result<Row, String>) {
        match row {
            Ok(row) => self.add([row]),
            Err(reason) => println!("  SKIPPED: {}", reason.trim_end()),
        }
    }

    pub(crate) fn add_at_once(&mut self, of: AtOnce) {
        let nonces = of.new_nonces.map_or_else(
            || "-".to_owned(),
            |of| format!("{}, at most {} in a second", of.all, of.most_in_a_second),
        );
        println!(
            "  {:<24} {:<8} {:>9.0} {:>8.1} {:>9}  {nonces}",
            of.ca,
            of.kept.name(),
            millis(of.wall),
            of.rate(),
            of.requests
        );
        self.at_once.push(of);
    }

    pub(crate) fn print_binary(&self) {
        if let Some(binary) = &self.binary {
            println!(
                "  stripped, static: {:.2} MiB; certctl --version: {:.1} ms",
                mib(binary.size),
                millis(binary.version_took)
            );
        }
    }

    /// The row of a client at a CA.
    pub(crate) fn row(&self, ca: &str, client: &str, names: Names) -> Option<&Row> {
        self.rows.iter().find(|row| row.ca == ca && row.client == client && row.names == names)
    }
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "no size here is near 2^53")]
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
