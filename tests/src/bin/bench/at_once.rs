//! Many certificates at once in one process, by the library.

use std::sync::Arc;
use std::time::{Duration, Instant};

use acme_core::issue::{Issuer, Outcome};
use acme_core::store::{FileStore, MemoryStore, Store};
use e2e::scene;
use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

use crate::ca::Ca;
use crate::nonces::{self, NewNonces};

/// How many certificates.
pub(crate) const COUNT: usize = 64;

/// Where the certificates are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Memory,
    Files,
}

impl Kept {
    pub(crate) const ALL: [Self; 2] = [Self::Memory, Self::Files];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Files => "files",
        }
    }
}

/// What they took.
pub(crate) struct AtOnce {
    pub(crate) ca: &'static str,
    pub(crate) kept: Kept,
    pub(crate) wall: Duration,
    pub(crate) requests: usize,
    pub(crate) new_nonces: Option<NewNonces>,
}

impl AtOnce {
    /// Certificates in a second.
    #[expect(clippy::cast_precision_loss, reason = "64 is exact")]
    pub(crate) fn rate(&self) -> f64 {
        COUNT as f64 / self.wall.as_secs_f64()
    }
}

/// Heads the table of [`AtOnce`].
pub(crate) fn print_head() {
    println!(
        "\n{COUNT} certificates at once, one wildcard each, by the library in this very process"
    );
    println!(
        "  {:<24} {:<8} {:>9} {:>8} {:>9}  nonces asked for",
        "CA", "kept in", "wall ms", "a second", "requests"
    );
}

/// Gets [`COUNT`] certificates at once, after one that makes the account.
pub(crate) async fn measure(ca: &Ca, kept: Kept) -> Result<AtOnce, String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let store: Arc<dyn Store> = match kept {
        Kept::Memory => Arc::new(MemoryStore::new()),
        Kept::Files => Arc::new(FileStore::open(dir.path()).map_err(|error| error.to_string())?),
    };
    let issuer = scene::issuer(&ca.sandbox, &[ca.tls_root()], store)?;
    issue(ca, &issuer, "*.first.mygitpod.example").await?;

    ca.reset();
    let before = ca.requests();
    let begun = Instant::now();
    let names: Vec<_> = (0..COUNT).map(|n| format!("*.n{n}.mygitpod.example")).collect();
    let all = try_join_all(names.iter().map(|name| issue(ca, &issuer, name)));
    let (done, new_nonces) = nonces::watched(ca, all).await;
    done?;
    let wall = begun.elapsed();
    let requests = ca.requests() - before;
    Ok(AtOnce { ca: ca.name, kept, wall, requests, new_nonces })
}

/// The requests of an issuance in a process that has issued before.
pub(crate) async fn warm_requests(ca: &Ca) -> Result<usize, String> {
    let issuer = scene::issuer(&ca.sandbox, &[ca.tls_root()], Arc::new(MemoryStore::new()))?;
    issue(ca, &issuer, "*.first.mygitpod.example").await?;
    ca.reset();
    issue(ca, &issuer, "*.second.mygitpod.example").await?;
    Ok(ca.requests())
}

async fn issue(ca: &Ca, issuer: &Issuer, name: &str) -> Result<(), String> {
    let request = scene::request(ca.directory()?, &[name]);
    match issuer.issue(&request, &|_| {}, &CancellationToken::new()).await {
        Ok(Outcome::Issued(_)) => Ok(()),
        Ok(other) => Err(format!("{name} at {}: {other:?}", ca.name)),
        Err(error) => Err(format!("{name} at {}: {error}", ca.name)),
    }
}
