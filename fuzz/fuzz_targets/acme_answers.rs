//! What a CA sends as JSON: directories, orders, authorizations, challenges, problem documents.
#![no_main]

use acme_core::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, bool, &[u8])| {
    let (status, local, body) = input;
    fuzzing::directory(body, local);
    fuzzing::order(body, local);
    fuzzing::authorization(body, local);
    fuzzing::challenge(body, local);
    let text = fuzzing::problem(status, body);
    // It ends up on terminals and in logs, on one line.
    assert!(!text.chars().any(char::is_control), "{text:?}");
});
