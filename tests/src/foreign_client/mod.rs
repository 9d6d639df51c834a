//! ACME clients that this project did not write, each getting one certificate.

mod certbot;
mod lego;
mod prepared;

pub use certbot::certbot;
pub use lego::lego;
pub use prepared::{Order, Prepared};
