//! What the end-to-end tests and the benchmark are made of: servers and clients that this project did not write,
//! obtained and cached by themselves; the hook through which those clients edit a zone; a harness that says at the
//! end which of them were there.

pub mod cert_manager;
pub mod certctl;
pub mod chart;
pub mod client_home;
pub mod conformance;
pub mod connect_proxy;
pub mod control_plane;
pub mod daemon;
pub mod dns_relay;
pub mod environment;
pub mod foreign_client;
pub mod harness;
pub mod helm;
pub mod json_lines;
pub mod lego_bridge;
pub mod oracle;
pub mod own_program;
pub mod pebble;
pub mod process;
pub mod real_part;
pub mod revocation;
pub mod scene;
pub mod second_client;
pub mod tencent_sdk;
pub mod txt_hook;
pub mod webhook;
