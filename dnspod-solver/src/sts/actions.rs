//! The three actions of STS we use.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::Instant;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::codes::meaning;
use crate::Credential;
use crate::api3::{Client, Product};
use crate::class::Class;
use crate::credential::{AssumeRole, Credentials, Temporary, WebIdentity};
use crate::error::{CallError, NoCredential};
use crate::rate::Published;

/// Its name in errors.
pub(crate) const PROVIDER: &str = "Tencent Cloud STS";
/// The region that is asked where no other is known, as in Tencent's SDKs; sessions are the same in all.
pub(crate) const REGION: &str = "ap-guangzhou";

/// STS in `region`.
pub(crate) fn product(region: &str) -> Product {
    Product {
        service: "sts",
        version: "2018-08-13",
        region: Some(region.to_owned()),
        meaning,
        rates: PUBLISHED_RATES,
    }
}

/// Calls a second that Tencent publishes for an account, on each action's own page.
const PUBLISHED_RATES: Published =
    &[("AssumeRole", 600), ("AssumeRoleWithWebIdentity", 20), ("GetCallerIdentity", 20)];

/// Who a credential belongs to (`GetCallerIdentity`, <https://cloud.tencent.com/document/api/1312/66098>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallerIdentity {
    /// The `SecretId` of the key or of the session.
    pub secret_id: String,
    /// When it ends; `None` for a permanent key.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ends: Option<OffsetDateTime>,
    /// The number (UIN) of the main account.
    pub account_id: String,
    /// The caller's resource description: `qcs::cam::uin/…:uin/…` for a user, `qcs::sts:…:assumed-role/…` for a role.
    pub arn: String,
    /// What kind of caller it is, in Tencent's word: `CAMUser`, `CAMRole`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// The user's number, or `roleId:sessionName`.
    pub user_id: String,
    /// The number of who holds the key, or has assumed the role.
    pub principal_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetCallerIdentityAnswer {
    account_id: String,
    #[serde(default)]
    arn: String,
    #[serde(default, rename = "Type")]
    kind: String,
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    principal_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRoleRequest<'a> {
    role_arn: &'a str,
    role_session_name: &'a str,
    duration_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRoleWithWebIdentityRequest<'a> {
    provider_id: &'a str,
    web_identity_token: &'a str,
    role_arn: &'a str,
    role_session_name: &'a str,
    duration_seconds: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SessionAnswer {
    credentials: SessionCredentials,
    /// Unix time.
    expired_time: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SessionCredentials {
    tmp_secret_id: String,
    tmp_secret_key: Zeroizing<String>,
    token: Zeroizing<String>,
}

#[derive(Serialize)]
struct Nothing {}

/// Assumes `role` with what `client` signs with.
pub(crate) async fn assume_role(
    client: &Client,
    role: &AssumeRole,
    deadline: Instant,
) -> Result<Temporary, NoCredential> {
    let request = AssumeRoleRequest {
        role_arn: &role.role_arn,
        role_session_name: &role.session_name,
        duration_seconds: role.duration.as_secs(),
        policy: role.policy.as_deref().map(percent_encoded),
        external_id: role.external_id.as_deref(),
    };
    let doing = format!("assume the role {}", role.role_arn);
    let answer = client.call("AssumeRole", &request, deadline).await;
    session(client, &doing, answer)
}

/// Assumes the role of `identity` with `token`, unsigned.
pub(crate) async fn assume_role_with_web_identity(
    client: &Client,
    identity: &WebIdentity,
    token: &str,
    deadline: Instant,
) -> Result<Temporary, NoCredential> {
    let request = AssumeRoleWithWebIdentityRequest {
        provider_id: &identity.provider_id,
        web_identity_token: token,
        role_arn: &identity.role_arn,
        role_session_name: &identity.session_name,
        duration_seconds: identity.duration.as_secs(),
    };
    let doing = format!("assume the role {} with the service account's token", identity.role_arn);
    let answer = client.call("AssumeRoleWithWebIdentity", &request, deadline).await;
    session(client, &doing, answer)
}

/// Asks who `client` signs as, which is what `credentials` gives.
pub(crate) async fn caller_identity(
    client: &Client,
    credentials: &Credentials,
    deadline: Instant,
) -> Result<CallerIdentity, NoCredential> {
    let cannot = |error| failed("tell whose credential this is", error);
    let answer: GetCallerIdentityAnswer =
        client.call("GetCallerIdentity", &Nothing {}, deadline).await.map_err(cannot)?;
    // What it was signed with: kept, so that nobody is asked.
    let credential = credentials.current(deadline).await.map_err(cannot)?;
    Ok(CallerIdentity {
        secret_id: credential.secret_id().to_owned(),
        ends: credentials.ends(),
        account_id: answer.account_id,
        arn: answer.arn,
        kind: answer.kind,
        user_id: answer.user_id,
        principal_id: answer.principal_id,
    })
}

/// The session in an answer. How long it lasts is counted by the server's clock, which ours may be far from.
fn session(
    client: &Client,
    doing: &str,
    answer: Result<SessionAnswer, CallError>,
) -> Result<Temporary, NoCredential> {
    let SessionAnswer { credentials, expired_time } =
        answer.map_err(|error| failed(doing, error))?;
    let now = client.transport().server_now().unix_timestamp();
    let credential = Credential::new(&credentials.tmp_secret_id, &credentials.tmp_secret_key)
        .map(|credential| credential.with_token(&credentials.token))
        .and_then(|credential| credential.check_token().map(|()| credential))
        .map_err(|_| NoCredential::Unavailable {
            by: PROVIDER,
            reason: format!("cannot {doing}: the answer holds no credential"),
        })?;
    let remaining = time::Duration::seconds(expired_time.saturating_sub(now));
    Ok(Temporary { credential, remaining: Some(remaining) })
}

/// Why STS did not do what was asked, by who must act.
fn failed(doing: &str, error: CallError) -> NoCredential {
    let class = error.class();
    let reason = match error {
        // Of what the call would have been signed with: it says enough.
        CallError::NoCredential(failure) => return failure,
        error => format!("cannot {doing}: {}", error.reason("STS")),
    };
    match class {
        Class::Server | Class::Busy => NoCredential::Unavailable { by: PROVIDER, reason },
        Class::Throttled | Class::TooFrequent => NoCredential::Throttled { by: PROVIDER, reason },
        _ => NoCredential::Refused { by: PROVIDER, reason },
    }
}

/// A policy as `AssumeRole` wants it: percent-encoded inside the JSON of the request.
fn percent_encoded(policy: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(policy.as_bytes()).collect();
    // A form's `+` for a space is not every decoder's; a `+` of the policy itself is `%2B` by now.
    encoded.replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_encoded_so_that_every_decoder_gives_it_back() {
        let policy = r#"{"version":"2.0","note":"a b+c%/ä"}"#;
        let encoded = percent_encoded(policy);
        assert!(!encoded.contains(['+', ' ', '"', '{', ':']), "{encoded}");
        let pair = format!("p={encoded}");
        let (_, decoded) = form_urlencoded::parse(pair.as_bytes()).next().unwrap();
        assert_eq!(decoded, policy);
    }
}
