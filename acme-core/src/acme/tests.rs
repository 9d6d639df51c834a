//! The client against a whole CA, the sandbox's, that does what no CA should.

mod answers;
mod flow;
mod hostile;
mod nonces;
mod overload;
