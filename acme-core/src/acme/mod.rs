//! The ACME protocol (RFC 8555). `instant-acme` is used here and nowhere else.
//!
//! - [`client`]: a CA: its directory, accounts at it.
//! - [`account`]: what an account does: orders, challenges, certificates.
//! - [`order`], [`directory`], [`problem`]: what a CA sends, checked before anyone uses it.
//! - [`session`]: the loop around each call; with [`transport`] (one request), [`nonce`] and [`retry`] (how often).
//! - [`signer`], [`key`]: signed requests, by `instant-acme`.
//!
//! What `instant-acme` 0.8.5 cannot do and nothing here makes up for: account keys other than ECDSA P-256, revocation
//! signed by the certificate's key, and a contact within the request for an account that is bound to no external one
//! (it is sent right after).

mod account;
mod client;
mod directory;
mod error;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod key;
mod nonce;
mod order;
mod problem;
mod retry;
mod session;
mod signer;
#[cfg(test)]
mod tests;
mod transport;

pub(crate) use account::{Account, Reply};
pub use client::AcmeClient;
pub(crate) use directory::Directory;
pub(crate) use error::AcmeError;
pub(crate) use key::AccountKey;
pub(crate) use order::{
    Authorization, AuthorizationStatus, Challenge, ChallengeStatus, Order, OrderStatus,
};
