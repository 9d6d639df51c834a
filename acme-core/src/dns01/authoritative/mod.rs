//! A [`TxtLookup`] that asks name servers over the network.

mod answer;
mod builder;
mod delegation;
#[cfg(fuzzing)]
mod fuzzing;
mod question;

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use self::answer::Referral;
pub use self::builder::{AuthoritativeLookupBuilder, NoResolver};
use self::delegation::{Delegations, NameServer, Zone};
#[cfg(fuzzing)]
pub use self::fuzzing::dns_answer;
use self::question::{Question, Questioner};
use super::{CaaRecord, LookupError, ServerAnswer, TxtLookup};
use crate::DnsName;

/// How many delegations are followed from the zone that a resolver names: each goes a label deeper, so real ones are
/// few.
const MAX_REFERRALS: usize = 8;
/// How many CNAME records are followed from one name to its CAA records.
const MAX_ALIASES: usize = 8;

/// Asks the authoritative servers of each name, all addresses of all of them.
///
/// Recursive resolvers are asked only where the servers are: SOA, NS, A and AAAA. The records themselves (TXT, CNAME,
/// CAA) come from the servers, so no cache shows an old one. Answers are never kept; a delegation is kept for a minute.
/// A name of one label (`com`) is the exception: its CAA records are asked of the resolvers, which know them.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use acme_core::dns01::AuthoritativeLookup;
///
/// let lookup = AuthoritativeLookup::builder().resolvers(["192.0.2.53:53".parse()?]).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct AuthoritativeLookup {
    questioner: Questioner,
    source: Source,
}

/// Where it is known from which servers to ask.
enum Source {
    /// The zone's delegation.
    Delegation(Delegations),
    /// By hand: these, whatever the name.
    Given(Arc<Zone>),
}

impl AuthoritativeLookup {
    /// How to look up, with everything at its default.
    pub fn builder() -> AuthoritativeLookupBuilder {
        AuthoritativeLookupBuilder::default()
    }

    /// The servers to start with for `name`. `start` is what resolvers are asked for instead of `name`.
    async fn zone_of(&self, name: &Name, start: &Name) -> Result<Arc<Zone>, Failure> {
        match &self.source {
            Source::Given(servers) => Ok(servers.clone()),
            Source::Delegation(delegations) => delegations
                .zone_of(&self.questioner, name, start)
                .await
                .map_err(Failure::NoNameServer),
        }
    }

    /// The delegation that a server of `zone` answers instead of a record. Servers given by hand are the last.
    fn referral(&self, message: &Message, zone: &Zone, name: &Name) -> Option<Referral> {
        match self.source {
            Source::Delegation(_) => answer::referral(message, &zone.apex, name),
            Source::Given(_) => None,
        }
    }

    async fn follow(&self, referral: Referral) -> Result<Arc<Zone>, Failure> {
        match &self.source {
            Source::Delegation(delegations) => {
                delegations.follow(&self.questioner, referral).await.map_err(Failure::NoNameServer)
            }
            Source::Given(servers) => Ok(servers.clone()),
        }
    }

    /// What one server of the zone answers: the first that gives an answer.
    async fn ask_one(
        &self,
        name: &Name,
        start: &Name,
        kind: RecordType,
    ) -> Result<Message, Failure> {
        let question = self.question(name, kind);
        let mut zone = self.zone_of(name, start).await?;
        for _ in 0..=MAX_REFERRALS {
            let addresses: Vec<SocketAddr> =
                zone.servers.iter().map(|server| server.address).collect();
            let accept = |message: &Message| {
                let referral = self.referral(message, &zone, name);
                if referral.is_none() {
                    answer::usable(message, self.must_own())?;
                }
                Ok((referral, message.clone()))
            };
            let (referral, message) = self
                .questioner
                .ask_until(&addresses, &question, accept)
                .await
                .map_err(|failures| Failure::Unanswered(format!("{kind}: {failures}")))?;
            match referral {
                Some(referral) => zone = self.follow(referral).await?,
                None => return Ok(message),
            }
        }
        Err(too_many_referrals())
    }

