//! Certificates by ACME with DNS-01.

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
pub use acme::fuzzing;

// The public interface is:
pub use acme::AcmeClient;
pub use clock::{Clock, ManualClock, SystemClock};
pub use identifier::{DnsName, Identifier, IdentifierError, IdentifierList};
