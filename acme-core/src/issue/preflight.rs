//! What would make an order fail, asked before there is one: the CA counts orders.

use std::collections::HashMap;

use futures_util::future::{join_all, try_join_all};

use super::run::Run;
use super::{Event, IssueError, Phase};
use crate::DnsName;
use crate::acme::{Account, Directory};
use crate::dns01::caa::{self, CaaRefusal};
use crate::dns01::cname::{self, DelegationError};

/// Where the record of each domain name goes: `_acme-challenge.` and the name, or what a CNAME there points to.
pub(super) type RecordNames = HashMap<DnsName, DnsName>;

impl Run<'_> {
    /// Asks the CA for the profile and the DNS for CAA records.
    pub(super) async fn ask_whether_allowed(&self, account: &Account) -> Result<(), IssueError> {
        let asked = async {
            let directory = self
                .client
                .directory()
                .await
                .map_err(|e| self.ca_error("read its directory", e))?;
            self.check_profile(&directory)?;
            account.expect_calls(self.request.identifiers.len());
            self.check_caa(&directory, account).await
        };
        self.timed(Phase::Order, self.unless_cancelled("asking the DNS", asked)).await
    }

    /// Asks the DNS where the challenge records go, and the provider whether it has a zone for them.
    pub(super) async fn find_places(&self) -> Result<RecordNames, IssueError> {
        let found = async {
            let names = self.record_names().await?;
            self.find_zones(&names).await?;
            Ok(names)
        };
        self.timed(Phase::Order, self.unless_cancelled("finding the zones", found)).await
    }

    fn check_profile(&self, directory: &Directory) -> Result<(), IssueError> {
        let Some(profile) = &self.request.profile else { return Ok(()) };
        if directory.profiles.contains_key(profile) {
            return Ok(());
        }
        let offered: Vec<_> = directory.profiles.keys().map(String::as_str).collect();
        let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
        let reason =
            format!("{profile:?} is not offered by {}; it offers {offered}", self.client.host());
        Err(IssueError::InvalidRequest { field: "profile", reason })
    }

    async fn check_caa(&self, directory: &Directory, account: &Account) -> Result<(), IssueError> {
        let identifiers = &self.request.identifiers;
        let (identities, url) = (&directory.caa_identities, Some(account.url()));
        match caa::check(&*self.issuer.lookup, identifiers, identities, url).await {
            Ok(warnings) => {
                for message in warnings {
                    self.emit(Event::Warning { message });
                }
                Ok(())
            }
            Err(CaaRefusal { name, identifier, reason }) => {
                Err(IssueError::CaaForbids { name, ca: self.client.host(), identifier, reason })
            }
        }
    }

    async fn record_names(&self) -> Result<RecordNames, IssueError> {
        let mut bases: Vec<_> = self.request.identifiers.iter().map(|i| i.base().clone()).collect();
        bases.sort();
        bases.dedup();
        let lookup = &*self.issuer.lookup;
        let targets = bases.iter().map(|base| cname::challenge_target(lookup, base));
        let targets = join_all(targets).await;
        bases
            .into_iter()
            .zip(targets)
            .map(|(base, target)| match target {
                Ok(target) => Ok((base, target)),
                Err(DelegationError::Lookup(source)) => {
                    Err(IssueError::Lookup { name: base, source })
                }
                Err(error) => Err(IssueError::InvalidRequest {
                    field: "identifiers",
                    reason: format!("the challenge record of {base} cannot be placed: {error}"),
                }),
            })
            .collect()
    }

    /// Has the provider find its zones. An order that an earlier run made may need no record any more, and what is
    /// out of order only for the moment may work when the records are created: neither stops here.
    async fn find_zones(&self, names: &RecordNames) -> Result<(), IssueError> {
        if self.kept.state().await.pending.is_some() {
            return Ok(());
        }
        try_join_all(names.values().map(|name| async move {
            match self.issuer.provider.find_zone(name).await {
                Err(source) if !source.is_retryable() => {
                    Err(IssueError::DnsProvider { record: name.clone(), source })
                }
                _ => Ok(()),
            }
        }))
        .await
        .map(drop)
    }
}
