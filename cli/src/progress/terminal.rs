//! Lines redrawn in place on a terminal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use acme_core::Identifier;
use acme_core::issue::Event;

use super::board::{Board, Wait};
use crate::wording;

/// Draws one line for the certificate and one for each name, as many as there is room for.
pub(super) struct Terminal {
    pub(super) board: Board,
    /// How many there are in all.
    names: usize,
    begun: Instant,
    colour: bool,
    /// Whether nothing happens.
    idle: bool,
    /// How many lines stand there now, to be overwritten.
    drawn: usize,
    drawn_at: Option<Instant>,
}

/// A hundred names make hundreds of events within milliseconds, and nobody reads faster than this.
const SHORTEST_FRAME: Duration = Duration::from_millis(40);
/// How many names stay on the screen at the end.
const MOST_ROWS_TO_STAY: usize = 10;
/// Where the terminal does not tell its size.
const USUAL_SIZE: Size = Size { columns: 80, rows: 24 };

/// A terminal's size in characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Terminal {
    pub(super) fn new(identifiers: &[Identifier], colour: bool, now: Instant) -> Self {
        Self {
            board: Board::new(identifiers, now),
            names: identifiers.len(),
            begun: now,
            colour,
            idle: false,
            drawn: 0,
            drawn_at: None,
        }
    }

    pub(super) fn event(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Warning { message } => self.note(&format!("warning: {message}"), now),
            // There was nothing to wait for, so there is nothing to leave on the screen.
            Event::AlreadyGood { .. } => {
                self.replace(&[]);
                self.idle = true;
            }
            _ => {}
        }
        self.board.apply(event, now);
        if self.drawn_at.is_none_or(|at| now - at >= SHORTEST_FRAME) {
            self.draw(now);
        }
    }

    /// Draws the present state over the last one.
    pub(super) fn draw(&mut self, now: Instant) {
        if self.idle {
            return;
        }
        let lines = self.lines(now, size());
        self.replace(&lines);
        self.drawn_at = Some(now);
    }

    /// Prints a line that stays, above the others.
    pub(super) fn note(&mut self, text: &str, now: Instant) {
        self.replace(&[text.to_owned()]);
        self.drawn = 0;
        self.draw(now);
    }

    /// Draws the last state, which stays: of many names only those that are not done.
    pub(super) fn finish(&mut self, now: Instant) {
        if self.names > MOST_ROWS_TO_STAY {
            self.board.rows.retain(|row| !row.wait.done);
        }
        self.draw(now);
        self.drawn = 0;
    }

    /// The lines to show: the whole, then the names, unfinished ones first where there is no room for all.
    pub(super) fn lines(&self, now: Instant, size: Size) -> Vec<String> {
        // One line for the whole, one for those left out, one for the cursor.
        let room = size.rows.saturating_sub(3).max(1);
        let mut rows: Vec<_> = self.board.rows.iter().collect();
        let left_out = rows.len().saturating_sub(room);
        if left_out > 0 {
            rows.sort_by_key(|row| row.wait.done);
            rows.truncate(room);
        }
        let widest = rows.iter().map(|row| row.identifier.to_string().len()).max().unwrap_or(0);
        let widest = widest.min(size.columns / 2);
        let open = self.board.rows.iter().filter(|row| !row.wait.done).count();
        let head = format!(
            "{}: {} of {} validated, {}",
            self.board.whole.text,
            self.names - open,
            wording::count(self.names as u64, "name"),
            wording::elapsed(now - self.begun)
        );
        let mut lines = vec![fit(&head, size.columns)];
        for row in rows {
            let name = row.identifier.to_string();
            let text = fit(&format!("  {name:<widest$}  {}", row.wait.shown(now)), size.columns);
            let coloured = self.colour && row.wait.done;
            lines.push(if coloured { format!("\x1b[32m{text}\x1b[0m") } else { text });
        }
        if left_out > 0 {
            lines.push(fit(&format!("  and {left_out} more"), size.columns));
        }
        lines
    }

    /// Overwrites what was drawn, in one write, so that nothing flickers.
    fn replace(&mut self, lines: &[String]) {
        let mut frame = String::new();
        if self.drawn > 0 {
            // To the left, where a typed `^C` may stand, up to the first line, and clear to the end of the screen.
            // Writing to a string does not fail.
            let _ = write!(frame, "\r\x1b[{}A\x1b[J", self.drawn);
        }
        for line in lines {
            frame.push_str(line);
            frame.push('\n');
        }
        self.drawn = lines.len();
        // Where standard error is gone there is nobody left to tell.
        let _ = std::io::stderr().write_all(frame.as_bytes());
    }
}

impl Wait {
    /// Since when, then what for: a narrow terminal cuts off the end.
    fn shown(&self, now: Instant) -> String {
        let waited = now.saturating_duration_since(self.since);
        let time = if self.done { String::new() } else { wording::elapsed(waited) };
        format!("{time:>6}  {}", self.text)
    }
}

/// `line` cut to the terminal's width: a line that wraps would be two to overwrite.
fn fit(line: &str, columns: usize) -> String {
    let safe = line.chars().map(|c| if c.is_control() { ' ' } else { c });
    safe.take(columns.saturating_sub(1)).collect()
}

fn size() -> Size {
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            Size { columns: size.ws_col.into(), rows: size.ws_row.into() }
        }
        _ => USUAL_SIZE,
    }
}
