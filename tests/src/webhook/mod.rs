//! Our cert-manager webhook, as the program that it is: behind a real kube-apiserver as [`Webhook`], and as the
//! [`Pod`] that its chart's Deployment describes.

mod caller;
mod payload;
mod pod;
mod program;
mod running;
mod secret_volume;

pub use caller::{Answer, Caller};
pub use payload::{Challenge, challenge_path};
pub use pod::Pod;
pub use program::{SOLVER, conformance_command, program};
pub use running::Webhook;
