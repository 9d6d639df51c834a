//! Our cert-manager webhook, as the program that it is, behind a real kube-apiserver.

mod caller;
mod payload;
mod program;
mod running;
mod secret_volume;

pub use caller::{Answer, Caller};
pub use payload::{Challenge, challenge_path};
pub use program::{SOLVER, conformance_command, program};
pub use running::Webhook;
