//! The whole flow through [`acme_core::issue::Issuer`], against the sandbox and what it can do wrong.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod account;
mod cancelled;
mod dns;
mod dropped;
mod events;
mod hostile_ca;
mod parallel;
mod provider;
mod rate_limits;
mod reissue;
mod resume;
mod scene;
mod unreliable_ca;
