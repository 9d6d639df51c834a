//! The header Retry-After, in seconds and as a date.
#![no_main]

use acme_core::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (i64, &[u8])| {
    let (now, value) = input;
    fuzzing::retry_after(value, now);
});
