//! One call of the product `dnspod`: bounded, retried where that is safe.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout_at};

use super::transport::{Failure, Product, Transport};
use crate::Credential;
use crate::class::Class;
use crate::error::{CallError, TOO_LATE};
use crate::rate::{Published, Rates};
use crate::retry::backoff;
use crate::standing::Standing;

const DNSPOD: Product = Product { service: "dnspod", version: "2021-03-23" };
/// Bound on one try, so that a request which the server swallows leaves time for another.
const TRY_TIMEOUT: Duration = Duration::from_secs(8);

/// Calls a second that Tencent publishes for an account, on each action's own page.
const PUBLISHED_RATES: Published = &[
    ("CreateRecord", 500),
    ("DeleteRecord", 500),
    ("DescribeDomain", 20),
    ("DescribeDomainList", 20),
    ("DescribeRecordList", 100),
];

/// Calls API 3.0 for one account.
pub(crate) struct Client {
    transport: Transport,
    rates: Rates,
    credential: Credential,
    standing: Standing,
}

impl Client {
    pub(crate) fn new(transport: Transport, credential: Credential) -> Self {
        let (rates, standing) = (Rates::new(PUBLISHED_RATES), Standing::default());
        Self { transport, rates, credential, standing }
    }

    /// How many HTTP requests were sent.
    pub(crate) fn calls(&self) -> u64 {
        self.transport.requests()
    }

    /// Calls `action` until it succeeds, fails for good, or `deadline` is near.
    ///
    /// Every action we use may be repeated after an answer that was lost: a record created twice is
    /// [`Class::AlreadyThere`], one deleted twice is [`Class::Gone`], and callers read both as success.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        action: &'static str,
        request: &impl Serialize,
        deadline: Instant,
    ) -> Result<T, CallError> {
        let body = serde_json::to_vec(request).expect("requests have no map with keys but strings");
        let mut clock_corrected = false;
        for tries in 1.. {
            self.rates.turn(action, deadline).await?;
            let failure = match self.attempt(action, &body, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if failure.error.class() == Class::Clock
                && !clock_corrected
                && self.transport.correct_clock(&failure)
            {
                clock_corrected = true;
                continue;
            }
            match backoff(&failure.error, tries) {
                Some(delay) if Instant::now() + delay >= deadline => return Err(failure.error),
                // The next try waits for its turn, and so does everybody else.
                Some(delay) if failure.error.class() == Class::Throttled => {
                    self.rates.pause(action, delay);
                }
                Some(delay) => sleep(delay).await,
                None => return Err(failure.error),
            }
        }
        unreachable!("the range of tries has no end")
    }

    /// One try; alone while it is not known whether the credential is good.
    async fn attempt<T: DeserializeOwned>(
        &self,
        action: &'static str,
        body: &[u8],
        deadline: Instant,
    ) -> Result<T, Failure> {
        let _turn = self.standing.turn(deadline).await?;
        let id = self.credential.secret_id();
        if let Some(refusal) = self.standing.refusal(id) {
            return Err(refusal.into());
        }

        let until = deadline.min(Instant::now() + TRY_TIMEOUT);
        let sent = self.transport.send(DNSPOD, action, body, Some(&self.credential));
        let answer = timeout_at(until, sent)
            .await
            .unwrap_or_else(|_| Err(self.transport.no_answer(TOO_LATE).into()));
        self.standing.learn(id, answer.as_ref().err().map(|failure| &failure.error));
        answer
    }
}
