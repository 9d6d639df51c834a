//! STS, version 2018-08-13: temporary credentials for a role, and who a caller is.

mod assume_role;
mod caller_identity;
mod dispatch;
mod error;
mod role;

pub(super) use dispatch::is_asked;
pub(super) use role::Role;
pub(crate) use role::{Sts, Trust, role_arn};
