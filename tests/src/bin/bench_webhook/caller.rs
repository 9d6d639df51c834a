//! Who calls a webhook, and many calls at once.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::control_plane::Pair;
use e2e::webhook::{Challenge, challenge_path};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::fake::ZONE;
use crate::figure::Action;
use crate::webhook::{GROUP, account};

/// The bound on one call; a Go webhook answers after 34 s at the latest.
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// A caller with the front proxy's certificate.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    base: String,
}

/// Calls that are to be made.
pub(crate) struct Work {
    pub(crate) action: Action,
    /// One challenge each: a name and a value that no other has.
    pub(crate) challenges: Range<usize>,
    /// How many calls at once.
    pub(crate) in_flight: usize,
    /// How many accounts they are spread over.
    pub(crate) accounts: usize,
    /// Where the Secrets are.
    pub(crate) namespace: String,
    /// After this time no more calls are begun.
    pub(crate) limit: Duration,
}

/// What came of it.
pub(crate) struct Done {
    /// Calls that were answered 201 with `success: true`, and how long each took, in order.
    pub(crate) took: Vec<Duration>,
    /// Calls that were not, and the first such answer.
    pub(crate) failed: usize,
    pub(crate) failure: Option<String>,
    /// From the first call to the last answer.
    pub(crate) wall: Duration,
}

impl Caller {
    /// `host` is the name in the serving certificate, which `ca` (PEM) has to vouch for. Over HTTP/2 all calls share one
    /// connection.
    pub(crate) fn new(
        (host, address): (&str, SocketAddr),
        ca: &str,
        own: &Pair,
        http1: bool,
    ) -> Result<Self, String> {
        // The process's provider is set by whoever comes first; they are all the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let both = Zeroizing::new(format!("{}{}", own.key.as_str(), own.certificate));
        let build = || {
            let mut builder = reqwest::Client::builder()
                .tls_certs_only([reqwest::Certificate::from_pem(ca.as_bytes())?])
                .identity(reqwest::Identity::from_pem(both.as_bytes())?)
                .timeout(CALL_LIMIT)
                .no_proxy()
                .resolve(host, address);
            if http1 {
                builder = builder.http1_only();
            }
            builder.build()
        };
        let http = build().map_err(|error: reqwest::Error| error.to_string())?;
        Ok(Self { http, base: format!("https://{host}:{}", address.port()) })
    }

    /// The status that a GET of `path` is answered with; `None` where there is no answer.
    pub(crate) async fn status_of(&self, path: &str) -> Option<u16> {
        let request = with_user(self.http.get(format!("{}{path}", self.base)));
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        response.bytes().await.ok().map(|_| status)
    }

    /// Makes all calls, or as many as there is time for, beginning with the first challenge.
    pub(crate) async fn call_all(&self, work: Work) -> Done {
        let work = Arc::new(work);
        let next = Arc::new(AtomicUsize::new(work.challenges.start));
        // The connection is there before the clock runs.
        self.status_of("/readyz").await;
        let begun = Instant::now();
        let mut workers = JoinSet::new();
        for _ in 0..work.in_flight {
            let (caller, work, next) = (self.clone(), Arc::clone(&work), Arc::clone(&next));
            workers.spawn(async move {
                let mut answers = Vec::new();
                while begun.elapsed() < work.limit {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if !work.challenges.contains(&number) {
                        break;
                    }
                    let sent = Instant::now();
                    let answer = caller.call(&work, number).await;
                    answers.push((sent.elapsed(), answer));
                }
                answers
            });
        }
        let answers: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
        let wall = begun.elapsed();
        let mut done = Done { took: Vec::new(), failed: 0, failure: None, wall };
        for (took, answer) in answers {
            match answer {
                Ok(()) => done.took.push(took),
                Err(answer) => {
                    done.failed += 1;
                    done.failure.get_or_insert(answer);
                }
            }
        }
        done.took.sort();
        done
    }

    /// One call; the answer where it is not what is wanted.
    async fn call(&self, work: &Work, number: usize) -> Result<(), String> {
        let secret = account(number % work.accounts);
        let challenge = Challenge {
            name: format!("_acme-challenge.n{number}.{ZONE}"),
            zone: ZONE.to_owned(),
            key: format!("XKrxpRBosdIKFzxW_CT3KLZNf6q0HG9i01z{number:08}"),
            namespace: work.namespace.clone(),
            config: json!({
                "secretIdRef": { "name": secret, "key": "id" },
                "secretKeyRef": { "name": secret, "key": "key" },
                "ttl": 600,
            }),
        };
        let request = self.http.post(format!("{}{}", self.base, challenge_path(GROUP)));
        let request = request.header(CONTENT_TYPE, "application/json");
        let request = with_user(request).body(challenge.body(work.action.name()));
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|error| error.to_string())?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if status == 201 && body["response"]["success"] == true {
            Ok(())
        } else {
            Err(format!("{status} {text}"))
        }
    }
}

impl Done {
    /// Calls in a second.
    #[expect(clippy::cast_precision_loss, reason = "no count here is near 2^53")]
    pub(crate) fn rate(&self) -> f64 {
        self.took.len() as f64 / self.wall.as_secs_f64()
    }

    /// So many per cent of the calls took no longer, in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let index = (self.took.len() * percent / 100).min(self.took.len().saturating_sub(1));
        self.took.get(index).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}

fn with_user(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let account = format!(
        "system:serviceaccount:{}:{}",
        e2e::cert_manager::NAMESPACE,
        e2e::cert_manager::SERVICE_ACCOUNT
    );
    request
        .header("x-remote-user", account)
        .header("x-remote-group", "system:serviceaccounts")
        .header("x-remote-group", "system:authenticated")
}
