//! What every [`DnsProvider`] must do, as checks that an implementation runs against itself.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use std::sync::Arc;
//! use acme_core::DnsName;
//! use acme_core::dns01::{MemoryProvider, contract};
//!
//! let zone = DnsName::parse("ws.example")?;
//! let provider = MemoryProvider::new([zone.clone()]);
//! let view = provider.clone();
//! let subject = contract::Subject::new(Arc::new(provider), zone, move |zone, name| {
//!     let values = view.values_in(&zone, &name);
//!     async move { Ok(values) }
//! });
//! contract::check(&subject).await.assert();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod checks;
mod report;
#[cfg(test)]
mod tests;
mod trial;

use std::pin::Pin;
use std::sync::Arc;

use super::DnsProvider;
use crate::DnsName;
pub use report::{Check, Outcome, Report};

/// A provider under test and what the suite needs to judge it.
///
/// The fields that are `None` after [`new`](Self::new) widen the suite: a check that lacks one is reported as not
/// applicable, with what it lacks.
pub struct Subject {
    /// The provider under test.
    pub provider: Arc<dyn DnsProvider>,
    /// A zone of its account. The suite writes below it, at names with a random label, and deletes what it wrote.
    pub zone: DnsName,
    /// A second instance for the same account that shares no memory with the first: a process started later.
    pub second: Option<Arc<dyn DnsProvider>>,
    /// Another zone of the account, which lies below `zone`.
    pub nested_zone: Option<DnsName>,
    /// A zone of the account whose name is international and which the account keeps in Unicode.
    pub idn_zone: Option<DnsName>,
    /// A name in `zone` that holds more TXT values of others than the provider lists on one page.
    pub crowded_name: Option<DnsName>,
    /// A provider whose credential is not accepted.
    pub refused: Option<RefusedCredential>,
    view: View,
}

impl Subject {
    /// The least a suite needs. `values` is a view of the account that does not pass through the provider: given a
    /// zone and a name, the TXT values which that zone holds there now, or why it cannot be seen.
    pub fn new<F, Fut>(provider: Arc<dyn DnsProvider>, zone: DnsName, values: F) -> Self
    where
        F: Fn(DnsName, DnsName) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<String>, String>> + Send + 'static,
    {
        Self {
            provider,
            zone,
            second: None,
            nested_zone: None,
            idn_zone: None,
            crowded_name: None,
            refused: None,
            view: Box::new(move |zone, name| Box::pin(values(zone, name))),
        }
    }
}

/// A provider with a credential that is not accepted, and the other side's count of its requests.
pub struct RefusedCredential {
    /// The provider.
    pub provider: Arc<dyn DnsProvider>,
    /// How many requests have arrived from it so far, counted where they arrive.
    pub requests: Arc<dyn Fn() -> u64 + Send + Sync>,
}

/// Runs every check, one after the other, and deletes what they wrote.
pub async fn check(subject: &Subject) -> Report {
    use trial::run;
    Report::new(vec![
        run("appending puts the value at the name", subject, checks::appends).await,
        run("appending leaves other values alone", subject, checks::append_keeps_others).await,
        run("appending what is there succeeds", subject, checks::append_repeats).await,
        run("deleting removes only the equal value", subject, checks::delete_is_exact).await,
        run("deleting what is absent succeeds", subject, checks::delete_repeats).await,
        run("deleting needs no memory of appending", subject, checks::delete_by_another).await,
        run("parallel appends at one name all stay", subject, checks::parallel_appends).await,
        run("parallel deletes leave the others alone", subject, checks::parallel_deletes).await,
        run("the longest zone is written to", subject, checks::longest_zone).await,
        run("a zone matches whole labels only", subject, checks::whole_labels).await,
        run("an international zone is found", subject, checks::international_zone).await,
        run("every page is read", subject, checks::every_page).await,
        run("a refused credential is reported at once", subject, checks::refused_credential).await,
    ])
}

type View = Box<
    dyn Fn(DnsName, DnsName) -> Pin<Box<dyn Future<Output = Result<Vec<String>, String>> + Send>>
        + Send
        + Sync,
>;
