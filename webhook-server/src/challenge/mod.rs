//! The challenge: what cert-manager asks for, and what it is answered.

mod calls;
mod config;
mod payload;
mod request;
mod solve_error;
mod solver;

pub(crate) use calls::Calls;
pub(crate) use payload::{failed, read, succeeded};
pub(crate) use request::ChallengeRequest;

pub use solver::DnspodOptions;
pub(crate) use solver::Solver;
