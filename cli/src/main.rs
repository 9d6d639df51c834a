//! `certctl`.
fn main() {}
