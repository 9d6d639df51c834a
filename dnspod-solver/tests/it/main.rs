//! Tests of the crate from outside, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers may fail the test as the test itself may"
)]

mod build;
mod calls;
mod connections;
mod credential_chain;
mod credential_sandbox;
mod credential_sources;
mod legacy;
mod legacy_account;
mod legacy_records;
mod legacy_sandbox;
mod legacy_zones;
mod listing;
mod records;
mod sandbox;
mod scripted;
mod tc3;
mod zones;
