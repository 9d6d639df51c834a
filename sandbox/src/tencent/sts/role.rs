//! The roles of the account, whom they trust, and the state of STS.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::tencent::UIN;
use crate::tencent::sessions::{Session, Sessions};

/// The number of the first role; those of Tencent's accounts are near it.
const FIRST_ROLE_ID: u64 = 4_611_686_018_427_397_919;

/// Who may have credentials for a role.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The account itself, if it brings this `ExternalId`, if there is one.
    Account {
        /// What the caller has to know besides the role's name.
        external_id: Option<String>,
    },
    /// Who brings a token of this identity provider.
    WebIdentity {
        /// The `ProviderId`.
        provider_id: String,
    },
    /// The instance that asks for its metadata.
    Instance,
}

/// A role of the account.
pub(crate) struct Role {
    /// Its resource description.
    pub(crate) arn: String,
    /// Its number.
    pub(crate) id: u64,
    /// Who may have credentials for it.
    pub(crate) trusts: Vec<Trust>,
}

/// The roles, the credentials issued for them, and the token that proves a web identity.
pub(crate) struct Sts {
    roles: Vec<Role>,
    pub(in crate::tencent) sessions: Sessions,
    web_identity_token: Mutex<Option<String>>,
    instance_session: Mutex<Option<Arc<Session>>>,
}

/// The resource description of a role of the account.
pub(crate) fn role_arn(name: &str) -> String {
    format!("qcs::cam::uin/{UIN}:roleName/{name}")
}

impl Role {
    /// The role's name; empty where its resource description has none.
    pub(in crate::tencent) fn name(&self) -> &str {
        self.arn.split_once(":roleName/").map_or("", |(_, name)| name)
    }

    /// The account that the role belongs to.
    pub(in crate::tencent) fn uin(&self) -> &str {
        uin(&self.arn)
    }

    fn is(&self, arn: &str) -> bool {
        arn == self.arn || arn == format!("qcs::cam::uin/{}:role/{}", self.uin(), self.id)
    }
}

impl Sts {
    /// STS for these roles, given by resource description and trust; one that is given again trusts all of them.
    pub(crate) fn new(given: Vec<(String, Trust)>, web_identity_token: Option<String>) -> Self {
        let mut roles: Vec<Role> = Vec::new();
        let mut ids = FIRST_ROLE_ID..;
        for (arn, trust) in given {
            if let Some(role) = roles.iter_mut().find(|role| role.arn == arn) {
                role.trusts.push(trust);
            } else if let Some(id) = ids.next() {
                roles.push(Role { arn, id, trusts: vec![trust] });
            }
        }
        Self {
            roles,
            sessions: Sessions::default(),
            web_identity_token: Mutex::new(web_identity_token),
            instance_session: Mutex::default(),
        }
    }

    /// Makes this the one token that proves a web identity; the one before is as good as expired.
    pub(crate) fn set_web_identity_token(&self, token: &str) {
        *self.web_identity_token.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(token.to_owned());
    }

    /// Gives credentials issued from now on this lifetime, whatever is asked for.
    pub(crate) fn set_lifetime(&self, lifetime: Duration) {
        self.sessions.set_lifetime(lifetime);
    }

    /// The role that the resource description names, by name or by number.
    pub(super) fn role(&self, arn: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.is(arn))
    }

    /// The role that the instance was given.
    pub(in crate::tencent) fn instance_role(&self) -> Option<&Role> {
        self.roles.iter().find(|role| role.trusts.contains(&Trust::Instance))
    }

    /// The credentials that the instance's metadata shows now.
    pub(in crate::tencent) fn lock_instance_session(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.instance_session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the token proves a web identity now.
    pub(super) fn accepts(&self, web_identity_token: &str) -> bool {
        let accepted = self.web_identity_token.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.as_deref() == Some(web_identity_token)
    }
}

/// The account in a resource description such as `qcs::cam::uin/1:roleName/r`.
pub(super) fn uin(arn: &str) -> &str {
    let rest = arn.strip_prefix("qcs::cam::uin/").unwrap_or_default();
    rest.split_once(':').map_or(rest, |(uin, _)| uin)
}
