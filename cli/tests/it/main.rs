//! Tests that run the binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod events;
mod lab;
mod signals;
mod transcript;
