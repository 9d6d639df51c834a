//! ACME clients that this project did not write, each getting one certificate.

mod certbot;
mod certbot_plugin;
mod lego;
mod prepared;

pub use certbot::certbot;
pub use certbot_plugin::{CertbotPlugin, PluginOrder, certbot_with};
pub use lego::lego;
pub use prepared::{Order, Prepared};
