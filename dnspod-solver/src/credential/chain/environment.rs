//! Credentials and roles in variables, in the spelling of each tool.

use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::ChainError;
use super::file;
use crate::credential::{AssumeRole, Credential, WebIdentity};
use crate::login_token::LoginToken;

/// The names of a `SecretId` and its `SecretKey`: in Tencent's own tools and lego, and in acme.sh.
const KEYS: [(&str, &str); 2] = [
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"),
    ("Tencent_SecretId", "Tencent_SecretKey"),
];
/// The session token's names: in lego, in Terraform, and in tccli.
const TOKENS: [&str; 3] =
    ["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"];
/// The names of a DNSPod token in two parts: in acme.sh, for the Chinese and for the international site.
const LOGIN_TOKENS: [(&str, &str, bool); 2] =
    [("DP_Id", "DP_Key", false), ("DPI_Id", "DPI_Key", true)];
/// A DNSPod token in one text, `ID,Token`: in lego.
const LOGIN_TOKEN: &str = "DNSPOD_API_KEY";
/// The names of a role to assume: in Terraform, and in tccli.
const ROLES: [RoleVariables; 2] = [
    RoleVariables {
        arn: "TENCENTCLOUD_ASSUME_ROLE_ARN",
        session_name: "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME",
    },
    RoleVariables { arn: "TENCENTCLOUD_ROLE_ARN", session_name: "TENCENTCLOUD_ROLE_SESSION_NAME" },
];
/// Terraform's alone.
const SESSION_DURATION: &str = "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION";
/// Terraform's alone.
const EXTERNAL_ID: &str = "TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID";
/// What TKE puts into a pod whose service account names a role.
const TKE: [&str; 4] =
    ["TKE_PROVIDER_ID", "TKE_ROLE_ARN", "TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_REGION"];

struct RoleVariables {
    arn: &'static str,
    session_name: &'static str,
}

/// The environment, behind a function.
pub(super) struct Environment<'a> {
    pub(super) lookup: &'a dyn Fn(&str) -> Option<String>,
    /// About files that variables name.
    pub(super) warnings: Vec<String>,
}

