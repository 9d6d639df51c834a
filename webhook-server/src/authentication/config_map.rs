//! The ConfigMap that names the CAs of callers, followed as it changes.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, pin_mut};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ListParams, WatchEvent, WatchParams};
use tokio::sync::watch;

use super::trust::{CONFIG_MAP, CONFIG_MAP_NAMESPACE};
use crate::kubernetes::{CallError, call};

/// How long the kube-apiserver is asked to keep a watch open; then everything is read again, whatever was missed.
const WATCH_SECONDS: u32 = 290;
/// How much later a watch that says nothing is given up.
const WATCH_GRACE: Duration = Duration::from_secs(10);
/// Pause after a failure: the first, and the longest that it is doubled to.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Pause before everything is read again, so that a server that ends each watch at once is not pestered.
const PAUSE_AFTER_WATCH: Duration = Duration::from_secs(1);

/// What is known of the ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Published {
    /// There was no answer so far.
    Awaited,
    /// It could not be read so far.
    Unreadable,
    /// Its data when it was read last. It stays though the ConfigMap comes to be unreadable or is deleted.
    Seen(BTreeMap<String, String>),
}

/// Follows the ConfigMap for ever.
pub(super) async fn follow(client: kube::Client, published: watch::Sender<Published>) {
    let api: Api<ConfigMap> = Api::namespaced(client, CONFIG_MAP_NAMESPACE);
    let mut pause = FIRST_PAUSE;
    let mut complaint = None;
    loop {
        match read(&api).await {
            Ok((version, data)) => {
                complaint = None;
                see(&published, data);
                pause = FIRST_PAUSE;
                follow_from(&api, &version, &published).await;
                tokio::time::sleep(PAUSE_AFTER_WATCH).await;
            }
            Err(error) => {
                if complaint.as_ref() != Some(&error) {
                    complain(&error);
                    complaint = Some(error);
                }
                published.send_if_modified(|published| {
                    let is_first = *published == Published::Awaited;
                    if is_first {
                        *published = Published::Unreadable;
                    }
                    is_first
                });
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn complain(error: &CallError) {
    let advice = match error.code() {
        Some(401) => "the credential of --authentication-kubeconfig is not accepted",
        Some(403) => {
            "bind the Role extension-apiserver-authentication-reader in kube-system to this ServiceAccount"
        }
        Some(404) => "the kube-apiserver makes it; or give the CAs by flags",
        _ => "is the kube-apiserver reachable?",
    };
    let object = format!("ConfigMap {CONFIG_MAP_NAMESPACE}/{CONFIG_MAP}");
    tracing::warn!(%error, object, advice, "the CAs of callers cannot be read; this is tried again");
}

async fn read(api: &Api<ConfigMap>) -> Result<(String, BTreeMap<String, String>), CallError> {
    let only_it = ListParams::default().fields(&format!("metadata.name={CONFIG_MAP}"));
    let list = call(api.list(&only_it)).await?;
    let version = list.metadata.resource_version.unwrap_or_default();
    let found = list.items.into_iter().next().ok_or_else(CallError::not_found)?;
    Ok((version, found.data.unwrap_or_default()))
}

/// Follows the changes since `version` until the watch ends, for whatever reason.
async fn follow_from(api: &Api<ConfigMap>, version: &str, published: &watch::Sender<Published>) {
    let only_it = WatchParams::default()
        .fields(&format!("metadata.name={CONFIG_MAP}"))
        .timeout(WATCH_SECONDS);
    let events = match call(api.watch(&only_it, version)).await {
        Ok(events) => events,
        Err(error) => {
            tracing::debug!(%error, "the watch of client CAs did not begin");
            return;
        }
    };
    pin_mut!(events);
    let longest = Duration::from_secs(WATCH_SECONDS.into()) + WATCH_GRACE;
    while let Ok(Some(event)) = tokio::time::timeout(longest, events.next()).await {
        match event {
            Ok(WatchEvent::Added(map) | WatchEvent::Modified(map)) => {
                see(published, map.data.unwrap_or_default());
            }
            Ok(WatchEvent::Deleted(_)) => {
                tracing::warn!("the ConfigMap with client CAs was deleted; they stay as they were");
            }
            Ok(WatchEvent::Bookmark(_)) => {}
            Ok(WatchEvent::Error(status)) => {
                tracing::debug!(error = status.message, "the watch of client CAs ended");
                return;
            }
            Err(error) => {
                tracing::debug!(%error, "the watch of client CAs broke off");
                return;
            }
        }
    }
}

fn see(published: &watch::Sender<Published>, data: BTreeMap<String, String>) {
    published.send_if_modified(|published| {
        let seen = Published::Seen(data);
        let differs = *published != seen;
        *published = seen;
        differs
    });
}
