//! DNS-01 TXT records at DNSPod / Tencent Cloud DNS.

mod credential;
pub mod tc3;

// The public interface is:
pub use credential::{Credential, CredentialError};
