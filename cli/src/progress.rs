//! What is going on, while it goes on.

mod board;
mod plain;
mod terminal;

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use acme_core::Identifier;
use acme_core::issue::Event;
use serde::Serialize;
use time::OffsetDateTime;

use crate::report::Report;
use crate::stdout;
use plain::Plain;
use terminal::Terminal;

/// Where events go.
pub(crate) struct Progress(Mutex<Sink>);

enum Sink {
    /// One object a line on standard output; keeps the first failure to write.
    Json(Option<Report>),
    /// A line for each event that is worth one, on standard error.
    Plain(Plain),
    Quiet,
    /// A line for each name, redrawn in place.
    Terminal(Terminal),
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Json,
    Plain,
    Quiet,
    Terminal { colour: bool },
}

impl Progress {
    pub(crate) fn new(style: Style, identifiers: &[Identifier]) -> Self {
        let now = Instant::now();
        Self(Mutex::new(match style {
            Style::Json => Sink::Json(None),
            Style::Plain => Sink::Plain(Plain::new(now)),
            Style::Quiet => Sink::Quiet,
            Style::Terminal { colour } => Sink::Terminal(Terminal::new(identifiers, colour, now)),
        }))
    }

    /// Shows what happened.
    pub(crate) fn event(&self, event: &Event) {
        match &mut *self.sink() {
            Sink::Json(failure) => {
                if let Err(report) = write_json(event) {
                    failure.get_or_insert(report);
                }
            }
            Sink::Plain(plain) => plain.event(event, Instant::now()),
            Sink::Quiet => {}
            Sink::Terminal(terminal) => terminal.event(event, Instant::now()),
        }
    }

    /// Lets the times on a terminal go on.
    pub(crate) fn tick(&self) {
        if let Sink::Terminal(terminal) = &mut *self.sink() {
            terminal.draw(Instant::now());
        }
    }

    /// Says something in between, where people are listening.
    pub(crate) fn note(&self, text: &str) {
        match &mut *self.sink() {
            Sink::Json(_) | Sink::Quiet => {}
            Sink::Plain(plain) => plain.line(text, Instant::now()),
            Sink::Terminal(terminal) => terminal.note(text, Instant::now()),
        }
    }

    /// Ends the display; what is printed next stands below it. Fails where an event could not be written.
    pub(crate) fn finish(&self) -> Result<(), Report> {
        match &mut *self.sink() {
            Sink::Json(failure) => failure.take().map_or(Ok(()), Err),
            Sink::Terminal(terminal) => {
                terminal.finish(Instant::now());
                Ok(())
            }
            Sink::Plain(_) | Sink::Quiet => Ok(()),
        }
    }

    fn sink(&self) -> std::sync::MutexGuard<'_, Sink> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last event where there is no certificate. All others are events of [`acme_core::issue`].
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "failed")]
pub(crate) struct Failed<'a> {
    /// The name of the exit code.
    kind: &'static str,
    exit_code: u8,
    message: &'a str,
    hint: &'a str,
    #[serde(with = "time::serde::rfc3339::option")]
    retry_at: Option<OffsetDateTime>,
}

impl<'a> Failed<'a> {
    pub(crate) fn new(report: &'a Report) -> Self {
        Self {
            kind: report.exit.name(),
            exit_code: report.exit.code(),
            message: &report.what,
            hint: &report.hint,
            retry_at: report.retry_at,
        }
    }
}

/// Writes one event as a line of JSON.
pub(crate) fn write_json(event: &impl Serialize) -> Result<(), Report> {
    let line = serde_json::to_string(event)
        .map_err(|error| Report::internal(format_args!("cannot encode an event: {error}")))?;
    stdout::write(&format!("{line}\n"))
}

#[cfg(test)]
mod tests;
