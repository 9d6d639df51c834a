//! What the kube-apiserver forwards to the webhook: a payload of cert-manager with an Issuer's config in it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| webhook_server::fuzzing::challenge(body));
