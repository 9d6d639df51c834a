//! Messages of name servers, which anyone may send who holds a zone.
#![no_main]

use acme_core::dns01::Answer;
use acme_core::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &[u8]| {
    if let Some(Answer::NotAuthoritative(reason)) = fuzzing::dns_answer(message) {
        // It ends up on terminals and in logs, on one line.
        assert!(!reason.chars().any(char::is_control), "{reason:?}");
    }
});
