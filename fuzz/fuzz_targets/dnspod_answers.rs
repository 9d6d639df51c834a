//! What API 3.0 and the legacy API answer.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for read in [dnspod_solver::fuzzing::answer, dnspod_solver::fuzzing::legacy_answer] {
        if let Some(text) = read(body) {
            // It ends up on terminals, in logs and in a Kubernetes status, on one line.
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
});
