//! The webhook against a kube-apiserver that answers as the test says, and the sandbox's DNSPod.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod authentication;
mod authorization;
mod bodies;
mod challenges;
mod clean_up;
mod client;
mod cluster;
mod connections;
mod discovery;
mod documents;
mod events;
mod hostile_dnspod;
mod hostile_requests;
mod issuers;
mod metrics;
mod pki;
mod program;
mod propagation;
mod provider;
mod rotation;
mod scene;
mod secrets;
mod self_signed;
mod stopping;
