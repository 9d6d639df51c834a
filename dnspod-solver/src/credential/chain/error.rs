//! Why no credential was found, or one that cannot be used.

use crate::credential::{CredentialError, RoleError};
use crate::login_token::LoginTokenError;

/// Why a machine has no credential, or none that can be used. What is set by half is an error, not a reason to look
/// further: the next source might belong to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A source is set by half.
    #[error("{set} is set and {missing} is not")]
    Incomplete {
        /// The variable, or the file with its line and key.
        set: String,
        /// What belongs to it.
        missing: String,
    },
    /// Two variables hold the same thing and differ.
    #[error("{first} and {second} are set and differ")]
    Contradiction {
        /// A variable.
        first: String,
        /// Another.
        second: String,
    },
    /// A variable and the one that names a file for it are set.
    #[error("{variable} and {variable}_FILE are both set")]
    SetTwice {
        /// The variable that holds the value.
        variable: String,
    },
    /// A file is there, or is named, and cannot be read.
    #[error("{named_by}cannot read {path}: {reason}")]
    Unreadable {
        /// The variable that names it, with a colon; empty for a file at its usual place.
        named_by: String,
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A file has not the form it should have.
    #[error("{place}: {reason}")]
    Malformed {
        /// The file, with the line where that is known.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// What is set is no credential.
    #[error("{place}: {error}")]
    Invalid {
        /// The variables, or the file.
        place: String,
        /// Why not.
        error: CredentialError,
    },
    /// What is set is no DNSPod token.
    #[error("{place}: {error}")]
    LoginToken {
        /// The variables.
        place: String,
        /// Why not.
        error: LoginTokenError,
    },
    /// A role is to be assumed with a DNSPod token, which can assume none.
    #[error("{place} holds a DNSPod token, with which no role can be assumed")]
    RoleOfLoginToken {
        /// The variables.
        place: String,
    },
    /// A role cannot be assumed as it is described.
    #[error("{place}: {error}")]
    Role {
        /// The variable, or the file.
        place: String,
        /// Why not.
        error: RoleError,
    },
    /// A variable is no number of seconds.
    #[error("{variable}: {value:?} is not a number of seconds")]
    Seconds {
        /// The variable.
        variable: String,
        /// What it holds.
        value: String,
    },
    /// The role of the instance is asked for by a file, and the caller has not allowed it.
    #[error("{place} asks for the role of this instance, which is used only where that is allowed")]
    InstanceRoleNotAllowed {
        /// The file.
        place: String,
    },
    /// There is nothing at all.
    #[error("no credential for Tencent Cloud: none in {}", places(files))]
    NotFound {
        /// The files that were looked for.
        files: Vec<String>,
    },
}

impl ChainError {
    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Incomplete { .. } => {
                "set what is missing, or unset the rest: what is set by half is never completed from elsewhere"
            }
            Self::Contradiction { .. } => "unset the one that does not belong to the key",
            Self::SetTwice { .. } => {
                "unset one of them; the one with _FILE names a file that holds the value"
            }
            Self::Unreadable { .. } => "give a file that this user may read",
            Self::Malformed { .. } => {
                "correct the file, or remove it and set the variables instead"
            }
            Self::Invalid { error: CredentialError::DnspodToken, .. } => {
                "put the token into DNSPOD_API_KEY as ID,Token, or make an API key and use that"
            }
            Self::Invalid { .. } => {
                "the keys of this account are at https://console.cloud.tencent.com/cam/capi"
            }
            Self::LoginToken { .. } => {
                "DNSPod tokens are at https://console.dnspod.cn/account/token/token"
            }
            Self::RoleOfLoginToken { .. } => {
                "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY in its place, or leave the role out"
            }
            Self::Role { .. } => "roles are at https://console.cloud.tencent.com/cam/role",
            Self::Seconds { .. } => "set it to a number from 1 to 43200, such as 7200",
            Self::InstanceRoleNotAllowed { .. } => {
                "allow the role of the instance, or choose another profile with TCCLI_PROFILE"
            }
            Self::NotFound { .. } => {
                "make an API key at https://console.cloud.tencent.com/cam/capi and set TENCENTCLOUD_SECRET_ID and \
                 TENCENTCLOUD_SECRET_KEY"
            }
        }
    }
}

fn places(files: &[String]) -> String {
    let places = ["the environment"].into_iter().chain(files.iter().map(String::as_str));
    places.collect::<Vec<_>>().join(", ")
}
