//! A role that a Kubernetes service account has by its token: TKE's OIDC.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use super::assume_role::{RoleError, SESSION, SESSION_NAME, check_arn, check_session, is_word};
use crate::error::NoCredential;

/// The most a token file may hold; a service account's token has one or two kilobytes.
const LARGEST_TOKEN: u64 = 64 << 10;

/// A role that is assumed with a token from a file (`AssumeRoleWithWebIdentity`,
/// <https://cloud.tencent.com/document/api/1312/73070>).
///
/// TKE puts the token into pods whose service account names a role, and replaces it before it expires: the file is
/// read again for every session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentity {
    /// The identity provider in CAM (`TKE_PROVIDER_ID`).
    pub provider_id: String,
    /// The role (`TKE_ROLE_ARN`): `qcs::cam::uin/100000000001:roleName/certificates`.
    pub role_arn: String,
    /// The file that holds the token (`TKE_WEB_IDENTITY_TOKEN_FILE`).
    pub token_file: PathBuf,
    /// The region that STS is asked for (`TKE_REGION`).
    pub region: String,
    /// What Tencent's audit log calls the session: 2 to 128 letters, digits or `=,.@_+-`.
    pub session_name: String,
    /// How long a session lasts, at most 12 h.
    pub duration: Duration,
}

impl WebIdentity {
    /// A session of two hours, named `dnspod-solver`.
    pub fn new(
        provider_id: impl Into<String>,
        role_arn: impl Into<String>,
        token_file: impl Into<PathBuf>,
        region: impl Into<String>,
    ) -> Self {
        Self {
            provider_id: provider_id.into(),
            role_arn: role_arn.into(),
            token_file: token_file.into(),
            region: region.into(),
            session_name: SESSION_NAME.to_owned(),
            duration: SESSION,
        }
    }

    /// Whether STS can accept it.
    pub(crate) fn check(&self) -> Result<(), RoleError> {
        check_arn(&self.role_arn)?;
        check_session(&self.session_name, self.duration)?;
        if !is_word(&self.provider_id, "_-.", 1) {
            return Err(RoleError::Word("identity provider"));
        }
        if !is_word(&self.region, "-", 1) {
            return Err(RoleError::Word("region"));
        }
        Ok(())
    }

    /// The token as it stands in its file now.
    pub(super) async fn token(&self) -> Result<Zeroizing<String>, NoCredential> {
        let missing = |why: &str| NoCredential::Missing {
            reason: format!("the web identity token {}: {why}", self.token_file.display()),
        };
        let text = read(&self.token_file).await.map_err(|error| {
            missing(&format!(
                "{error}; the pod's service account must name the role \
                 (annotation tke.cloud.tencent.com/role-arn), then start the pod anew"
            ))
        })?;
        let token = text.trim();
        if token.is_empty() {
            return Err(missing("the file is empty"));
        }
        Ok(Zeroizing::new(token.to_owned()))
    }
}

async fn read(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path).await?.take(LARGEST_TOKEN).read_to_string(&mut text).await?;
    Ok(text)
}
