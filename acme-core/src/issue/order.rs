//! The order: the one a killed run left, else a new one.

use std::time::Duration;

use url::Url;

use super::run::Run;
use super::{Event, IssueError, Phase, Problem};
use crate::Identifier;
use crate::acme::{Account, AcmeError, Order, OrderStatus, Reply};
use crate::store::PendingOrder;

/// An order and where it is.
pub(super) struct OpenOrder {
    pub(super) url: Url,
    pub(super) reply: Reply<Order>,
    /// Whether an earlier run made it.
    pub(super) resumed: bool,
}

impl OpenOrder {
    /// Whether names of it are still to be validated.
    pub(super) fn awaits_authorization(&self) -> bool {
        self.reply.body.status == OrderStatus::Pending
    }
}

impl Run<'_> {
    /// Continues the order that an earlier run stored, or makes one and stores its URL.
    pub(super) async fn open_order(&self, account: &Account) -> Result<OpenOrder, IssueError> {
        let order = self.timed(Phase::Order, self.resume_or_order(account)).await?;
        self.emit(Event::Order {
            url: order.url.clone(),
            resumed: order.resumed,
            identifiers: self.request.identifiers.clone(),
        });
        Ok(order)
    }

    /// Forgets the order in flight: it is finished or dead.
    pub(super) async fn forget_order(&self) -> Result<(), IssueError> {
        self.kept.update(|state| state.pending = None).await?;
        Ok(self.issuer.store.delete(&self.kept.pending_key()).await?)
    }

    /// Whether the order that an earlier run made turned out to be dead, which a new order may mend: the CA looked for
    /// records that went with that run, or somebody else finalized the order.
    pub(super) async fn gave_order_up(&self, error: &IssueError) -> bool {
        let is_about_the_order = matches!(
            error,
            IssueError::AuthorizationFailed { .. }
                | IssueError::BadCertificate { .. }
                | IssueError::CaRefused { .. }
        );
        let given_up = is_about_the_order && self.kept.state().await.pending.is_none();
        if given_up {
            let message = format!("the order of an earlier run is replaced by a new one: {error}");
            self.emit(Event::Warning { message });
        }
        given_up
    }

    async fn resume_or_order(&self, account: &Account) -> Result<OpenOrder, IssueError> {
        if let Some(pending) = self.kept.state().await.pending {
            let resumed =
                self.unless_cancelled("resuming the order", self.resume(account, &pending));
            if let Some(order) = resumed.await? {
                return Ok(order);
            }
            self.forget_order().await?;
        }
        // A cancelled run waits a moment: an order that the CA has made and we do not know counts against its limits.
        tokio::select! {
            order = self.new_order(account) => order,
            () = self.cancelled_for(CANCELLED_ORDER_GRACE) => Err(self.cancelled("creating an order")),
        }
    }

    /// The stored order, where it is for the same request and of use still.
    async fn resume(
        &self,
        account: &Account,
        pending: &PendingOrder,
    ) -> Result<Option<OpenOrder>, IssueError> {
        let request = self.request;
        if pending.directory != request.ca.directory
            || !same_names(&pending.identifiers, &request.identifiers)
            || pending.profile != request.profile
            || pending.key_type != request.key_type
        {
            return Ok(None);
        }
        let reply = match account.order(&pending.url).await {
            Ok(reply) => reply,
            // Orders are deleted and accounts replaced; a CA that is down is another matter.
            Err(AcmeError::Problem { problem, retry_after: None })
                if (400..500).contains(&problem.status) && problem.status != 429 =>
            {
                return Ok(None);
            }
            Err(error) => return Err(self.ca_error("show the order", error)),
        };
        let expired = reply.body.expires.is_some_and(|at| at <= self.issuer.clock.now());
        let of_use = match reply.body.status {
            OrderStatus::Invalid => false,
            OrderStatus::Pending | OrderStatus::Ready => !expired,
            // Its CSR was made with the stored key; without that the certificate is of no use.
            OrderStatus::Processing | OrderStatus::Valid => self.pending_key().await?.is_some(),
        };
        Ok(of_use.then(|| OpenOrder { url: pending.url.clone(), reply, resumed: true }))
    }

    /// Whether the CA understood what was asked.
    fn compare(&self, order: &Order) -> Result<(), IssueError> {
        if !same_names(&self.request.identifiers, &order.identifiers) {
            return Err(self.order_failed(Some(Problem::stated("its order is for other names"))));
        }
        let profile = self.request.profile.as_deref();
        if let (Some(wanted), Some(chosen)) = (profile, order.profile.as_deref())
            && wanted != chosen
        {
            let message = format!("{} uses the profile {chosen:?}", self.client.host());
            self.emit(Event::Warning { message });
        }
        Ok(())
    }

    async fn new_order(&self, account: &Account) -> Result<OpenOrder, IssueError> {
        let request = self.request;
        let profile = request.profile.as_deref();
        let (url, reply) = match account.new_order(&request.identifiers, profile, None).await {
            Ok(order) => order,
            Err(error) => {
                if error.is_account_does_not_exist() {
                    self.forget_account().await?;
                }
                return Err(self.ca_error("create an order", error));
            }
        };
        self.compare(&reply.body)?;
        let pending = PendingOrder {
            url: url.clone(),
            directory: request.ca.directory.clone(),
            identifiers: request.identifiers.clone(),
            profile: request.profile.clone(),
            key_type: request.key_type,
        };
        self.kept.update(|state| state.pending = Some(pending)).await?;
        Ok(OpenOrder { url, reply, resumed: false })
    }
}

/// Whether both hold the same names, in whatever order.
fn same_names(one: &[Identifier], other: &[Identifier]) -> bool {
    let sorted = |names: &[Identifier]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    sorted(one) == sorted(other)
}

/// How long the request for an order may take to end when the run is cancelled.
const CANCELLED_ORDER_GRACE: Duration = Duration::from_secs(2);
