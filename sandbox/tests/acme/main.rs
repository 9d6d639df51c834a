//! The sandbox's CA as an ACME client sees it, through a client that is only here and shares no code with it.
#![expect(clippy::unwrap_used, reason = "a failure here fails a test, which is what it is for")]

mod client;
mod issuance;
