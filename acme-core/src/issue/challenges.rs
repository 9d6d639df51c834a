//! The DNS-01 challenges of an order: published together, seen everywhere, answered together.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use tokio::time::{Instant, sleep};
use url::Url;

use super::order::OpenOrder;
use super::polling::Polls;
use super::preflight::RecordNames;
use super::published::Published;
use super::run::Run;
use super::{Event, IssueError, Phase, Problem};
use crate::Identifier;
use crate::acme::{
    Account, Authorization, AuthorizationStatus, Challenge, ChallengeStatus, OrderStatus,
};
use crate::dns01::TxtRecord;
use crate::dns01::propagation::{self, PropagationError};

/// One name to be validated and the record that does it.
pub(super) struct PendingChallenge {
    identifier: Identifier,
    authorization: Url,
    challenge: Challenge,
    record: TxtRecord,
}

impl Run<'_> {
    /// The challenges that must be met, from the order's authorizations. Names that the CA holds valid need none.
    pub(super) async fn challenges(
        &self,
        account: &Account,
        order: &OpenOrder,
        names: &RecordNames,
    ) -> Result<Vec<PendingChallenge>, IssueError> {
        let fetched = try_join_all(order.reply.body.authorizations.iter().map(|url| async move {
            let reply = account
                .authorization(url)
                .await
                .map_err(|error| self.ca_error("show an authorization", error))?;
            Ok((url, reply.body))
        }));
        let authorizations = self
            .timed(Phase::Order, self.unless_cancelled("reading authorizations", fetched))
            .await?;

        let mut challenges = Vec::with_capacity(authorizations.len());
        for (url, authorization) in authorizations {
            match authorization.status {
                AuthorizationStatus::Valid => self
                    .emit(Event::Authorized { identifier: authorization.identifier, reused: true }),
                AuthorizationStatus::Pending => {
                    challenges.push(self.pending_challenge(account, url, authorization, names)?);
                }
                _ => {
                    self.forget_order().await?;
                    return Err(self.authorization_failed(&authorization));
                }
            }
        }
        Ok(challenges)
    }

    fn pending_challenge(
        &self,
        account: &Account,
        url: &Url,
        authorization: Authorization,
        names: &RecordNames,
    ) -> Result<PendingChallenge, IssueError> {
        let identifier = authorization.identifier;
        let refused = |detail: String| IssueError::CaRefused {
            ca: self.client.host(),
            doing: "offer a DNS-01 challenge",
            problem: Problem::stated(detail).into(),
        };
        let name = names.get(identifier.base()).ok_or_else(|| {
            refused(format!("it wants {identifier} validated, which was not asked for"))
        })?;
        let challenge = authorization
            .challenges
            .into_iter()
            .find(|challenge| challenge.kind == "dns-01")
            .ok_or_else(|| refused(format!("it offers none for {identifier}")))?;
        let value = account.txt_value(&challenge.token);
        let record = TxtRecord { name: name.clone(), value };
        Ok(PendingChallenge { identifier, authorization: url.clone(), challenge, record })
    }

    /// Appends every record, all at once. A cancelled run gives those under way a moment to end, because a record
    /// whose creation is cut off may appear after it was deleted.
    pub(super) async fn publish(
        &self,
        challenges: &[PendingChallenge],
    ) -> Result<Published, IssueError> {
        let mut records: Vec<_> = challenges.iter().map(|c| c.record.clone()).collect();
        records.sort();
        records.dedup();
        self.kept.journal(&records, self.issuer.clock.now()).await?;
        let mut published =
            Published::new(self.kept.clone(), records.clone(), self.deletions.clone());

        let provider = &*self.issuer.provider;
        let appends = join_all(records.iter().map(|record| provider.append_txt(record)));
        let results = self.timed(Phase::Publish, async {
            tokio::select! {
                results = appends => Ok(results),
                () = self.cancelled_for(CANCELLED_APPEND_GRACE) => Err(self.cancelled("creating TXT records")),
            }
        });
        let results = results.await?;
        published.uncertain.clear();
        let mut failure = None;
        for (record, result) in records.into_iter().zip(results) {
            let Err(source) = result else { continue };
            // Where an answer was lost, the call may have been carried out; what was refused, was not.
            if !source.is_retryable() {
                published.was_not_created(&record).await?;
            }
            failure = failure.or(Some(IssueError::DnsProvider { record: record.name, source }));
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        for PendingChallenge { identifier, record, .. } in challenges {
            self.emit(Event::TxtAppended {
                identifier: identifier.clone(),
                record: record.clone(),
            });
        }
        Ok(published)
    }

    /// Waits until every authoritative server answers every record.
    pub(super) async fn wait_until_visible(
        &self,
        challenges: &[PendingChallenge],
    ) -> Result<(), IssueError> {
        let mut records: Vec<_> = challenges.iter().map(|c| c.record.clone()).collect();
        records.sort();
        records.dedup();
        let progress = |event: propagation::Progress| {
            self.emit(match event {
                propagation::Progress::Waiting { name, missing } => {
                    Event::WaitingForDns { name, missing }
                }
                propagation::Progress::Visible { record, servers } => {
                    Event::Propagated { record, servers }
                }
            });
        };
        let wait = async {
            propagation::wait(
                &*self.issuer.lookup,
                &records,
                self.request.propagation_timeout,
                &progress,
            )
            .await
            .map_err(|error| match error {
                PropagationError::NotPropagated {
                    record: TxtRecord { name, value },
                    waited,
                    servers,
                } => IssueError::NotPropagated { name, value, waited, servers },
                PropagationError::Lookup(source) => {
                    IssueError::Lookup { name: records[0].name.clone(), source }
                }
            })
        };
        self.timed(Phase::Propagate, self.unless_cancelled("waiting for the name servers", wait))
            .await
    }

    /// Tells the CA that every challenge can be validated (RFC 8555 §7.5.1), all at once.
    pub(super) async fn answer(
        &self,
        account: &Account,
        challenges: &[PendingChallenge],
    ) -> Result<(), IssueError> {
        let answers = try_join_all(challenges.iter().map(|pending| async move {
            // One that is being validated already takes no second answer.
            if pending.challenge.status == ChallengeStatus::Pending {
                account
                    .answer(&pending.challenge)
                    .await
                    .map_err(|error| self.ca_error("validate", error))?;
            }
            self.emit(Event::ChallengeAnswered { identifier: pending.identifier.clone() });
            Ok(())
        }));
        self.timed(Phase::Validate, self.unless_cancelled("answering challenges", answers)).await?;
        Ok(())
    }

    /// Polls until the order is ready. An order may stay pending though an authorization is invalid, so some of
    /// those are looked at each time.
    pub(super) async fn wait_until_ready(
        &self,
        account: &Account,
        order: &OpenOrder,
        challenges: &[PendingChallenge],
    ) -> Result<OpenOrder, IssueError> {
        let poll = self.poll_until_ready(account, order, challenges);
        self.timed(Phase::Validate, self.unless_cancelled("waiting for the CA to validate", poll))
            .await
    }

    async fn poll_until_ready(
        &self,
        account: &Account,
        order: &OpenOrder,
        challenges: &[PendingChallenge],
    ) -> Result<OpenOrder, IssueError> {
        let begun = Instant::now();
        let mut polls = Polls::new();
        let mut unseen: Vec<_> = challenges.iter().collect();
        let mut hint = None;
        loop {
            let wait = polls.next(hint);
            if begun.elapsed() + wait > self.request.ca_timeout {
                let left: Vec<_> = unseen.iter().map(|c| c.identifier.to_string()).collect();
                return Err(IssueError::TimedOut {
                    ca: self.client.host(),
                    waiting_for: format!("validation of {}", left.join(", ")),
                    waited: begun.elapsed(),
                });
            }
            sleep(wait).await;
            let reply = account
                .order(&order.url)
                .await
                .map_err(|error| self.ca_error("show the order", error))?;
            hint = reply.retry_after;
            match reply.body.status {
                OrderStatus::Pending => {}
                OrderStatus::Invalid => {
                    self.look_at(account, &mut unseen, usize::MAX).await?;
                    self.forget_order().await?;
                    return Err(self.order_failed(reply.body.error));
                }
                _ => {
                    for pending in unseen {
                        let identifier = pending.identifier.clone();
                        self.emit(Event::Authorized { identifier, reused: false });
                    }
                    return Ok(OpenOrder { url: order.url.clone(), reply, resumed: order.resumed });
                }
            }
            hint = self.look_at(account, &mut unseen, AUTHORIZATIONS_PER_POLL).await?.or(hint);
            let next_poll_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            for pending in &unseen {
                let identifier = Some(pending.identifier.clone());
                self.emit(Event::WaitingForCa { identifier, next_poll_ms });
            }
        }
    }

    /// Reads up to `count` of the authorizations in `unseen`, drops the valid ones from it and moves the others to
    /// its end. The first that failed is the error.
    async fn look_at<'c>(
        &self,
        account: &Account,
        unseen: &mut Vec<&'c PendingChallenge>,
        count: usize,
    ) -> Result<Option<Duration>, IssueError> {
        let looked_at: Vec<&'c PendingChallenge> =
            unseen.drain(..count.min(unseen.len())).collect();
        let replies =
            join_all(looked_at.iter().map(|pending| account.authorization(&pending.authorization)))
                .await;
        let mut hint = None;
        let mut failure = None;
        for (pending, reply) in looked_at.into_iter().zip(replies) {
            let reply = reply.map_err(|error| self.ca_error("show an authorization", error))?;
            hint = hint.max(reply.retry_after);
            match reply.body.status {
                AuthorizationStatus::Valid => {
                    let identifier = pending.identifier.clone();
                    self.emit(Event::Authorized { identifier, reused: false });
                }
                AuthorizationStatus::Pending => unseen.push(pending),
                _ => failure = failure.or(Some(self.authorization_failed(&reply.body))),
            }
        }
        match failure {
            None => Ok(hint),
            Some(failure) => {
                self.forget_order().await?;
                Err(failure)
            }
        }
    }

    fn authorization_failed(&self, authorization: &Authorization) -> IssueError {
        let said = authorization.challenges.iter().find_map(|challenge| challenge.error.clone());
        let problem = said.unwrap_or_else(|| {
            Problem::stated(format!(
                "the authorization is {:?} and no reason is given",
                authorization.status
            ))
        });
        IssueError::AuthorizationFailed {
            ca: self.client.host(),
            identifier: authorization.identifier.clone(),
            problem: problem.into(),
        }
    }

    /// The error of an order that the CA made invalid.
    pub(super) fn order_failed(&self, problem: Option<Problem>) -> IssueError {
        IssueError::CaRefused {
            ca: self.client.host(),
            doing: "issue",
            problem: problem
                .unwrap_or_else(|| Problem::stated("the order is invalid and no reason is given"))
                .into(),
        }
    }
}

/// How long appends that are under way may take to end when the run is cancelled.
pub(super) const CANCELLED_APPEND_GRACE: Duration = Duration::from_secs(4);

/// How many authorizations are read beside the order in each poll.
const AUTHORIZATIONS_PER_POLL: usize = 10;
