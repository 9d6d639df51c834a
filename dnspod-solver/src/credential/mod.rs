//! What requests are signed with: where it comes from, what it is, and how it is kept valid.

mod assume_role;
mod chain;
mod instance_role;
mod key;
mod policy;
mod refresh;
mod source;
mod tccli;
mod web_identity;

pub use assume_role::{AssumeRole, RoleError};
pub use chain::{ChainError, ChainOptions, Found, FoundCredential, credential_chain};
pub use instance_role::InstanceRole;
pub use key::{Credential, CredentialError};
pub use policy::zone_policy;
pub(crate) use refresh::{Credentials, Means, Temporary};
pub use source::CredentialSource;
pub(crate) use source::SourceError;
pub use web_identity::WebIdentity;
