//! DNS-01 (RFC 8555 §8.4): publishing TXT records and seeing them at every authoritative server.
//!
//! A [`DnsProvider`] writes the records and a [`TxtLookup`] sees them; [`contract`] is what every provider is checked
//! against. Between them: where to write ([`cname`]), whether the CA may issue at all ([`caa`]), and the wait until every
//! server shows what was written ([`propagation`]).

mod authoritative;
pub mod caa;
pub mod cname;
pub mod contract;
mod lookup;
mod memory;
mod memory_lookup;
pub mod propagation;
mod provider;

#[cfg(fuzzing)]
#[doc(hidden)]
pub use authoritative::dns_answer;
pub use authoritative::{AuthoritativeLookup, AuthoritativeLookupBuilder, NoResolver};
pub use lookup::{Answer, CaaRecord, LookupError, ServerAnswer, TxtLookup};
pub use memory::MemoryProvider;
pub use memory_lookup::MemoryLookup;
pub use provider::{DnsProvider, DnsProviderError, TxtRecord};
