//! An ACME CA, authoritative DNS and the DNSPod API in one process on loopback, with named faults.
//!
//! All ports are chosen by the system. The sandbox shares no code with the clients that are tried against it: it is
//! a second opinion on what the protocols say.
#![allow(dead_code, reason = "the servers that use these parts follow one by one")]

mod clock;
mod fault;
mod front;
mod serve;
mod tls;

pub use fault::{FAULTS, Fault, FaultError, FaultSpec, FaultValue};
pub use front::LoggedRequest;
