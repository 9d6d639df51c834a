//! Keeps [`Trust`] as files and the ConfigMap have it, without a restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::config_map::{Published, follow};
use super::trust::{Trust, TrustSources};
use crate::watched_file::{REREAD_INTERVAL, WatchedFile};

/// Keeps `trust` up to date for ever. It stays `None` until everything that `sources` ask for has been seen once.
pub(crate) async fn keep_trust(
    sources: TrustSources,
    client: kube::Client,
    trust: watch::Sender<Option<Arc<Trust>>>,
) {
    let (sender, published) = watch::channel(Published::Awaited);
    let keeper = Keeper {
        client_ca: sources.client_ca_file.clone().map(WatchedFile::new),
        request_header_ca: sources
            .request_header
            .as_ref()
            .map(|flags| WatchedFile::new(flags.client_ca_file.clone())),
        sources,
        trust,
        unreadable: None,
        unusable: None,
    };
    if keeper.sources.need_lookup() {
        tokio::join!(follow(client, sender), keeper.keep(published));
    } else {
        keeper.keep(published).await;
        drop(sender);
    }
}

struct Keeper {
    sources: TrustSources,
    client_ca: Option<WatchedFile>,
    request_header_ca: Option<WatchedFile>,
    trust: watch::Sender<Option<Arc<Trust>>>,
    /// What was wrong last with reading a file and with what was read, so that each is said once.
    unreadable: Option<String>,
    unusable: Option<String>,
}

impl Keeper {
    async fn keep(mut self, mut published: watch::Receiver<Published>) {
        let mut reread = tokio::time::interval(REREAD_INTERVAL);
        reread.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let has_files = self.client_ca.is_some() || self.request_header_ca.is_some();
        loop {
            let changed = self.reread();
            if published.has_changed().unwrap_or(false) || changed || self.trust.borrow().is_none()
            {
                let published = published.borrow_and_update().clone();
                self.renew(&published);
            }
            tokio::select! {
                Ok(()) = published.changed() => published.mark_changed(),
                _ = reread.tick(), if has_files => {}
                else => return std::future::pending().await,
            }
        }
    }

    /// Reads the files, and tells whether one has changed.
    fn reread(&mut self) -> bool {
        let mut changed = false;
        let mut unreadable = None;
        for file in self.client_ca.iter_mut().chain(&mut self.request_header_ca) {
            match file.reread() {
                Ok(differs) => changed |= differs,
                Err(error) => {
                    unreadable = Some(format!("cannot read {}: {error}", file.path.display()));
                }
            }
        }
        if let Some(error) = unreadable.as_ref().filter(|_| unreadable != self.unreadable) {
            tracing::warn!(error, "a file with CAs of callers is kept as it was");
        }
        self.unreadable = unreadable;
        changed
    }

    fn renew(&mut self, published: &Published) {
        let data: Option<&BTreeMap<String, String>> = match published {
            Published::Awaited if self.sources.need_lookup() => return,
            Published::Unreadable if !self.sources.tolerate_lookup_failure => return,
            Published::Awaited | Published::Unreadable => None,
            Published::Seen(data) => Some(data),
        };
        let text = |file: &Option<WatchedFile>| {
            let content = file.as_ref()?.content()?;
            Some(String::from_utf8_lossy(content).into_owned())
        };
        let client_ca = text(&self.client_ca);
        let request_header_ca = text(&self.request_header_ca);
        let renewed = self.sources.trust(data, client_ca.as_deref(), request_header_ca.as_deref());
        match renewed {
            Ok(trust) => {
                tracing::info!(
                    client_ca = trust.client.is_some(),
                    front_proxy = trust.request_header.is_some(),
                    "the CAs of callers are known"
                );
                self.trust.send_replace(Some(Arc::new(trust)));
                self.unusable = None;
            }
            Err(reason) => {
                if self.unusable.as_ref() != Some(&reason) {
                    tracing::warn!(error = reason, "the CAs of callers stay as they were");
                    self.unusable = Some(reason);
                }
            }
        }
    }
}
