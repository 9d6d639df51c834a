//! One call of the product `dnspod`: bounded, retried where that is safe.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::transport::{Failure, Product, Transport};
use crate::class::Class;
use crate::error::{CallError, TOO_LATE};
use crate::rate::{Published, Rates};
use crate::standing::Standing;
use crate::{Credential, retry};

const DNSPOD: Product = Product { service: "dnspod", version: "2021-03-23" };

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
            retry::wait(failure.error, tries, action, &self.rates, deadline).await?;
        }
        unreachable!("the range of tries has no end")
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        action: &'static str,
        body: &[u8],
        deadline: Instant,
    ) -> Result<T, Failure> {
        let sent = self.transport.send(DNSPOD, action, body, Some(&self.credential));
        let late = || self.transport.no_answer(TOO_LATE);
        self.standing.attempt(self.credential.secret_id(), deadline, sent, late).await
    }
}
