//! One certificate, from request to stored files.
//!
//! [`Issuer::issue`] is the whole flow; each step of it is a file of this module.

mod account;
mod challenges;
mod error;
mod event;
mod finalize;
mod issuer;
mod order;
mod polling;
mod preflight;
mod published;
mod request;
mod run;

pub use error::{IssueError, Problem, Subproblem, with_causes};
pub use event::{Event, Phase, Summary};
pub use issuer::{Issuer, Outcome};
pub use request::{CertificateAuthority, ExternalAccountBinding, IssueRequest, KeyPolicy};
