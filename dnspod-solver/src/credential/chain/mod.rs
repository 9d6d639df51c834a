//! Which credential a machine is set up with: the environment, files, roles, in the order of Tencent's own tools.

mod environment;
mod error;
mod file;
mod order;
mod sdk_file;
mod tccli_file;

pub use error::ChainError;
pub(super) use file::read_bounded_text;
pub use order::{ChainOptions, Found, FoundCredential, credential_chain};
pub(super) use tccli_file::{Profile, parse as parse_tccli_profile};
