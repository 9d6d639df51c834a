//! Waiting until every authoritative server of every name answers every value.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Answer, LookupError, ServerAnswer, TxtLookup, TxtRecord};
use crate::DnsName;

/// The wait after the first look, which is taken at once; each later wait is [`POLL_GROWTH`] times the one before.
const FIRST_POLL: Duration = Duration::from_millis(50);
/// See [`FIRST_POLL`].
const POLL_GROWTH: u32 = 2;
/// The longest wait between two looks: what a person waits in vain at most, and few questions for a slow provider.
const LONGEST_POLL: Duration = Duration::from_secs(3);

/// What was learnt while waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Every server that counts answers this record.
    Visible {
        /// The record.
        record: TxtRecord,
        /// How many servers answered it.
        servers: usize,
    },
    /// These servers do not answer all values of the name. Reported where it differs from the report before.
    Waiting {
        /// The records' name.
        name: DnsName,
        /// The servers, each with what it answered.
        missing: Vec<ServerAnswer>,
    },
}

/// Why the wait ended without every record being visible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropagationError {
    /// The servers could not be asked even once.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// At least one server did not answer the record in time.
    #[error("{} is not visible at every authoritative server after {}s", record.name, waited.as_secs())]
    NotPropagated {
        /// The first record that is missing.
        record: TxtRecord,
        /// How long it was waited for.
        waited: Duration,
        /// What every server of the name answered last.
        servers: Vec<ServerAnswer>,
    },
}

/// Waits until every authoritative server answers every record, at most for `timeout`.
///
/// Every name is polled on its own, all at once, with one question for all its values; a name that is complete is not
/// asked for again. A server that cannot be reached or is not authoritative counts as missing, because the CA may
/// come to ask that very server. An address for which this machine has no IPv6 route does not count, as long as
/// another address answers.
///
/// Dropping the future stops every question.
pub async fn wait(
    lookup: &dyn TxtLookup,
    records: &[TxtRecord],
    timeout: Duration,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(), PropagationError> {
    let start = Instant::now();
    let mut names: BTreeMap<&DnsName, Vec<&TxtRecord>> = BTreeMap::new();
    for record in records {
        names.entry(&record.name).or_default().push(record);
    }
    let waits = names.into_iter().map(|(name, records)| {
        let wait = NameWait { lookup, name, records, answers: None, failure: None, reported: None };
        wait.until_visible(start, timeout, progress)
    });
    join_all(waits).await.into_iter().collect()
}

/// The wait for all values of one name.
struct NameWait<'a> {
    lookup: &'a dyn TxtLookup,
    name: &'a DnsName,
    records: Vec<&'a TxtRecord>,
    /// What the servers answered last.
    answers: Option<Vec<ServerAnswer>>,
    /// Why they could not be asked, the last time that this happened.
    failure: Option<LookupError>,
    reported: Option<Vec<ServerAnswer>>,
}

impl NameWait<'_> {
    async fn until_visible(
        mut self,
        start: Instant,
        timeout: Duration,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<(), PropagationError> {
        let deadline = start + timeout;
        let mut poll = FIRST_POLL;
        loop {
            let asked = Instant::now();
            let Ok(answers) = timeout_at(deadline, self.lookup.txt(self.name)).await else {
                return Err(self.gives_up(timeout));
            };
            match answers {
                Ok(answers) if self.is_visible(&answers) => {
                    self.report_visible(&answers, progress);
                    return Ok(());
                }
                Ok(answers) => {
                    self.report_missing(&answers, progress);
                    self.answers = Some(answers);
                }
                // A resolver that fails now may answer at the next look.
                Err(error) => self.failure = Some(error),
            }
            // From question to question: a server that is slow to answer does not slow the others down further.
            let next = asked + poll;
            if next >= deadline {
                sleep_until(deadline).await;
                return Err(self.gives_up(timeout));
            }
            sleep_until(next).await;
            poll = (poll * POLL_GROWTH).min(LONGEST_POLL);
        }
    }

    fn is_visible(&self, answers: &[ServerAnswer]) -> bool {
        let mut counting = answers.iter().filter(|server| counts(server)).peekable();
        counting.peek().is_some() && counting.all(|server| self.has_all(server))
    }

    fn has_all(&self, server: &ServerAnswer) -> bool {
        self.records.iter().all(|record| has(server, record))
    }

    fn report_visible(
        &self,
        answers: &[ServerAnswer],
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) {
        let servers = answers.iter().filter(|server| counts(server)).count();
        for record in &self.records {
            progress(Progress::Visible { record: (*record).clone(), servers });
        }
    }

    fn report_missing(
        &mut self,
        answers: &[ServerAnswer],
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) {
        let missing: Vec<ServerAnswer> =
            answers.iter().filter(|server| !self.has_all(server)).cloned().collect();
        if self.reported.as_ref() != Some(&missing) {
            progress(Progress::Waiting { name: self.name.clone(), missing: missing.clone() });
            self.reported = Some(missing);
        }
    }

    fn gives_up(self, waited: Duration) -> PropagationError {
        let servers = match (self.answers, self.failure) {
            (Some(servers), _) => servers,
            (None, Some(failure)) => return failure.into(),
            (None, None) => Vec::new(),
        };
        let missing = |record: &&&TxtRecord| {
            servers.iter().any(|server| counts(server) && !has(server, record))
        };
        // Without a server that counts, no record is visible anywhere.
        let record = self.records.iter().find(missing).unwrap_or(&self.records[0]);
        PropagationError::NotPropagated { record: (*record).clone(), waited, servers }
    }
}

fn counts(server: &ServerAnswer) -> bool {
    server.answer != Answer::NoIpv6Route
}

fn has(server: &ServerAnswer, record: &TxtRecord) -> bool {
    matches!(&server.answer, Answer::Values(values) if values.contains(&record.value))
}

#[cfg(test)]
mod tests;