impl Environment<'_> {
    /// A variable; one that is empty counts as unset.
    pub(super) fn text(&self, variable: &str) -> Option<String> {
        (self.lookup)(variable).filter(|value| !value.is_empty())
    }

    /// A secret: a variable, or the file that the variable with `_FILE` added names.
    pub(super) fn secret(
        &mut self,
        variable: &str,
    ) -> Result<Option<Zeroizing<String>>, ChainError> {
        let value = self.text(variable).map(Zeroizing::new);
        let file_variable = format!("{variable}_FILE");
        let Some(path) = self.text(&file_variable) else { return Ok(value) };
        if value.is_some() {
            return Err(ChainError::SetTwice { variable: variable.to_owned() });
        }
        let file = file::read(Path::new(&path), Some(&file_variable))?;
        Ok(file.map(|file| {
            self.warnings.extend(file.warning);
            file.text
        }))
    }

    /// The key that is set, and where.
    pub(super) fn key(&mut self) -> Result<Option<(Credential, String)>, ChainError> {
        let token = self.token()?;
        for (id, key) in KEYS {
            let place = format!("environment: {id}, {key}");
            let (secret_id, secret_key) = match (self.secret(id)?, self.secret(key)?) {
                (None, None) => continue,
                (Some(secret_id), Some(secret_key)) => (secret_id, secret_key),
                (Some(_), None) => return Err(incomplete(id, key)),
                (None, Some(_)) => return Err(incomplete(key, id)),
            };
            let credential = Credential::new(&secret_id, &secret_key);
            let credential = match &token {
                Some((_, token)) => credential.map(|credential| credential.with_token(token)),
                None => credential,
            };
            let credential = credential.and_then(|it| it.check_token().map(|()| it));
            return match credential {
                Ok(credential) => Ok(Some((credential, place))),
                Err(error) => Err(ChainError::Invalid { place: format!("{id}, {key}"), error }),
            };
        }
        match token {
            Some((variable, _)) => Err(incomplete(variable, KEYS[0].0)),
            None => Ok(None),
        }
    }

    /// The session token, whichever of its names it has.
    fn token(&mut self) -> Result<Option<(&'static str, Zeroizing<String>)>, ChainError> {
        let mut found: Option<(&'static str, Zeroizing<String>)> = None;
        for variable in TOKENS {
            let Some(token) = self.secret(variable)? else { continue };
            match &found {
                Some((first, other)) if other.trim() != token.trim() => {
                    return Err(differ(first, variable));
                }
                Some(_) => {}
                None => found = Some((variable, token)),
            }
        }
        Ok(found)
    }

    /// The DNSPod token that is set, whether it is of the international site, and where it stands.
    pub(super) fn login_token(&mut self) -> Result<Option<(LoginToken, bool, String)>, ChainError> {
        let invalid =
            |place: &str, error| ChainError::LoginToken { place: place.to_owned(), error };
        if let Some(text) = self.secret(LOGIN_TOKEN)? {
            let token = LoginToken::parse(&text).map_err(|error| invalid(LOGIN_TOKEN, error))?;
            return Ok(Some((token, false, format!("environment: {LOGIN_TOKEN}"))));
        }
        for (id, key, is_international) in LOGIN_TOKENS {
            let place = format!("{id}, {key}");
            let token = match (self.secret(id)?, self.secret(key)?) {
                (None, None) => continue,
                (Some(id), Some(key)) => LoginToken::new(&id, &key),
                (Some(_), None) => return Err(incomplete(id, key)),
                (None, Some(_)) => return Err(incomplete(key, id)),
            };
            let token = token.map_err(|error| invalid(&place, error))?;
            return Ok(Some((token, is_international, format!("environment: {place}"))));
        }
        Ok(None)
    }

    /// The role to assume with whatever credential is found.
    pub(super) fn role(&self) -> Result<Option<AssumeRole>, ChainError> {
        let mut found: Option<(&'static str, AssumeRole)> = None;
        for RoleVariables { arn, session_name } in ROLES {
            let name = self.text(session_name);
            let Some(role_arn) = self.text(arn) else {
                match name {
                    Some(_) => return Err(incomplete(session_name, arn)),
                    None => continue,
                }
            };
            let mut role = AssumeRole::new(role_arn);
            role.session_name = name.unwrap_or(role.session_name);
            match &found {
                Some((first, other)) if other.role_arn != role.role_arn => {
                    return Err(differ(first, arn));
                }
                Some(_) => {}
                None => found = Some((arn, role)),
            }
        }
        let Some((variable, mut role)) = found else { return Ok(None) };
        if let Some(value) = self.text(SESSION_DURATION) {
            let seconds = value.trim().parse().map_err(|_| ChainError::Seconds {
                variable: SESSION_DURATION.to_owned(),
                value: value.clone(),
            })?;
            role.duration = Duration::from_secs(seconds);
        }
        role.external_id = self.text(EXTERNAL_ID);
        role.check().map_err(|error| ChainError::Role { place: variable.to_owned(), error })?;
        Ok(Some(role))
    }

    /// The role that TKE gave to the pod this runs in.
    pub(super) fn web_identity(&self) -> Result<Option<(WebIdentity, String)>, ChainError> {
        let values = TKE.map(|variable| self.text(variable));
        let [Some(provider_id), Some(role_arn), Some(token_file), Some(region)] = &values else {
            let set = values[..3].iter().position(Option::is_some);
            let missing = values.iter().position(Option::is_none);
            return match (set, missing) {
                (Some(set), Some(missing)) => Err(incomplete(TKE[set], TKE[missing])),
                // A region alone says nothing about a role.
                _ => Ok(None),
            };
        };
        let identity = WebIdentity::new(provider_id, role_arn, token_file, region);
        identity.check().map_err(|error| ChainError::Role { place: TKE.join(", "), error })?;
        Ok(Some((identity, format!("TKE service account: role {role_arn}"))))
    }
}

fn incomplete(set: &str, missing: &str) -> ChainError {
    ChainError::Incomplete { set: set.to_owned(), missing: missing.to_owned() }
}

fn differ(first: &str, second: &str) -> ChainError {
    ChainError::Contradiction { first: first.to_owned(), second: second.to_owned() }
}
