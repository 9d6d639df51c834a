//! The product `sts` of API 3.0, version 2018-08-13: sessions of roles, and who a credential belongs to.

mod actions;
mod codes;

pub use actions::CallerIdentity;
pub(crate) use actions::{
    PROVIDER, REGION, assume_role, assume_role_with_web_identity, caller_identity, product,
};
