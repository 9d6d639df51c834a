//! One call of API 3.0: signed with what is valid now, bounded, retried where that is safe.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::codes::meaning;
use super::transport::{Call, Failure, Product, Transport};
use crate::class::Class;
use crate::credential::Credentials;
use crate::error::{CallError, TOO_LATE};
use crate::rate::{Published, Rates};
use crate::standing::{Standing, TRY_TIMEOUT};
use crate::{Credential, retry};

/// DNSPod.
pub(crate) fn dnspod() -> Product {
    Product {
        service: "dnspod",
        version: "2021-03-23",
        region: None,
        meaning,
        rates: PUBLISHED_RATES,
    }
}

/// Calls a second that Tencent publishes for an account, on each action's own page.
const PUBLISHED_RATES: Published = &[
    ("CreateRecord", 500),
    ("DeleteRecord", 500),
    ("DescribeDomain", 20),
    ("DescribeDomainList", 20),
    ("DescribeRecordList", 100),
];

/// Calls one product of API 3.0 for one account.
pub(crate) struct Client {
    transport: Transport,
    product: Product,
    rates: Rates,
    /// What requests are signed with; without, they are not.
    credentials: Option<Arc<Credentials>>,
    standing: Standing,
}

impl Client {
    pub(crate) fn new(
        transport: Transport,
        product: Product,
        credentials: Option<Arc<Credentials>>,
    ) -> Self {
        let (rates, standing) = (Rates::new(product.rates), Standing::default());
        Self { transport, product, rates, credentials, standing }
    }

    /// How many HTTP requests were sent.
    pub(crate) fn calls(&self) -> u64 {
        self.transport.requests()
    }

    /// The way that calls take.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Calls `action` until it succeeds, fails for good, or `deadline` is near.
    ///
    /// Every action we use may be repeated after an answer that was lost: a record created twice is
    /// [`Class::AlreadyThere`], one deleted twice is [`Class::Gone`], and callers read both as success.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        action: &'static str,
        request: &impl Serialize,
        deadline: Instant,
    ) -> Result<T, CallError> {
        let body = serde_json::to_vec(request).expect("requests have no map with keys but strings");
        let mut clock_corrected = false;
        let mut renewed = false;
        for tries in 1.. {
            self.rates.turn(action, deadline).await?;
            let credential = match &self.credentials {
                None => None,
                Some(credentials) => Some(credentials.current(deadline).await?),
            };
            let failure = match self.attempt(action, &body, credential.as_ref(), deadline).await {
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
            if failure.error.may_be_ended_session() && !renewed && self.renew(credential.as_ref()) {
                renewed = true;
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
        credential: Option<&Credential>,
        deadline: Instant,
    ) -> Result<T, Failure> {
        let sent = self.transport.send(Call { product: &self.product, action, body, credential });
        let late = || self.transport.no_answer(TOO_LATE);
        if let Some(credential) = credential {
            return self.standing.attempt(credential.secret_id(), deadline, sent, late).await;
        }
        let until = deadline.min(Instant::now() + TRY_TIMEOUT);
        timeout_at(until, sent).await.unwrap_or_else(|_| Err(late().into()))
    }

    /// Gives up a credential whose session the server no longer knows; `false` where there will be no other.
    fn renew(&self, refused: Option<&Credential>) -> bool {
        match (&self.credentials, refused) {
            (Some(credentials), Some(refused)) => credentials.renew(refused),
            _ => false,
        }
    }
}
