//! The sandbox's CA as an ACME client sees it, through a client that is only here and shares no code with it.
#![expect(clippy::unwrap_used, reason = "a failure here fails a test, which is what it is for")]

mod accounts;
mod challenges;
mod client;
mod faults;
mod issuance;
mod orders;
mod renewal_info;
mod requests;
mod revocation;
