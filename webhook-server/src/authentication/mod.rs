//! Who a request comes from: front proxy, client certificate, bearer token, or nobody in particular.

mod authenticator;
mod ca_bundle;
mod client_certificate;
mod config_map;
mod request_header;
#[cfg(test)]
mod test_certificates;
mod token_review;
mod trust;
mod trust_keeper;
mod user;

pub(crate) use authenticator::{Authenticator, NotAuthenticated};

#[cfg(any(fuzzing, test))]
pub(crate) use request_header::UserHeaders;
pub use trust::{RequestHeaderFlags, TrustSources};
pub(crate) use trust_keeper::keep_trust;
pub(crate) use user::User;
