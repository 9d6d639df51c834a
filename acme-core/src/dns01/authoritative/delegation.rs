//! Finding the name servers of a zone: its apex, their names and their addresses, through recursive resolvers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::answer::{self, Referral};
use super::question::{Question, Questioner};

/// How long a delegation that was found is used again: longer than an issuance takes as a rule, shorter than the
/// patience of somebody who corrects a delegation and tries again.
const DELEGATION_LIFETIME: Duration = Duration::from_secs(60);

/// The most name servers of a zone, and the most addresses of them, that are asked: more than any zone has, and a
/// bound on what a hostile zone can make this machine do.
const MAX_SERVERS: usize = 64;

/// A zone and its name servers.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) apex: Name,
    pub(super) servers: Vec<NameServer>,
}

/// One address of one name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameServer {
    pub(super) name: String,
    pub(super) address: SocketAddr,
}

/// The delegations that were found lately.
pub(super) struct Delegations {
    resolvers: Vec<SocketAddr>,
    /// The port of authoritative servers.
    port: u16,
    by_apex: Cache,
    by_name: Cache,
}

impl Delegations {
    pub(super) fn new(resolvers: Vec<SocketAddr>, port: u16) -> Self {
        Self { resolvers, port, by_apex: Cache::default(), by_name: Cache::default() }
    }

    /// The zone that `name` is in, as far as known: the resolvers are asked for `start`, which is `name` or a parent of
    /// it, and what lies between is known only after [`follow`](Self::follow).
    ///
    /// A resolver that is asked for a name before it exists keeps for minutes that it does not (RFC 2308 §5), and the
    /// CA may ask that resolver. Hence `start`: the name of a TXT record is never asked for here.
    pub(super) async fn zone_of(
        &self,
        questioner: &Questioner,
        name: &Name,
        start: &Name,
    ) -> Result<Arc<Zone>, String> {
        let found = self
            .by_name
            .get_or_find(start, async {
                let apex = self.find_apex(questioner, start).await?;
                self.by_apex
                    .get_or_find(&apex, async {
                        let servers = self.find_name_servers(questioner, &apex).await?;
                        self.find_addresses(questioner, apex.clone(), servers).await
                    })
                    .await
            })
            .await?;
        // A referral that was followed before leads closer.
        let closest = (found.apex.num_labels()..=name.num_labels())
            .rev()
            .find_map(|labels| self.by_apex.get(&name.trim_to(usize::from(labels))));
        Ok(closest.unwrap_or(found))
    }

    /// The zone that a server of a zone above refers to.
    pub(super) async fn follow(
        &self,
        questioner: &Questioner,
        Referral { cut, servers }: Referral,
    ) -> Result<Arc<Zone>, String> {
        let key = cut.clone();
        self.by_apex.get_or_find(&key, self.find_addresses(questioner, cut, servers)).await
    }

    /// Asks the resolvers.
    pub(super) async fn resolve<T>(
        &self,
        questioner: &Questioner,
        name: &Name,
        kind: RecordType,
        read: impl Fn(&Message) -> T,
    ) -> Result<T, String> {
        let question = Question { name: name.clone(), kind, recursive: true };
        questioner
            .ask_until(&self.resolvers, &question, |message| {
                answer::usable(message, false).map(|()| read(message))
            })
            .await
            .map_err(|failures| format!("{kind} of {name}: {failures}"))
    }

    async fn find_apex(&self, questioner: &Questioner, start: &Name) -> Result<Name, String> {
        let mut name = start.clone();
        loop {
            let read = |message: &Message| answer::apex_of(message, &name);
            if let Some(apex) = self.resolve(questioner, &name, RecordType::SOA, read).await? {
                return Ok(apex);
            }
            if name.is_root() {
                return Err(format!("no SOA record is shown for {start} or any name above it"));
            }
            name = name.base_name();
        }
    }

    async fn find_name_servers(
        &self,
        questioner: &Questioner,
        apex: &Name,
    ) -> Result<Vec<Name>, String> {
        let read = |message: &Message| answer::name_servers(&message.answers, apex);
        let servers = self.resolve(questioner, apex, RecordType::NS, read).await?;
        if servers.is_empty() {
            return Err(format!("zone {apex} has no NS records"));
        }
        Ok(servers)
    }

    /// Every IPv4 and IPv6 address of every server, each address once.
    async fn find_addresses(
        &self,
        questioner: &Questioner,
        apex: Name,
        servers: Vec<Name>,
    ) -> Result<Arc<Zone>, String> {
        let lookups = servers.iter().take(MAX_SERVERS).flat_map(|server| {
            [RecordType::A, RecordType::AAAA].map(|kind| async move {
                let read = |message: &Message| addresses(message, server, self.port);
                (server, self.resolve(questioner, server, kind, read).await)
            })
        });
        let mut found: Vec<NameServer> = Vec::new();
        let mut failures = Vec::new();
        for (server, addresses) in join_all(lookups).await {
            match addresses {
                Ok(addresses) => found.extend(addresses),
                Err(failure) => {
                    tracing::warn!(%server, %failure, "the address of a name server is unknown");
                    failures.push(failure);
                }
            }
        }
        found.sort_by_key(|server| server.address);
        found.dedup_by_key(|server| server.address);
        found.truncate(MAX_SERVERS);
        if found.is_empty() {
            let names: Vec<String> = servers.iter().map(host).collect();
            failures.insert(0, format!("no address of {} is known", names.join(", ")));
            return Err(failures.join("; "));
        }
        Ok(Arc::new(Zone { apex, servers: found }))
    }
}

/// Zones by name, each found once however many ask at the same time, and forgotten after [`DELEGATION_LIFETIME`].
#[derive(Default)]
struct Cache(Mutex<HashMap<Name, Entry>>);

#[derive(Clone)]
struct Entry {
    since: Instant,
    zone: Arc<OnceCell<Arc<Zone>>>,
}

impl Cache {
    fn get(&self, key: &Name) -> Option<Arc<Zone>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).filter(|entry| entry.is_fresh())?.zone.get().cloned()
    }

    /// A failure is not kept: the next who asks tries again.
    async fn get_or_find(
        &self,
        key: &Name,
        find: impl Future<Output = Result<Arc<Zone>, String>>,
    ) -> Result<Arc<Zone>, String> {
        let cell = {
            let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            entries.retain(|_, entry| entry.is_fresh());
            let entry = entries
                .entry(key.clone())
                .or_insert_with(|| Entry { since: Instant::now(), zone: Arc::default() });
            entry.zone.clone()
        };
        cell.get_or_try_init(|| find).await.cloned()
    }
}

impl Entry {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < DELEGATION_LIFETIME
    }
}

fn addresses(message: &Message, server: &Name, port: u16) -> Vec<NameServer> {
    let end = answer::end_of_aliases(message, server);
    let addresses = message.answers.iter().filter(|record| record.name == *end);
    let addresses = addresses.filter_map(|record| match &record.data {
        RData::A(address) => Some(SocketAddr::from((address.0, port))),
        RData::AAAA(address) => Some(SocketAddr::from((address.0, port))),
        _ => None,
    });
    addresses.map(|address| NameServer { name: host(server), address }).collect()
}

/// A name without its last dot.
fn host(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_owned()
}
