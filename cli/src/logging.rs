//! What `-v` shows.

use tracing_subscriber::EnvFilter;

/// Logs to standard error: with 1 what our own crates do, with more also what the libraries do.
pub(crate) fn start(verbose: u8, colour: bool) {
    let filter = match verbose {
        0 => return,
        1 => "off,certctl=debug,acme_core=debug,dnspod_solver=debug,sandbox=debug",
        _ => "debug,certctl=trace,acme_core=trace,dnspod_solver=trace,sandbox=trace",
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .init();
}
