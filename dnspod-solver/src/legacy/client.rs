//! One call of the legacy API: bounded, retried where that is safe.

use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::transport::{Form, Transport};
use crate::error::{CallError, TOO_LATE};
use crate::rate::Rates;
use crate::standing::Standing;
use crate::{LoginToken, retry};

/// Calls the legacy API for one account.
pub(crate) struct Client {
    transport: Transport,
    /// No rate is published, and accounts are banned for bursts: all actions go at the lowest rate of API 3.0.
    rates: Rates,
    token: LoginToken,
    /// The name of the default line, which differs between the sites.
    pub(super) line: &'static str,
    standing: Standing,
}

impl Client {
    /// `line` is the name of the default line on the site that `transport` leads to.
    pub(crate) fn new(transport: Transport, token: LoginToken, line: &'static str) -> Self {
        Self { transport, rates: Rates::new(&[]), token, line, standing: Standing::default() }
    }

    /// How many HTTP requests were sent.
    pub(crate) fn calls(&self) -> u64 {
        self.transport.requests()
    }

    /// Calls `action` until it succeeds, fails for good, or `deadline` is near.
    ///
    /// Every action we use may be repeated after an answer that was lost, as those of API 3.0 may.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        action: &'static str,
        fields: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<T, CallError> {
        let form = Form::new(&self.token, fields);
        for tries in 1.. {
            self.rates.turn(action, deadline).await?;
            let sent = self.transport.send(action, &form);
            let late = || self.transport.no_answer(TOO_LATE);
            let answer = self.standing.attempt(self.token.id(), deadline, sent, late).await;
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            retry::wait(error, tries, action, &self.rates, deadline).await?;
        }
        unreachable!("the range of tries has no end")
    }
}
