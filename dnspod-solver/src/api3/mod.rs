//! Tencent Cloud API 3.0: how any product of it is called, and the actions of `dnspod`, version 2021-03-23.
//!
//! Only actions and fields that the Chinese and the international site have in common are used.

mod actions;
mod client;
mod codes;
mod transport;

#[cfg(fuzzing)]
pub use actions::answer;
pub(crate) use client::{Client, dnspod};
pub(crate) use codes::meaning;
pub(crate) use transport::{Product, Transport, server_time};