    /// What every server of the zone answers.
    async fn ask_all(&self, name: &Name) -> Result<Vec<ServerAnswer>, Failure> {
        let question = self.question(name, RecordType::TXT);
        let mut zone = self.zone_of(name, &name.base_name()).await?;
        for _ in 0..=MAX_REFERRALS {
            let asked =
                zone.servers.iter().map(|server| self.questioner.ask(server.address, &question));
            let results = join_all(asked).await;
            let referral =
                results.iter().find_map(|result| self.referral(result.as_ref().ok()?, &zone, name));
            if let Some(referral) = referral {
                zone = self.follow(referral).await?;
                continue;
            }
            let answers = zone.servers.iter().zip(results).map(|(server, result)| ServerAnswer {
                server: server.name.clone(),
                address: server.address,
                answer: answer::txt(result, name, self.must_own()),
            });
            return Ok(answers.collect());
        }
        Err(too_many_referrals())
    }

    async fn caa_records(&self, name: &Name) -> Result<Vec<CaaRecord>, Failure> {
        let mut name = name.clone();
        for _ in 0..=MAX_ALIASES {
            let message = match &self.source {
                Source::Delegation(delegations) if name.num_labels() < 2 => delegations
                    .resolve(&self.questioner, &name, RecordType::CAA, Message::clone)
                    .await
                    .map_err(Failure::Unanswered)?,
                // Servers given by hand need not know what is above their zones.
                Source::Given(_) if name.num_labels() < 2 => {
                    match self.ask_one(&name, &name, RecordType::CAA).await {
                        Ok(message) => message,
                        Err(_) => return Ok(Vec::new()),
                    }
                }
                _ => self.ask_one(&name, &name, RecordType::CAA).await?,
            };
            let end = answer::end_of_aliases(&message, &name);
            let records = answer::caa(&message, end);
            if !records.is_empty() || *end == name {
                return Ok(records);
            }
            name = end.clone();
        }
        Err(Failure::Unanswered(format!("more than {MAX_ALIASES} CNAME records lead on")))
    }

    fn question(&self, name: &Name, kind: RecordType) -> Question {
        Question { name: name.clone(), kind, recursive: !self.must_own() }
    }

    /// Servers found by delegation must answer with authority. Those given by hand may be resolvers.
    fn must_own(&self) -> bool {
        matches!(self.source, Source::Delegation(_))
    }
}

#[async_trait]
impl TxtLookup for AuthoritativeLookup {
    async fn txt(&self, name: &DnsName) -> Result<Vec<ServerAnswer>, LookupError> {
        self.ask_all(&absolute(name)?).await.map_err(|failure| failure.about(name))
    }

    async fn cname(&self, name: &DnsName) -> Result<Option<DnsName>, LookupError> {
        let absolute = absolute(name)?;
        let message = self
            .ask_one(&absolute, &absolute.base_name(), RecordType::CNAME)
            .await
            .map_err(|failure| failure.about(name))?;
        let Some(target) = answer::cname(&message, &absolute) else { return Ok(None) };
        DnsName::parse(&target.to_ascii()).map(Some).map_err(|error| {
            Failure::Unanswered(format!("its CNAME record leads to no usable name: {error}"))
                .about(name)
        })
    }

    async fn caa(&self, name: &DnsName) -> Result<Vec<CaaRecord>, LookupError> {
        self.caa_records(&absolute(name)?).await.map_err(|failure| failure.about(name))
    }

    fn queries(&self) -> u64 {
        self.questioner.sent()
    }
}

/// A [`LookupError`] that does not know yet what was asked for.
enum Failure {
    NoNameServer(String),
    Unanswered(String),
}

impl Failure {
    fn about(self, name: &DnsName) -> LookupError {
        let name = name.clone();
        match self {
            Self::NoNameServer(reason) => LookupError::NoNameServer { name, reason },
            Self::Unanswered(reason) => LookupError::Unanswered { name, reason },
        }
    }
}

fn too_many_referrals() -> Failure {
    Failure::NoNameServer(format!("more than {MAX_REFERRALS} delegations, one after the other"))
}

fn absolute(name: &DnsName) -> Result<Name, LookupError> {
    Name::from_ascii(format!("{name}.")).map_err(|error| {
        Failure::Unanswered(format!("it cannot be asked for: {error}")).about(name)
    })
}

fn given(servers: &[SocketAddr]) -> Source {
    let servers = servers
        .iter()
        .map(|address| NameServer { name: address.ip().to_string(), address: *address })
        .collect();
    Source::Given(Arc::new(Zone { apex: Name::root(), servers }))
}
