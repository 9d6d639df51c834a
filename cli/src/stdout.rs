//! Standard output: data, nothing else.

use std::io::{self, ErrorKind, Write as _};

use crate::exit_code::Exit;
use crate::report::Report;

/// Writes `text`. A reader that has gone has seen what it wanted: that is no failure.
pub(crate) fn write(text: &str) -> Result<(), Report> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Report::new(
            Exit::Configuration,
            format!("cannot write to standard output: {error}"),
            "check where the output is redirected to",
        )),
        _ => Ok(()),
    }
}
