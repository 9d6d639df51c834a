//! Certificates as issued: read, checked against the request, described, and judged for renewal.

mod chain;
mod error;
mod info;
mod renewal;
mod stored;
#[cfg(test)]
mod test_ca;

pub use chain::{Chain, CheckedCertificate, Expected};
pub use error::CertificateError;
pub use info::CertificateInfo;
pub use renewal::renewal_due;
pub use stored::{NotGood, Wanted, check_stored};
