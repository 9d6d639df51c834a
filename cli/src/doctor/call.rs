//! One question to the kube-apiserver, bounded in time and in what it may answer.

use std::error::Error;
use std::time::Duration;

use http::Request;
use serde_json::Value;

/// Bound on one question; the kube-apiserver gives up on its own after a minute.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How many objects are asked for at once, as kubectl does.
const PAGE: u32 = 500;
/// The most pages of one list: more objects than a cluster has Certificates.
const MOST_PAGES: usize = 40;

/// All objects of the collection at `path`.
pub(super) async fn list(client: &kube::Client, path: &str) -> Result<Vec<Value>, CallError> {
    let mut objects = Vec::new();
    let mut rest = String::new();
    for _ in 0..MOST_PAGES {
        let mut page = get(client, &format!("{path}?limit={PAGE}{rest}")).await?;
        if let Some(items) = page["items"].as_array_mut() {
            objects.append(items);
        }
        match page["metadata"]["continue"].as_str() {
            Some(token) if !token.is_empty() => {
                let token: String =
                    url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
                rest = format!("&continue={token}");
            }
            _ => break,
        }
    }
    Ok(objects)
}

async fn get(client: &kube::Client, path: &str) -> Result<Value, CallError> {
    let request = Request::get(path)
        .body(Vec::new())
        .map_err(|error| CallError::NoAnswer { reason: error.to_string() })?;
    let answer = tokio::time::timeout(TIMEOUT, client.request(request)).await;
    let late =
        || CallError::NoAnswer { reason: format!("no answer within {} s", TIMEOUT.as_secs()) };
    Ok(answer.map_err(|_| late())??)
}

/// Why there is no list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// The kube-apiserver refused.
    #[error("{message}")]
    Answered {
        /// The HTTP status.
        code: u16,
        /// What it says.
        message: String,
    },
    /// It did not answer, or not as it should.
    #[error("{reason}")]
    NoAnswer {
        /// What happened instead.
        reason: String,
    },
}

impl From<kube::Error> for CallError {
    fn from(error: kube::Error) -> Self {
        if let kube::Error::Api(status) = &error {
            let message = match status.message.as_str() {
                "" => format!("HTTP status {}", status.code),
                message => message.to_owned(),
            };
            return Self::Answered { code: status.code, message };
        }
        // The errors of this library print their sources too; the innermost says what happened.
        let mut innermost: &dyn Error = &error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self::NoAnswer { reason: innermost.to_string() }
    }
}
