//! The head of a request at the webhook: method, path, and the headers by which a front proxy names a user.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|head: &[u8]| webhook_server::fuzzing::request_head(head));
