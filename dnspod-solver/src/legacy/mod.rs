//! The legacy DNSPod API, of dnsapi.cn and of the international site: forms, a DNSPod token, numbered codes.
//!
//! Its manual is <https://docs.dnspod.cn/api/>, that of the international site <https://docs.dnspod.com/api/>.

mod client;
mod codes;
#[cfg(fuzzing)]
mod fuzzing;
mod lenient;
mod page;
mod records;
mod transport;
mod user_agent;
mod zones;

pub(crate) use client::Client;
#[cfg(fuzzing)]
pub use fuzzing::answer;
pub(crate) use transport::Transport;
pub use user_agent::check_contact;
pub(crate) use user_agent::user_agent;
