//! Lines for a log file or a pipe.

use std::collections::HashSet;
use std::io::Write as _;
use std::time::Instant;

use acme_core::Identifier;
use acme_core::issue::Event;

use crate::wording;

/// Writes a line for each event that is worth one, with the time since the start.
pub(super) struct Plain {
    begun: Instant,
    /// Names that the CA is said to be validating; `None` is the certificate.
    waiting: HashSet<Option<Identifier>>,
}

impl Plain {
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: now, waiting: HashSet::new() }
    }

    pub(super) fn event(&mut self, event: &Event, now: Instant) {
        if let Some(text) = self.text(event) {
            self.line(&text, now);
        }
    }

    pub(super) fn line(&self, text: &str, now: Instant) {
        let time = wording::elapsed(now - self.begun);
        // Where standard error is gone there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "[{time:>6}] {text}");
    }

    /// What is said about `event`, if anything.
    pub(super) fn text(&mut self, event: &Event) -> Option<String> {
        Some(match event {
            Event::Account { url, created: true } => format!("created an account: {url}"),
            Event::Authorized { identifier, reused: true } => {
                format!("{identifier}: the CA has validated it before")
            }
            Event::Authorized { identifier, reused: false } => format!("{identifier}: validated"),
            Event::ChallengeAnswered { identifier } => {
                format!("{identifier}: asked the CA to validate it")
            }
            Event::Finalized { .. } => "asked for the certificate".to_owned(),
            Event::Order { resumed, identifiers, .. } => {
                let names = wording::count(identifiers.len() as u64, "name");
                if *resumed {
                    format!("continue the order of an earlier run, for {names}")
                } else {
                    format!("ordered a certificate for {names}")
                }
            }
            Event::Propagated { record, servers } => {
                let servers = wording::count(*servers as u64, "name server");
                format!("{}: visible at {servers}", record.name)
            }
            Event::TxtAppended { identifier, record } => {
                format!("{identifier}: created the TXT record {}", record.name)
            }
            Event::TxtDeleted { record } => format!("deleted the TXT record {}", record.name),
            Event::Warning { message } => format!("warning: {message}"),
            Event::WaitingForCa { identifier, .. } => {
                if !self.waiting.insert(identifier.clone()) {
                    return None;
                }
                match identifier {
                    Some(identifier) => format!("{identifier}: the CA is validating it"),
                    None => "the CA is making the certificate".to_owned(),
                }
            }
            Event::WaitingForDns { name, missing } => {
                let missing: Vec<String> = missing.iter().map(wording::server).collect();
                format!("{name}: not visible yet at {}", missing.join("; "))
            }
            // What is left is said at the end, in full.
            _ => return None,
        })
    }
}
