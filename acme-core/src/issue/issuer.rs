//! The flow of an issuance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::try_join;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::order::OpenOrder;
use super::preflight::RecordNames;
use super::run::Run;
use super::{Event, IssueError, IssueRequest, Summary};
use crate::Clock;
use crate::acme::{Account, AcmeClient};
use crate::dns01::{DnsProvider, TxtLookup};
use crate::http::{HttpError, HttpOptions};
use crate::store::Store;

/// Issues certificates. One is enough for any number of issuances at once: they share connections, nonces and the
/// directory of each CA.
pub struct Issuer {
    http: HttpOptions,
    clients: Mutex<HashMap<Url, AcmeClient>>,
    pub(super) provider: Arc<dyn DnsProvider>,
    pub(super) lookup: Arc<dyn TxtLookup>,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Issuer {
    /// An issuer that writes TXT records by `provider`, watches them by `lookup` and keeps everything in `store`.
    pub fn new(
        http: HttpOptions,
        provider: Arc<dyn DnsProvider>,
        lookup: Arc<dyn TxtLookup>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { http, clients: Mutex::default(), provider, lookup, store, clock }
    }

    /// Gets the certificate that `request` describes, or finds that the stored one is good.
    ///
    /// `progress` hears of every step as it happens. When `cancel` is cancelled, the TXT records are deleted within
    /// 10 s and the result is [`IssueError::Cancelled`]; when the future is dropped, they are deleted by a task of
    /// the runtime, and whatever is left then by the next run.
    ///
    /// # Errors
    ///
    /// Every [`IssueError`]. After any of them the next call continues where this one stopped: an order that was
    /// begun is kept, and a certificate in use is never touched.
    pub async fn issue(
        &self,
        request: &IssueRequest,
        progress: &(dyn Fn(&Event) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Outcome, IssueError> {
        request.validate()?;
        let run = Run::begin(self, request, progress, cancel).await?;
        if let Some(good) = run.stored_certificate().await? {
            return Ok(good);
        }
        let issued = Box::pin(issue_anew(&run)).await;
        run.finish(issued).await.map(Outcome::Issued)
    }

    /// The client of one CA, made when it is first needed.
    pub(super) fn client(&self, directory: &Url) -> Result<AcmeClient, HttpError> {
        let mut clients = self.clients.lock().expect("no code panics while it holds this lock");
        if let Some(client) = clients.get(directory) {
            return Ok(client.clone());
        }
        let client = AcmeClient::new(&self.http, directory.clone(), self.clock.clone())?;
        clients.insert(directory.clone(), client.clone());
        Ok(client)
    }
}

/// What an issuance came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The stored certificate is good; nobody was asked anything.
    AlreadyGood {
        /// Where its files are.
        location: String,
        /// When it ends.
        not_after: OffsetDateTime,
        /// When it is due to be renewed.
        renew_at: OffsetDateTime,
    },
    /// A certificate was issued and, unless on a dry run, stored.
    Issued(Summary),
}

/// The whole issuance.
async fn issue_anew(run: &Run<'_>) -> Result<Summary, IssueError> {
    run.sweep_journal().await;
    run.may_ask_the_ca().await?;
    // The CA and the provider are two servers, and neither waits for the other. Where both say no, the CA's word is
    // told, whichever came first.
    let ca = async {
        let account = run.open_account().await?;
        run.ask_whether_allowed(&account).await?;
        Ok::<_, IssueError>(account)
    };
    let (account, names) = try_join!(ca, async { Ok(run.find_places().await) })?;
    let names = names?;

    let order = run.open_order(&account).await?;
    let resumed = order.resumed;
    match fulfil(run, &account, &names, order).await {
        Err(error) if resumed && run.gave_order_up(&error).await => {
            let order = run.open_order(&account).await?;
            fulfil(run, &account, &names, order).await
        }
        result => result,
    }
}

/// From an order to its stored certificate.
async fn fulfil(
    run: &Run<'_>,
    account: &Account,
    names: &RecordNames,
    mut order: OpenOrder,
) -> Result<Summary, IssueError> {
    if order.awaits_authorization() {
        let challenges = run.challenges(account, &order, names).await?;
        // Dropping it deletes the records, so that they go on every path out of this block.
        let _published = run.publish(&challenges).await?;
        run.wait_until_visible(&challenges).await?;
        run.answer(account, &challenges).await?;
        order = run.wait_until_ready(account, &order, &challenges).await?;
    }

    let key = run.certificate_key(&order).await?;
    let certificate = run.finalize(account, &order, &key).await?;
    run.store_certificate(&certificate, &key).await
}
