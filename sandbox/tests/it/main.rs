//! The sandbox as its clients see it: sockets only, and the public API for what happens behind them.
#![expect(clippy::unwrap_used, reason = "a failure here fails a test, which is what it is for")]

mod ask;
mod building;
mod captures;
mod changing_zones;
mod dnspod_domains;
mod dnspod_faults;
mod dnspod_permissions;
mod dnspod_plans;
mod dnspod_records;
mod dnspod_requests;
mod legacy_client;
mod legacy_domains;
mod legacy_records;
mod legacy_requests;
mod metadata;
mod name_servers;
mod sts;
mod tencent_client;
