//! Name servers that live in memory.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::{Answer, CaaRecord, LookupError, MemoryProvider, ServerAnswer, TxtLookup};
use crate::DnsName;

/// A [`TxtLookup`] that shows the records of a [`MemoryProvider`] as name servers would, some of them late or broken:
/// for tests of programs that use this library.
///
/// The lag of a server is measured by tokio's clock, so a test with a paused clock does not wait for it.
pub struct MemoryLookup {
    provider: MemoryProvider,
    servers: Vec<Server>,
    cnames: BTreeMap<DnsName, DnsName>,
    wildcard_cnames: BTreeMap<DnsName, DnsName>,
    caa: BTreeMap<DnsName, Vec<CaaRecord>>,
    failing: BTreeMap<DnsName, String>,
    queries: AtomicU64,
}

impl MemoryLookup {
    /// One name server that shows the provider's records at once.
    pub fn new(provider: &MemoryProvider) -> Self {
        Self {
            provider: provider.clone(),
            servers: vec![Server::Lagging(Duration::ZERO)],
            cnames: BTreeMap::new(),
            wildcard_cnames: BTreeMap::new(),
            caa: BTreeMap::new(),
            failing: BTreeMap::new(),
            queries: AtomicU64::new(0),
        }
    }

    /// Adds a name server that shows a record `lag` after it was appended.
    pub fn lagging_server(mut self, lag: Duration) -> Self {
        self.servers.push(Server::Lagging(lag));
        self
    }

    /// Adds a name server that gives the same answer to every question.
    pub fn fixed_server(mut self, answer: Answer) -> Self {
        self.servers.push(Server::Fixed(answer));
        self
    }

    /// Adds a CNAME record.
    pub fn cname_record(mut self, name: DnsName, target: DnsName) -> Self {
        self.cnames.insert(name, target);
        self
    }

    /// Adds a CNAME record at `*.parent`, which answers for every name one label below `parent` that has no CNAME
    /// record of its own.
    pub fn wildcard_cname_record(mut self, parent: DnsName, target: DnsName) -> Self {
        self.wildcard_cnames.insert(parent, target);
        self
    }

    /// Adds a CAA record at `name`.
    pub fn caa_record(mut self, name: DnsName, record: CaaRecord) -> Self {
        self.caa.entry(name).or_default().push(record);
        self
    }

    /// Makes every question about `name` fail with [`LookupError::Unanswered`].
    pub fn failing(mut self, name: DnsName, reason: &str) -> Self {
        self.failing.insert(name, reason.to_owned());
        self
    }

    fn ask(&self, name: &DnsName, servers: usize) -> Result<(), LookupError> {
        self.queries.fetch_add(servers as u64, Ordering::Relaxed);
        match self.failing.get(name) {
            Some(reason) => {
                Err(LookupError::Unanswered { name: name.clone(), reason: reason.clone() })
            }
            None => Ok(()),
        }
    }

    fn answer(&self, server: &Server, name: &DnsName) -> Answer {
        let lag = match server {
            Server::Fixed(answer) => return answer.clone(),
            Server::Lagging(lag) => *lag,
        };
        let appended = self.provider.values_since(name).into_iter();
        let visible = appended.filter(|(_, since)| since.elapsed() >= lag);
        let values: Vec<String> = visible.map(|(value, _)| value).collect();
        if values.is_empty() { Answer::NoSuchName } else { Answer::Values(values) }
    }
}

#[async_trait]
impl TxtLookup for MemoryLookup {
    async fn txt(&self, name: &DnsName) -> Result<Vec<ServerAnswer>, LookupError> {
        self.ask(name, self.servers.len())?;
        let answers = self.servers.iter().zip(1..).map(|(server, n)| ServerAnswer {
            server: format!("ns{n}.example"),
            address: SocketAddr::from((Ipv4Addr::new(192, 0, 2, n), 53)),
            answer: self.answer(server, name),
        });
        Ok(answers.collect())
    }

    async fn cname(&self, name: &DnsName) -> Result<Option<DnsName>, LookupError> {
        self.ask(name, 1)?;
        let wildcard = || self.wildcard_cnames.get(&name.parent()?);
        Ok(self.cnames.get(name).or_else(wildcard).cloned())
    }

    async fn caa(&self, name: &DnsName) -> Result<Vec<CaaRecord>, LookupError> {
        self.ask(name, 1)?;
        Ok(self.caa.get(name).cloned().unwrap_or_default())
    }

    fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }
}

enum Server {
    Fixed(Answer),
    Lagging(Duration),
}
