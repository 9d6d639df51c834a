//! What each name waits for, and since when.

use std::time::Instant;

use acme_core::Identifier;
use acme_core::dns01::TxtRecord;
use acme_core::issue::Event;

use crate::wording;

/// All names of one certificate.
pub(super) struct Board {
    pub(super) rows: Vec<Row>,
    /// What the certificate as a whole waits for.
    pub(super) whole: Wait,
}

/// One name.
pub(super) struct Row {
    pub(super) identifier: Identifier,
    pub(super) wait: Wait,
    record: Option<TxtRecord>,
}

/// A state and its beginning.
pub(super) struct Wait {
    pub(super) text: String,
    pub(super) since: Instant,
    pub(super) done: bool,
}

impl Wait {
    fn new(text: &str, since: Instant) -> Self {
        Self { text: text.to_owned(), since, done: false }
    }

    /// Goes on to another state; in the same one the time goes on.
    fn becomes(&mut self, text: &str, now: Instant) {
        if self.text != text {
            *self = Self::new(text, now);
        }
    }

    fn ends(&mut self, text: &str, now: Instant) {
        *self = Self { done: true, ..Self::new(text, now) };
    }
}

impl Board {
    pub(super) fn new(identifiers: &[Identifier], now: Instant) -> Self {
        let row = |identifier: &Identifier| Row {
            identifier: identifier.clone(),
            wait: Wait::new("waits for the CA's order", now),
            record: None,
        };
        Self { rows: identifiers.iter().map(row).collect(), whole: Wait::new("asking the CA", now) }
    }

    /// Takes in what happened.
    pub(super) fn apply(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Authorized { identifier, reused } => {
                let text = if *reused { "validated before" } else { "validated" };
                self.rows_of(identifier, |row| row.wait.ends(text, now));
            }
            Event::ChallengeAnswered { identifier } => {
                self.whole.becomes("the CA validates the names", now);
                self.rows_of(identifier, |row| {
                    row.wait.becomes("waits for the CA to validate it", now);
                });
            }
            Event::Finalized { .. } => self.whole.becomes("the CA makes the certificate", now),
            Event::Issued(_) => {
                for row in self.rows.iter_mut().filter(|row| !row.wait.done) {
                    row.wait.ends("validated", now);
                }
                self.whole.ends("done", now);
            }
            Event::Order { .. } => {
                self.whole.becomes("publishing TXT records", now);
                for row in &mut self.rows {
                    row.wait.becomes("waits for its TXT record at DNSPod", now);
                }
            }
            Event::Propagated { record, servers } => {
                let servers = wording::count(*servers as u64, "name server");
                let text = format!("visible at {servers}, waits for the other names");
                self.rows_with(|of| of == record, |wait| wait.becomes(&text, now));
            }
            Event::TxtAppended { identifier, record } => {
                self.whole.becomes("waiting for the name servers", now);
                self.rows_of(identifier, |row| {
                    row.wait.becomes("waits for the name servers to show its TXT record", now);
                    row.record = Some(record.clone());
                });
            }
            Event::WaitingForDns { name, missing } => {
                let Some(first) = missing.first() else { return };
                let more = match missing.len() - 1 {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let text = format!("waits for {}{more}", wording::server(first));
                self.rows_with(|of| of.name == *name, |wait| wait.becomes(&text, now));
            }
            _ => {}
        }
    }

    fn rows_of(&mut self, identifier: &Identifier, change: impl Fn(&mut Row)) {
        self.rows.iter_mut().filter(|row| row.identifier == *identifier).for_each(change);
    }

    fn rows_with(&mut self, which: impl Fn(&TxtRecord) -> bool, change: impl Fn(&mut Wait)) {
        for row in &mut self.rows {
            if !row.wait.done && row.record.as_ref().is_some_and(&which) {
                change(&mut row.wait);
            }
        }
    }
}
