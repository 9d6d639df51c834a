//! DNS-01 TXT records at DNSPod / Tencent Cloud DNS.
//!
//! [`DnsPod`] is a [`DnsProvider`](acme_core::dns01::DnsProvider) for accounts of DNSPod and Tencent Cloud, on the
//! Chinese and the international site, by Tencent Cloud API 3.0 or by the legacy DNSPod API.
//!
//! ```
//! use acme_core::dns01::{DnsProvider, TxtRecord};
//! use dnspod_solver::{Credential, DnsPod};
//!
//! # async fn publish() -> Result<(), Box<dyn std::error::Error>> {
//! let credential = Credential::new("AKIDexample", "the secret key")?;
//! let dnspod = DnsPod::builder(credential).build()?;
//!
//! let record = TxtRecord {
//!     name: "_acme-challenge.ws.example".parse()?,
//!     value: "XKrxpRBosdIKFzxW_CT3KLZNf6q0HG9i01zxXp5CPBs".to_owned(),
//! };
//! dnspod.append_txt(&record).await?;
//! dnspod.delete_txt(&record).await?;
//! # Ok(())
//! # }
//! ```

mod api;
mod api3;
mod build_error;
mod class;
mod created;
mod credential;
mod dnspod;
mod endpoint;
mod error;
mod legacy;
mod listing;
mod login_token;
mod rate;
mod records;
mod retry;
mod standing;
mod sts;
pub mod tc3;
mod zone;

/// For the targets of fuzz/.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::api3::answer;
    pub use crate::legacy::answer as legacy_answer;
}

// The public interface is:
pub use build_error::BuildError;
pub use credential::{
    AssumeRole, ChainError, ChainOptions, Credential, CredentialError, CredentialSource, Found,
    FoundCredential, InstanceRole, RoleError, WebIdentity, credential_chain, zone_policy,
};
pub use dnspod::{DnsPod, DnsPodBuilder};
pub use legacy::check_contact;
pub use login_token::{LoginToken, LoginTokenError};
pub use sts::CallerIdentity;
