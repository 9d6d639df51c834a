//! Certificates by ACME (RFC 8555) with DNS-01.
//!
//! [`issue::Issuer`] gets a certificate or finds that the stored one is good. It needs four things that its caller
//! chooses: who writes TXT records ([`dns01::DnsProvider`]), who looks at them ([`dns01::TxtLookup`]), where
//! everything is kept ([`store::Store`]), and what time it is ([`Clock`]).
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use acme_core::dns01::{AuthoritativeLookup, DnsProvider};
//! use acme_core::http::HttpOptions;
//! use acme_core::issue::{CertificateAuthority, IssueRequest, Issuer};
//! use acme_core::store::FileStore;
//! use acme_core::{Identifier, SystemClock};
//! use tokio_util::sync::CancellationToken;
//!
//! # async fn issue(provider: Arc<dyn DnsProvider>) -> Result<(), Box<dyn std::error::Error>> {
//! let issuer = Issuer::new(
//!     HttpOptions::default(),
//!     provider,
//!     Arc::new(AuthoritativeLookup::builder().build()?),
//!     Arc::new(FileStore::open("/var/lib/certificates")?),
//!     Arc::new(SystemClock),
//! );
//! let names = Identifier::parse_list(&["ws.example", "*.ws.example"])?.identifiers;
//! let ca = CertificateAuthority {
//!     directory: "https://acme-staging-v02.api.letsencrypt.org/directory".parse()?,
//!     email: None,
//!     accept_tos: true,
//!     external_account: None,
//! };
//! issuer.issue(&IssueRequest::new(names, ca), &|_event| (), &CancellationToken::new()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! An [`issue::IssueError`] says who is at fault, whether to try again ([`issue::IssueError::is_retryable`]) and from
//! when ([`issue::IssueError::retry_at`]). Whatever happens, the TXT records are deleted, an order that was begun is
//! continued by the next call, and a certificate in use stays until a checked one replaces it.

mod acme;
pub mod certificate;
mod clock;
pub mod dns01;
pub mod http;
mod identifier;
pub mod issue;
pub mod key;
pub mod store;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::acme::fuzzing::*;
    pub use crate::dns01::dns_answer;
}

// The public interface is:
pub use acme::AcmeClient;
pub use clock::{Clock, ManualClock, SystemClock};
pub use identifier::{DnsName, Identifier, IdentifierError, IdentifierList};
