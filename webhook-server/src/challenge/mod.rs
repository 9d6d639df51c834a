//! The challenge: what cert-manager asks for, and what it is answered.

mod ambient;
mod calls;
mod clients;
mod events;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod issuer_config;
mod notice;
mod options;
mod payload;
mod propagation;
mod request;
mod secret_credential;
mod secret_error;
mod solve_error;
mod solver;

pub(crate) use calls::Calls;
pub(crate) use payload::{failed, read, succeeded};
pub(crate) use request::ChallengeRequest;

pub use ambient::AmbientCredential;
pub use options::DnspodOptions;
pub(crate) use solver::Solver;
