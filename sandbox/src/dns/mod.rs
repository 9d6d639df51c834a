//! Authoritative DNS: one store of zones, and the name servers that show it.

mod answer;
mod record;
mod server;
mod zone;

pub(crate) use record::{NewRecord, ZoneRecord};
pub use server::LoggedQuery;
pub(crate) use server::{DnsServers, QueryLog};
pub use zone::ZoneStatus;
pub(crate) use zone::{AddError, NAME_SERVER_ZONE, Owner, ZoneInfo, ZoneStore};
