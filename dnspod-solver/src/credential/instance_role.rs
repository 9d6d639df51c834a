//! The role of the virtual machine (CVM) that this runs on, from the machine's metadata service.

use std::time::Duration;

use acme_core::http::{read_bounded, reason};
use http::StatusCode;
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::assume_role::{RoleError, is_word};
use super::key::Credential;
use super::refresh::Temporary;
use crate::api3::server_time;
use crate::error::NoCredential;

/// Below the metadata service: the name of the role, and below that its credential.
const PATH: &str = "/latest/meta-data/cam/security-credentials/";
/// Bound on one answer. The service is on the same host: what takes longer is not there.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
/// Bound on one answer's body.
const MAX_BODY: usize = 64 << 10;
const BY: &str = "the metadata service of the instance";

/// The role that is bound to the instance this runs on
/// (<https://cloud.tencent.com/document/product/213/47668>).
///
/// Everything on the instance that can reach its network can have this role, so it is never used unless it is asked
/// for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceRole {
    /// The role; without it, the one that the metadata service names.
    pub name: Option<String>,
}

impl InstanceRole {
    pub(crate) fn check(&self) -> Result<(), RoleError> {
        match &self.name {
            Some(name) if !is_role_name(name) => Err(RoleError::Name(name.clone())),
            _ => Ok(()),
        }
    }
}

/// A way to the metadata service.
#[derive(Clone)]
pub(super) struct Metadata {
    pub(super) http: reqwest::Client,
    pub(super) endpoint: Url,
}

impl Metadata {
    /// The role's credential as the service has it now; `now` is when it is asked.
    pub(super) async fn credential(
        &self,
        role: &InstanceRole,
        now: OffsetDateTime,
    ) -> Result<Temporary, NoCredential> {
        let name = match &role.name {
            Some(name) => name.clone(),
            None => self.role_name().await?,
        };
        let Some((body, server_time)) = self.get(&format!("{PATH}{name}")).await? else {
            return Err(missing(&format!(
                "the instance has no role {name}; bind it in the CVM console"
            )));
        };
        let answer: Answer = serde_json::from_str(&body)
            .map_err(|_| unavailable(&format!("the answer for the role {name} is not JSON")))?;
        if answer.code != "Success" {
            return Err(missing(&format!(
                "{BY} answers Code {:?} for the role {name}; check that the role exists and trusts \
                 cvm.qcloud.com",
                shown(&answer.code)
            )));
        }
        let credential = Credential::new(&answer.tmp_secret_id, &answer.tmp_secret_key)
            .map(|credential| credential.with_token(&answer.token))
            .and_then(|credential| credential.check_token().map(|()| credential))
            .map_err(|_| {
                unavailable(&format!("the answer for the role {name} holds no credential"))
            })?;
        // By the service's clock, where it tells it: ours may be far off.
        let now = server_time.unwrap_or(now).unix_timestamp();
        let remaining = time::Duration::seconds(answer.expired_time.saturating_sub(now));
        Ok(Temporary { credential, remaining: Some(remaining) })
    }

    async fn role_name(&self) -> Result<String, NoCredential> {
        let no_role = "the instance has no role; bind one in the CVM console \
                       (its trust policy names cvm.qcloud.com)";
        let (body, _) = self.get(PATH).await?.ok_or_else(|| missing(no_role))?;
        let name = body.trim();
        if name.is_empty() {
            return Err(missing(no_role));
        }
        if !is_role_name(name) {
            return Err(unavailable("what it answers is not the name of a role"));
        }
        Ok(name.to_owned())
    }

    /// The body at `path` and the service's time, where it tells it; `None` where there is nothing.
    async fn get(
        &self,
        path: &str,
    ) -> Result<Option<(Zeroizing<String>, Option<OffsetDateTime>)>, NoCredential> {
        let mut url = self.endpoint.clone();
        url.set_path(path);
        let answering = async {
            let response = self.http.get(url).send().await.map_err(|e| unavailable(&reason(e)))?;
            let status = response.status();
            let server_time = server_time(response.headers());
            if status == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            if !status.is_success() {
                return Err(unavailable(&format!("answered with HTTP {status}")));
            }
            let body = read_bounded(response, MAX_BODY)
                .await
                .map_err(|error| unavailable(&error.to_string()))?;
            let text = String::from_utf8(body.into())
                .map_err(|_| unavailable("the answer is not text"))?;
            Ok(Some((Zeroizing::new(text), server_time)))
        };
        timeout(TIMEOUT, answering).await.unwrap_or_else(|_| {
            Err(unavailable("no answer within 2 s; only instances (CVM) have one"))
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    tmp_secret_id: String,
    #[serde(default)]
    tmp_secret_key: Zeroizing<String>,
    #[serde(default)]
    token: Zeroizing<String>,
    /// Unix time.
    #[serde(default)]
    expired_time: i64,
}

fn is_role_name(name: &str) -> bool {
    is_word(name, "=,.@_+-", 1)
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

fn missing(reason: &str) -> NoCredential {
    NoCredential::Missing { reason: reason.to_owned() }
}

fn unavailable(reason: &str) -> NoCredential {
    NoCredential::Unavailable { by: BY, reason: reason.to_owned() }
}
