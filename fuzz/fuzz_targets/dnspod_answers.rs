//! What API 3.0 answers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Some(text) = dnspod_solver::fuzzing::answer(body) {
        // It ends up on terminals, in logs and in a Kubernetes status, on one line.
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
});
