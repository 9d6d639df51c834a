//! The wait until every authoritative server of a zone answers a record, for Issuers with `waitForPropagation`.

use std::collections::BTreeSet;

use acme_core::DnsName;
use acme_core::dns01::propagation::{self, PropagationError};
use acme_core::dns01::{
    Answer, AuthoritativeLookup, AuthoritativeLookupBuilder, LookupError, NoResolver, ServerAnswer,
    TxtRecord,
};
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Waits for name servers.
pub(super) struct Propagation {
    builder: AuthoritativeLookupBuilder,
    /// Made when it is first wanted: most Issuers do not wait.
    lookup: OnceCell<AuthoritativeLookup>,
}

/// Why it is not known that every server answers the record, which is at DNSPod.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotPropagated {
    /// Servers that do not answer it in time.
    #[error(
        "the TXT record {name} is at DNSPod, and these name servers of its zone are behind: {} (cert-manager asks again)",
        .servers.join(", ")
    )]
    Servers {
        name: DnsName,
        /// `ns1.example (does not answer it yet)`, sorted, so that the text is the same for the same servers.
        servers: Vec<String>,
    },
    /// They could not be asked.
    #[error("the TXT record {name} is at DNSPod, and its name servers cannot be asked: {reason}")]
    Unasked { name: DnsName, reason: String },
}

impl Propagation {
    pub(super) fn new(builder: AuthoritativeLookupBuilder) -> Self {
        Self { builder, lookup: OnceCell::new() }
    }

    /// Waits until every authoritative server answers `record`, not beyond `deadline`.
    pub(super) async fn wait(
        &self,
        record: &TxtRecord,
        deadline: Instant,
    ) -> Result<(), NotPropagated> {
        let made = async || self.builder.clone().build();
        let lookup = self.lookup.get_or_try_init(made).await.map_err(|NoResolver { reason }| {
            let reason = format!(
                "no DNS resolver is known: {reason}; name one with --dns01-recursive-nameservers"
            );
            NotPropagated::Unasked { name: record.name.clone(), reason }
        })?;
        let time = deadline.saturating_duration_since(Instant::now());
        propagation::wait(lookup, std::slice::from_ref(record), time, &|_| {})
            .await
            .map_err(|error| not_propagated(record, error))
    }
}

fn not_propagated(record: &TxtRecord, error: PropagationError) -> NotPropagated {
    let name = record.name.clone();
    let servers = match error {
        PropagationError::NotPropagated { servers, .. } => servers,
        PropagationError::Lookup(
            LookupError::NoNameServer { reason, .. } | LookupError::Unanswered { reason, .. },
        ) => return NotPropagated::Unasked { name, reason },
        error => return NotPropagated::Unasked { name, reason: error.to_string() },
    };
    let behind: BTreeSet<String> =
        servers.iter().filter_map(|server| behind(server, &record.value)).collect();
    if behind.is_empty() {
        return NotPropagated::Unasked { name, reason: "none answered in time".to_owned() };
    }
    NotPropagated::Servers { name, servers: behind.into_iter().collect() }
}

/// How `server` is behind, in words that leave out what differs from try to try; `None` where it is not.
fn behind(server: &ServerAnswer, value: &str) -> Option<String> {
    let how = match &server.answer {
        Answer::NoIpv6Route => return None,
        Answer::Values(values) if values.iter().any(|found| found == value) => return None,
        Answer::NoSuchName | Answer::NoTxt | Answer::Values(_) => "does not answer it yet",
        Answer::NotAuthoritative(_) => "is not authoritative for the zone",
        Answer::Unreachable(_) => "cannot be reached",
    };
    Some(format!("{} ({how})", server.server))
}
