//! Validates challenges by asking every name server, as validation from several places would.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future;
use hickory_proto::rr::{RData, RecordType};
use sha2::{Digest, Sha256};

use super::Server;
use super::account::account_url;
use super::authorization::{Progress, VALID_LIFETIME};
use super::caa;
use super::dns_query::lookup;
use super::problem::{ErrorType, Problem};
use crate::fault::Fault;

/// Validates the challenge of `authorization`, which is processing, and notes the outcome.
pub(crate) async fn validate(server: Arc<Server>, authorization: String) {
    let Some(attempt) = Attempt::of(&server, &authorization) else { return };
    let order_unaware = server.config.faults.take(Fault::InvalidAuthorization);
    let outcome = if order_unaware {
        Err(Problem::unauthorized(format!("{} was not validated, on purpose", attempt.domain)))
    } else {
        attempt.run(&server).await
    };
    let now = server.config.clock.now();
    let mut state = server.state();
    let Some(authorization) = state.authorizations.get_mut(&authorization) else { return };
    if !matches!(authorization.progress, Progress::Processing) {
        // Deactivated meanwhile.
        return;
    }
    match outcome {
        Ok(()) => {
            authorization.progress = Progress::Valid { validated: now };
            authorization.expires = now + VALID_LIFETIME;
        }
        Err(problem) => {
            tracing::info!(domain = attempt.domain, "the sandbox's CA refuses a challenge");
            authorization.progress = Progress::Invalid { problem, order_unaware };
        }
    }
}

struct Attempt {
    domain: String,
    wildcard: bool,
    account_url: String,
    /// The value that the TXT record has to have.
    expected: String,
}

impl Attempt {
    fn of(server: &Server, authorization: &str) -> Option<Self> {
        let state = server.state();
        let authorization = state.authorizations.get(authorization)?;
        let account = state.accounts.get(&authorization.account)?;
        let key_authorization = format!("{}.{}", authorization.token, account.key.thumbprint());
        Some(Self {
            domain: authorization.identifier.value.clone(),
            wildcard: authorization.wildcard,
            account_url: account_url(server, &authorization.account),
            expected: URL_SAFE_NO_PAD.encode(Sha256::digest(key_authorization)),
        })
    }

    async fn run(&self, server: &Server) -> Result<(), Problem> {
        let timeout = server.config.policy.dns_timeout;
        let at_each = server.config.name_servers.iter().map(|name_server| async move {
            future::try_join(
                self.check_txt(*name_server, timeout),
                caa::check(*name_server, &self.domain, self.wildcard, &self.account_url, timeout),
            )
            .await
        });
        future::try_join_all(at_each).await?;
        Ok(())
    }

    async fn check_txt(&self, name_server: SocketAddr, timeout: Duration) -> Result<(), Problem> {
        let name = format!("_acme-challenge.{}.", self.domain);
        let answers =
            lookup(name_server, &name, RecordType::TXT, timeout).await.map_err(|error| {
                let detail = format!("{name_server} was asked for TXT at {name}: {error}");
                Problem::new(ErrorType::Dns, detail)
            })?;
        let values: Vec<String> = answers
            .iter()
            .filter_map(|data| match data {
                RData::TXT(txt) => {
                    Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned())
                }
                _ => None,
            })
            .collect();
        if values.contains(&self.expected) {
            return Ok(());
        }
        let found = match values.as_slice() {
            [] => "none".to_owned(),
            [first, others @ ..] => {
                // As much as helps: what is there may be long and is not ours.
                let first: String = first.chars().take(100).collect();
                format!("{first:?} and {} more", others.len())
            }
        };
        Err(Problem::unauthorized(format!(
            "{name_server} does not show the TXT record of this challenge at {name}; found {found}"
        )))
    }
}
