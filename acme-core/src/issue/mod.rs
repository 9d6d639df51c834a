//! One certificate, from request to stored files.

mod error;
mod event;
mod request;

pub use error::{IssueError, Problem, Subproblem};
pub use event::{Event, Phase, Summary};
pub use request::{CertificateAuthority, ExternalAccountBinding, IssueRequest, KeyPolicy};
