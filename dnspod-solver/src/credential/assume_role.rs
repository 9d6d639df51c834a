//! A role that is assumed with another credential.

use std::time::Duration;

/// How long a session lasts unless something else is asked for, as in Tencent's SDKs.
pub(super) const SESSION: Duration = Duration::from_secs(7200);
/// The longest session STS gives.
const LONGEST_SESSION: Duration = Duration::from_secs(43_200);
/// The name of a session unless another is given; Tencent's audit log (`CloudAudit`) shows it.
pub(super) const SESSION_NAME: &str = env!("CARGO_PKG_NAME");

/// A role and how it is assumed (`AssumeRole`, <https://cloud.tencent.com/document/api/1312/48197>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    /// The role: `qcs::cam::uin/100000000001:roleName/certificates`.
    pub role_arn: String,
    /// What Tencent's audit log calls the session: 2 to 128 letters, digits or `=,.@_+-`.
    pub session_name: String,
    /// How long a session lasts before the role is assumed again, at most 12 h; the role may set a lower bound.
    pub duration: Duration,
    /// What the role's trust policy demands as external id: 2 to 128 letters, digits or `=,.@:/_+-`.
    pub external_id: Option<String>,
    /// A CAM policy in JSON that narrows the session down, such as [`zone_policy`](crate::zone_policy).
    pub policy: Option<String>,
}

impl AssumeRole {
    /// The role with a session of two hours named `dnspod-solver`, no external id and no policy.
    pub fn new(role_arn: impl Into<String>) -> Self {
        Self {
            role_arn: role_arn.into(),
            session_name: SESSION_NAME.to_owned(),
            duration: SESSION,
            external_id: None,
            policy: None,
        }
    }

    /// Whether STS can accept it; what uses it checks it as well.
    ///
    /// # Errors
    /// Which field STS would refuse, whatever the role permits.
    pub fn check(&self) -> Result<(), RoleError> {
        check_arn(&self.role_arn)?;
        check_session(&self.session_name, self.duration)?;
        if let Some(id) = &self.external_id
            && !is_word(id, "=,.@:/_+-", 2)
        {
            return Err(RoleError::ExternalId);
        }
        if let Some(policy) = &self.policy
            && let Err(error) = serde_json::from_str::<serde_json::Map<_, _>>(policy)
        {
            return Err(RoleError::Policy(error.to_string()));
        }
        Ok(())
    }
}

/// Why a role cannot be assumed as it is described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// It is no resource description of a role.
    #[error(
        "{0:?} is not a role of Tencent Cloud: it looks like qcs::cam::uin/100000000001:roleName/NAME, as the role's \
         page shows it at https://console.cloud.tencent.com/cam/role"
    )]
    Arn(String),
    /// The role of an instance has a name that no role has.
    #[error("{0:?} is not the name of a role: give the name alone, without qcs::")]
    Name(String),
    /// The session's name has a wrong length or character.
    #[error("the session name {0:?} is not accepted: use 2 to 128 letters, digits or =,.@_+-")]
    SessionName(String),
    /// The session is too short or too long.
    #[error("a session of {0} s is not accepted: it is 1 to 43200")]
    Duration(u64),
    /// The external id has a wrong length or character.
    #[error("the external id is not accepted: it has 2 to 128 letters, digits or =,.@:/_+-")]
    ExternalId,
    /// The policy is no JSON object.
    #[error("the session's policy is not a JSON object: {0}")]
    Policy(String),
    /// The web identity's provider or region is no word.
    #[error("the {0} is not accepted: it has letters, digits and dashes alone")]
    Word(&'static str),
}

/// Whether `arn` has the form of a role's resource description.
pub(super) fn check_arn(arn: &str) -> Result<(), RoleError> {
    let is_role = arn
        .strip_prefix("qcs::cam::uin/")
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(uin, role)| {
            !uin.is_empty()
                && uin.bytes().all(|b| b.is_ascii_digit())
                && role.split_once('/').is_some_and(|(kind, name)| {
                    matches!(kind, "role" | "roleName") && is_word(name, "=,.@_+-/", 1)
                })
        });
    if is_role { Ok(()) } else { Err(RoleError::Arn(arn.to_owned())) }
}

/// Whether STS accepts a session of this name and length.
pub(super) fn check_session(name: &str, duration: Duration) -> Result<(), RoleError> {
    if !is_word(name, "=,.@_+-", 2) {
        return Err(RoleError::SessionName(name.to_owned()));
    }
    if duration < Duration::from_secs(1) || duration > LONGEST_SESSION {
        return Err(RoleError::Duration(duration.as_secs()));
    }
    Ok(())
}

/// Whether `text` has `least` to 128 letters, digits or characters of `others`.
pub(super) fn is_word(text: &str, others: &str, least: usize) -> bool {
    (least..=128).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(arn: &str) -> AssumeRole {
        AssumeRole::new(arn)
    }

    #[test]
    fn the_forms_of_a_role_are_told_from_other_texts() {
        for arn in [
            "qcs::cam::uin/12345678:role/4611686018427397919",
            "qcs::cam::uin/12345678:roleName/testRoleName",
            "qcs::cam::uin/12345678:role/tencentcloudServiceRole/4611686018427397920",
        ] {
            assert_eq!(role(arn).check(), Ok(()), "{arn}");
        }
        for arn in [
            "",
            "certificates",
            "qcs::cam::uin/:roleName/r",
            "qcs::cam::uin/1:roleName/",
            "qcs::cam::uin/1:uin/2",
            "qcs::cam::uin/1:roleName/a b",
            "arn:aws:iam::1:role/r",
        ] {
            assert_eq!(role(arn).check(), Err(RoleError::Arn(arn.to_owned())), "{arn}");
        }
    }

    #[test]
    fn what_sts_never_accepts_is_refused_before_it_is_asked() {
        let good = role("qcs::cam::uin/1:roleName/r");
        let long = "n".repeat(129);
        for name in ["", "x", "a b", "名字", &long] {
            let role = AssumeRole { session_name: name.to_owned(), ..good.clone() };
            assert_eq!(role.check(), Err(RoleError::SessionName(name.to_owned())), "{name}");
        }
        for seconds in [0, 43_201] {
            let role = AssumeRole { duration: Duration::from_secs(seconds), ..good.clone() };
            assert_eq!(role.check(), Err(RoleError::Duration(seconds)));
        }
        let role = AssumeRole { external_id: Some("a b".to_owned()), ..good.clone() };
        assert_eq!(role.check(), Err(RoleError::ExternalId));
        for policy in ["", "[]", "{", "allow"] {
            let role = AssumeRole { policy: Some(policy.to_owned()), ..good.clone() };
            assert!(matches!(role.check(), Err(RoleError::Policy(_))), "{policy}");
        }
        let longest = AssumeRole {
            duration: Duration::from_secs(43_200),
            external_id: Some("team/a:b".to_owned()),
            policy: Some(r#"{"version":"2.0"}"#.to_owned()),
            ..good
        };
        assert_eq!(longest.check(), Ok(()));
    }
}
