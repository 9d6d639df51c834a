//! The actions on zones, in the fields that both sites know.

use acme_core::DnsName;
use serde::Deserialize;
use tokio::time::Instant;

use super::Client;
use super::lenient::Number;
use super::page::{PAGE, is_last};
use crate::api::AccountZone;
use crate::class::Class;
use crate::error::CallError;

/// A zone, as `Domain.Info` and `Domain.List` give it.
#[derive(Deserialize)]
struct Domain {
    /// A string in `Domain.Info`, a number in `Domain.List`.
    id: Number,
    name: String,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
pub(super) struct DomainInfo {
    domain: Domain,
}

#[derive(Deserialize)]
pub(super) struct DomainList {
    info: Option<DomainCount>,
    domains: Option<Vec<Domain>>,
}

/// How many zones the list has in all.
#[derive(Deserialize)]
struct DomainCount {
    domain_total: Option<Number>,
}

impl From<Domain> for AccountZone {
    fn from(domain: Domain) -> Self {
        let Domain { id: Number(id), name, status } = domain;
        Self { id, name, status }
    }
}

impl Client {
    /// The zone of exactly this name, if the account has it.
    ///
    /// What a name that is no zone is answered with has changed several times. A code that no table knows is therefore
    /// held against the list of zones before it ends the search.
    pub(crate) async fn zone(
        &self,
        domain: &str,
        deadline: Instant,
    ) -> Result<Option<AccountZone>, CallError> {
        let answer: Result<DomainInfo, _> =
            self.call("Domain.Info", &[("domain", domain)], deadline).await;
        match answer {
            Ok(DomainInfo { domain: found }) => Ok(found.is(domain).then(|| found.into())),
            Err(error) if error.class() == Class::NotMyZone => Ok(None),
            Err(error) if error.is_unknown() => {
                match self.domains(domain, usize::MAX, deadline).await {
                    Ok(listed) => {
                        let mut listed = listed.into_iter().flatten();
                        Ok(listed.find(|listed| listed.is(domain)).map(Into::into))
                    }
                    Err(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// All zones of the account, or `None` where there are more than `most`.
    pub(crate) async fn zones(
        &self,
        most: usize,
        deadline: Instant,
    ) -> Result<Option<Vec<AccountZone>>, CallError> {
        let zones = self.domains("", most, deadline).await?;
        Ok(zones.map(|zones| zones.into_iter().map(Into::into).collect()))
    }

    /// The zones of the account whose names hold `keyword`, from all pages; `None` where there are more than `most`.
    async fn domains(
        &self,
        keyword: &str,
        most: usize,
        deadline: Instant,
    ) -> Result<Option<Vec<Domain>>, CallError> {
        let mut found = Vec::new();
        loop {
            let (offset, length) = (found.len().to_string(), PAGE.to_string());
            let fields =
                [("type", "all"), ("keyword", keyword), ("offset", &offset), ("length", &length)];
            // Without a keyword the parameter is left out: the manual does not say what an empty one finds.
            let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
            let fields: Vec<(&str, &str)> = fields.collect();
            let answer: DomainList = match self.call("Domain.List", &fields, deadline).await {
                Err(error) if error.class() == Class::Gone => return Ok(Some(found)),
                answer => answer?,
            };
            let page = answer.domains.unwrap_or_default();
            let length = page.len();
            found.extend(page);
            if found.len() > most {
                return Ok(None);
            }
            let total = answer.info.and_then(|info| info.domain_total);
            if is_last(length, found.len() as u64, total) {
                return Ok(Some(found));
            }
        }
    }
}

impl Domain {
    /// Whether this is the zone `name`, in whichever form either is written.
    fn is(&self, name: &str) -> bool {
        let parsed = DnsName::parse(name);
        parsed.is_ok() && parsed == DnsName::parse(&self.name)
    }
}
