//! Where a credential comes from.

use super::assume_role::{AssumeRole, RoleError};
use super::instance_role::InstanceRole;
use super::key::{Credential, CredentialError};
use super::tccli::TccliProfile;
use super::web_identity::WebIdentity;

/// Where a provider gets its credential from: a fixed one, or one that is fetched and kept valid.
///
/// What is fetched is renewed ahead of its end, once for all who wait for it, and the old one is used as long as it is
/// valid and the renewal fails. Like [`Credential`], it has no `Debug`.
#[derive(Clone)]
pub struct CredentialSource {
    pub(super) kind: Kind,
    /// Roles to assume with it, in turn.
    pub(super) roles: Vec<AssumeRole>,
}

/// The sources that stand by themselves.
#[derive(Clone)]
pub(super) enum Kind {
    Fixed(Credential),
    InstanceRole(InstanceRole),
    TccliProfile(TccliProfile),
    WebIdentity(WebIdentity),
}

impl CredentialSource {
    /// The same source, and then `role`, which is assumed with what it gives. Roles can be chained.
    pub fn assume_role(mut self, role: AssumeRole) -> Self {
        self.roles.push(role);
        self
    }

    /// Whether all of it can be sent.
    pub(crate) fn check(&self) -> Result<(), SourceError> {
        match &self.kind {
            Kind::Fixed(credential) => credential.check_token()?,
            Kind::InstanceRole(role) => role.check()?,
            Kind::WebIdentity(identity) => identity.check()?,
            Kind::TccliProfile(_) => {}
        }
        for role in &self.roles {
            role.check()?;
        }
        Ok(())
    }
}

impl From<Credential> for CredentialSource {
    fn from(credential: Credential) -> Self {
        Kind::Fixed(credential).into()
    }
}

impl From<InstanceRole> for CredentialSource {
    fn from(role: InstanceRole) -> Self {
        Kind::InstanceRole(role).into()
    }
}

impl From<TccliProfile> for CredentialSource {
    fn from(profile: TccliProfile) -> Self {
        Kind::TccliProfile(profile).into()
    }
}

impl From<WebIdentity> for CredentialSource {
    fn from(identity: WebIdentity) -> Self {
        Kind::WebIdentity(identity).into()
    }
}

impl From<Kind> for CredentialSource {
    fn from(kind: Kind) -> Self {
        Self { kind, roles: Vec::new() }
    }
}

/// Which part of a source cannot be used.
#[derive(Debug)]
pub(crate) enum SourceError {
    Credential(CredentialError),
    Role(RoleError),
}

impl From<CredentialError> for SourceError {
    fn from(error: CredentialError) -> Self {
        Self::Credential(error)
    }
}

impl From<RoleError> for SourceError {
    fn from(error: RoleError) -> Self {
        Self::Role(error)
    }
}
