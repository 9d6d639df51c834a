//! The asynchronous runtime.

use std::future::Future;
use std::io;

use crate::report::Report;

/// Runs `future` to its end. One thread: the time goes to the network, and threads cost memory.
///
/// What still runs when it ends is left behind: whoever asked twice to stop does not wait.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Report>>) -> Result<T, Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error: io::Error| Report::internal(format_args!("cannot start: {error}")))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}
