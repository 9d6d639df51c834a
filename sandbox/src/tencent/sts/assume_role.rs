//! `AssumeRole` (cloud.tencent.com/document/api/1312/48197) and `AssumeRoleWithWebIdentity`.

use std::time::Duration;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::error;
use super::role::{Role, Trust};
use crate::tencent::cam::CamPolicy;
use crate::tencent::error::ApiError;
use crate::tencent::params::Params;
use crate::tencent::sessions::SessionRequest;
use crate::tencent::{DnspodApi, Outcome};

/// How long credentials are valid where the request does not say, in seconds.
const DEFAULT_LIFETIME: i64 = 7200;

/// The longest that they can be, in seconds.
const LARGEST_LIFETIME: i64 = 43_200;

impl DnspodApi {
    pub(super) fn assume_role(&self, params: &Params) -> Outcome {
        params.allow(
            &["RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "ExternalId"],
            &["Tags", "SourceIdentity", "SerialNumber", "TokenCode"],
        )?;
        let arn = arn(params)?;
        let name = session_name(params)?;
        let lifetime = lifetime(params)?;
        let policy = params.text("Policy")?.map(policy).transpose()?;
        let external_id = params.text("ExternalId")?;
        if external_id.is_some_and(|id| !is_text(id, "=,.@:/-_+")) {
            return Err(error::PARAM_ERROR);
        }
        let role = self.sts.role(arn).ok_or(error::ROLE_NOT_FOUND)?;
        // [unverified]: which code a missing or wrong ExternalId gets is not documented.
        let trusts_caller = |trust: &Trust| match trust {
            Trust::Account { external_id: None } => true,
            Trust::Account { external_id: demanded } => demanded.as_deref() == external_id,
            Trust::WebIdentity { .. } | Trust::Instance => false,
        };
        if !role.trusts.iter().any(trusts_caller) {
            return Err(error::UNAUTHORIZED);
        }
        Ok(self.issue(role, name, policy, lifetime))
    }

    pub(super) fn assume_role_with_web_identity(&self, params: &Params) -> Outcome {
        params.allow(
            &["ProviderId", "WebIdentityToken", "RoleArn", "RoleSessionName", "DurationSeconds"],
            &[],
        )?;
        let provider = params.required_text("ProviderId")?;
        let token = params.required_text("WebIdentityToken")?;
        let arn = arn(params)?;
        let name = session_name(params)?;
        let lifetime = lifetime(params)?;
        let role = self.sts.role(arn).ok_or(error::GET_ROLE)?;
        if !role.trusts.contains(&Trust::WebIdentity { provider_id: provider.to_owned() }) {
            return Err(error::UNAUTHORIZED);
        }
        if !self.sts.accepts(token) {
            return Err(error::WEB_IDENTITY_TOKEN);
        }
        Ok(self.issue(role, name, None, lifetime))
    }

    fn issue(
        &self,
        role: &Role,
        name: &str,
        policy: Option<CamPolicy>,
        lifetime: Duration,
    ) -> Value {
        let request = SessionRequest {
            role_arn: role.arn.clone(),
            role_id: role.id,
            name: name.to_owned(),
            policy,
            lifetime,
        };
        let session = self.sts.sessions.issue(request, self.clock.now());
        let expiration =
            session.ends_at.format(&Rfc3339).expect("a time of this era has an RFC 3339 form");
        json!({
            "Credentials": {
                "Token": session.credentials.token,
                "TmpSecretId": session.credentials.id,
                "TmpSecretKey": session.credentials.key,
            },
            "ExpiredTime": session.ends_at.unix_timestamp(),
            "Expiration": expiration,
        })
    }
}

/// `RoleArn`: `qcs::cam::uin/<uin>:role/<id>` or `…:roleName/<name>`.
fn arn(params: &Params) -> Result<&str, ApiError> {
    let arn = params.required_text("RoleArn")?;
    let resource = arn.strip_prefix("qcs::cam::uin/").and_then(|rest| rest.split_once(':'));
    let is_role = resource.is_some_and(|(uin, role)| {
        !uin.is_empty() && uin.bytes().all(|byte| byte.is_ascii_digit()) && role.contains('/')
    });
    if is_role { Ok(arn) } else { Err(error::PARAM_ERROR) }
}

/// `RoleSessionName`: `[\w+=,.@_-]{2,128}`.
fn session_name(params: &Params) -> Result<&str, ApiError> {
    let name = params.required_text("RoleSessionName")?;
    if is_text(name, "+=,.@_-") { Ok(name) } else { Err(error::PARAM_ERROR) }
}

fn is_text(text: &str, punctuation: &str) -> bool {
    (2..=128).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c))
}

fn lifetime(params: &Params) -> Result<Duration, ApiError> {
    let seconds = params.number("DurationSeconds")?.unwrap_or(DEFAULT_LIFETIME);
    if seconds > LARGEST_LIFETIME {
        return Err(error::OVER_TIME);
    }
    u64::try_from(seconds).map(Duration::from_secs).map_err(|_| error::PARAM_ERROR)
}

/// `Policy`: CAM's language, URL-encoded, without a principal.
fn policy(encoded: &str) -> Result<CamPolicy, ApiError> {
    // `+` and `&` stand for themselves: the encoding is that of URLs, not of forms.
    let query = format!("policy={}", encoded.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, value)| value);
    let text = decoded.ok_or(error::POLICY_FORMAT)?;
    let document: Value = serde_json::from_str(&text).map_err(|_| error::POLICY_FORMAT)?;
    let statements = document["statement"].as_array().map_or(&[][..], Vec::as_slice);
    if statements.iter().any(|statement| statement.get("principal").is_some()) {
        return Err(error::POLICY_INVALID);
    }
    CamPolicy::parse(&text).map_err(|_| error::POLICY_FORMAT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_decoded_and_one_with_a_principal_or_without_statements_is_refused() {
        let text =
            r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"a&b+c"}]}"#;
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let policy_read = policy(&encoded).unwrap();
        assert!(policy_read.allows("DeleteRecord", "a&b+c"));
        assert!(!policy_read.allows("DeleteRecord", "a"));

        let code = |text: &str| policy(text).err().map(|error| error.code);
        assert_eq!(code("%7B%7D"), Some("InvalidParameter.StrategyFormatError"));
        assert_eq!(code("nothing"), Some("InvalidParameter.StrategyFormatError"));
        let principal = "%7B%22statement%22:%5B%7B%22principal%22:%22x%22%7D%5D%7D";
        assert_eq!(code(principal), Some("InvalidParameter.StrategyInvalid"));
    }
}
