//! `~/.tccli/PROFILE.credential`, the file of Tencent's command line.

use serde::Deserialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::error::ChainError;
use crate::credential::{AssumeRole, Credential};

/// What a profile holds.
pub(in crate::credential) enum Profile {
    /// No key was configured.
    Nothing,
    Key(Box<ProfileKey>),
    /// The role of the instance.
    InstanceRole,
}

/// A key of a profile.
pub(in crate::credential) struct ProfileKey {
    pub(in crate::credential) credential: Credential,
    /// When the session of a person ends.
    pub(in crate::credential) ends: Option<OffsetDateTime>,
    /// The command that begins another session.
    pub(in crate::credential) login: &'static str,
    /// A role to assume with it.
    pub(in crate::credential) role: Option<AssumeRole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    secret_id: Option<Zeroizing<String>>,
    #[serde(default)]
    secret_key: Option<Zeroizing<String>>,
    #[serde(default)]
    token: Option<Zeroizing<String>>,
    /// Unix time.
    #[serde(default)]
    expires_at: Option<f64>,
    #[serde(default, rename = "role-arn")]
    role_arn: Option<String>,
    #[serde(default, rename = "role-session-name")]
    role_session_name: Option<String>,
}

/// Reads the text of the file at `path`.
pub(in crate::credential) fn parse(text: &str, path: &str) -> Result<Profile, ChainError> {
    let file: File = serde_json::from_str(text).map_err(|error| ChainError::Malformed {
        place: path.to_owned(),
        // Its text quotes no values but numbers and names of types.
        reason: format!("this is no file of tccli: line {}", error.line()),
    })?;
    let kind = file.r#type.as_deref().unwrap_or_default();
    if kind == "cvm-role" {
        return Ok(Profile::InstanceRole);
    }
    let incomplete = |set: &str, missing: &str| {
        Err(ChainError::Incomplete { set: format!("{path}: {set}"), missing: missing.to_owned() })
    };
    let token = set(file.token.as_ref());
    let (secret_id, secret_key) =
        match (set(file.secret_id.as_ref()), set(file.secret_key.as_ref())) {
            (Some(id), Some(key)) => (id, key),
            (Some(_), None) => return incomplete("secretId", "secretKey"),
            (None, Some(_)) => return incomplete("secretKey", "secretId"),
            (None, None) if token.is_some() => return incomplete("token", "secretId"),
            (None, None) => return Ok(Profile::Nothing),
        };
    let credential = Credential::new(secret_id, secret_key)
        .map(|credential| token.iter().fold(credential, |it, token| it.with_token(token)))
        .and_then(|credential| credential.check_token().map(|()| credential))
        .map_err(|error| ChainError::Invalid { place: path.to_owned(), error })?;
    let role = file
        .role_arn
        .filter(|arn| !arn.is_empty())
        .map(|arn| {
            let mut role = AssumeRole::new(arn);
            role.session_name = file.role_session_name.unwrap_or(role.session_name);
            let place = path.to_owned();
            role.check().map(|()| role).map_err(|error| ChainError::Role { place, error })
        })
        .transpose()?;
    #[expect(clippy::cast_possible_truncation, reason = "a time that is out of range is refused")]
    let ends = file
        .expires_at
        .map(|at| OffsetDateTime::from_unix_timestamp(at as i64))
        .transpose()
        .map_err(|_| ChainError::Malformed {
            place: path.to_owned(),
            reason: "expiresAt is not a time".to_owned(),
        })?;
    let login = if kind == "sso" { "tccli sso login" } else { "tccli auth login" };
    Ok(Profile::Key(Box::new(ProfileKey { credential, ends, login, role })))
}

/// A value that is set; `tccli configure` writes `None` for what was left empty.
fn set(value: Option<&Zeroizing<String>>) -> Option<&str> {
    let value = value?.trim();
    (!value.is_empty() && value != "None").then_some(value)
}
