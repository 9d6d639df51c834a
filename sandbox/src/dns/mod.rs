//! Authoritative DNS: one store of zones, and the name servers that show it.

mod answer;
mod record;
mod server;
mod state;
mod store;
mod view;
mod zone;

pub(crate) use record::{DEFAULT_LINE_ID, NewRecord, ZoneRecord};
pub use server::LoggedQuery;
pub(crate) use server::{DnsServers, QueryLog};
pub(crate) use store::{AddError, NAME_SERVER_ZONE, ZoneStore};
pub use zone::ZoneStatus;
pub(crate) use zone::{Owner, ZoneInfo};
