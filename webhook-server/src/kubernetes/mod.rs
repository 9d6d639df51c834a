//! Calls of the kube-apiserver.

mod api_service;
mod call;
mod secret;
mod send;

pub(crate) use api_service::set_ca_bundle;
pub(crate) use call::{CallError, call};
pub(crate) use secret::{SecretData, create_secret, read_secret, update_secret};
pub(crate) use send::send;
