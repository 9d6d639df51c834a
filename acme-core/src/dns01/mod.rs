//! DNS-01 (RFC 8555 §8.4): publishing TXT records and seeing them at every authoritative server.

pub mod contract;
mod lookup;
mod memory;
mod provider;

pub use lookup::{Answer, CaaRecord, LookupError, ServerAnswer, TxtLookup};
pub use memory::MemoryProvider;
pub use provider::{DnsProvider, DnsProviderError, TxtRecord};
