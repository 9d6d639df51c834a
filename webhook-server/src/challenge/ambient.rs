//! The webhook's own credential, for Issuers that name none.

use std::fmt;

use dnspod_solver::{CredentialSource, LoginToken};

use super::secret_credential::AccountCredential;

/// A credential of the pod or the machine, and where it was found.
#[derive(Clone)]
pub struct AmbientCredential {
    pub(super) credential: AccountCredential,
    pub(super) origin: String,
}

impl AmbientCredential {
    /// A credential for Tencent Cloud API 3.0: a key, or a source that gives one. `origin` is for people:
    /// `environment: TENCENTCLOUD_SECRET_ID`.
    pub fn tencent_cloud(source: impl Into<CredentialSource>, origin: impl Into<String>) -> Self {
        Self { credential: AccountCredential::TencentCloud(source.into()), origin: origin.into() }
    }

    /// A DNSPod token.
    pub fn login_token(token: LoginToken, origin: impl Into<String>) -> Self {
        Self { credential: AccountCredential::LoginToken(token), origin: origin.into() }
    }
}

/// Says where it is from, and nothing of what it is.
impl fmt::Debug for AmbientCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmbientCredential").field("origin", &self.origin).finish_non_exhaustive()
    }
}
