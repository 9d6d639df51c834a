//! Kubernetes Events on Challenges, where RBAC allows: `list` on `challenges.acme.cert-manager.io` and `create` on
//! `events`. Without, nothing is lost but them.

use std::sync::Arc;
use std::time::Duration;

use acme_core::Clock;
use http::Request;
use serde::Deserialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::notice::Notice;
use super::request::ChallengeRequest;
use crate::PROGRAM;
use crate::expiring_cache::ExpiringCache;
use crate::kubernetes::{CallError, call, send};

/// How long the same is not said again about the same Challenge: as long as Kubernetes keeps an Event.
const SAID: Duration = Duration::from_secs(3600);
/// How long nothing is tried after the kube-apiserver has refused, or has not answered.
const PAUSE: Duration = Duration::from_secs(60);
/// The most Challenges that are looked at for one.
const LIMIT: u32 = 500;
/// The longest message of an Event that the kube-apiserver takes, in bytes.
const LONGEST: usize = 1024;

/// Writes Events.
pub(super) struct Events {
    client: kube::Client,
    clock: Arc<dyn Clock>,
    said: ExpiringCache<()>,
    /// When it failed last. It is locked while Events are written, so that those that wait for it do not fail too.
    failed: Mutex<Option<Instant>>,
}

#[derive(Deserialize)]
struct ChallengeList {
    items: Vec<Challenge>,
}

#[derive(Deserialize)]
struct Challenge {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    dns_name: String,
    /// The value of the TXT record.
    #[serde(default)]
    key: String,
}

impl Events {
    pub(super) fn new(client: kube::Client, clock: Arc<dyn Clock>) -> Self {
        Self { client, clock, said: ExpiringCache::new(SAID), failed: Mutex::default() }
    }

    /// Writes an Event for each of `notices` on the Challenge that `request` is about.
    pub(super) async fn write(&self, request: &ChallengeRequest, notices: &[Notice]) {
        let mut failed = self.failed.lock().await;
        if failed.is_some_and(|since| since.elapsed() < PAUSE) {
            return;
        }
        let question = |notice: &Notice| {
            [&request.resolved_fqdn, &request.key, notice.reason, &notice.message].join("\n")
        };
        let new: Vec<&Notice> = notices
            .iter()
            .filter(|notice| self.said.find(question(notice).as_bytes()).is_none())
            .collect();
        if new.is_empty() {
            return;
        }
        match self.write_all(request, &new).await {
            Ok(()) => {
                for notice in new {
                    self.said.remember(question(notice).as_bytes(), ());
                }
            }
            Err(error) => {
                *failed = Some(Instant::now());
                tracing::debug!(%error, "no Event was written on the Challenge");
            }
        }
    }

    async fn write_all(
        &self,
        request: &ChallengeRequest,
        notices: &[&Notice],
    ) -> Result<(), CallError> {
        let Some(challenge) = self.find(request).await? else { return Ok(()) };
        let Metadata { name, namespace, uid } = &challenge.metadata;
        // The kube-apiserver's own precision.
        let now = self.clock.now().replace_nanosecond(0).unwrap_or(self.clock.now());
        let now = now.format(&Rfc3339).unwrap_or_default();
        for notice in notices {
            let event = json!({
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": { "generateName": format!("{name}."), "namespace": namespace },
                "involvedObject": {
                    "apiVersion": "acme.cert-manager.io/v1", "kind": "Challenge",
                    "name": name, "namespace": namespace, "uid": uid,
                },
                "type": "Warning",
                "reason": notice.reason,
                "message": shortened(&notice.message),
                "source": { "component": PROGRAM },
                "firstTimestamp": now, "lastTimestamp": now, "count": 1,
            });
            let path = format!("/api/v1/namespaces/{namespace}/events");
            send(&self.client, Request::post(path), "application/json", &event).await?;
        }
        Ok(())
    }

    /// The Challenge of `request`, which does not name it: in the Issuer's namespace, or anywhere for a `ClusterIssuer`.
    async fn find(&self, request: &ChallengeRequest) -> Result<Option<Challenge>, CallError> {
        let of_namespace =
            request.namespace().map(|namespace| format!("namespaces/{namespace}/challenges"));
        for path in of_namespace.as_deref().into_iter().chain(["challenges"]) {
            let path = format!("/apis/acme.cert-manager.io/v1/{path}?limit={LIMIT}");
            let list = Request::get(path)
                .body(Vec::new())
                .map_err(|error| CallError::NoAnswer { reason: error.to_string() })?;
            let list: ChallengeList = call(self.client.request(list)).await?;
            let wanted = |challenge: &Challenge| {
                let Spec { dns_name, key } = &challenge.spec;
                *key == request.key && *dns_name == request.dns_name
            };
            if let Some(challenge) = list.items.into_iter().find(wanted) {
                return Ok(Some(challenge));
            }
        }
        Ok(None)
    }
}

fn shortened(message: &str) -> &str {
    let whole = message.char_indices().map(|(at, c)| at + c.len_utf8());
    &message[..whole.take_while(|end| *end <= LONGEST).last().unwrap_or(0)]
}
