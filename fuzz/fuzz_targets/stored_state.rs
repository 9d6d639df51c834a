//! `state.json` and `request.json`, which people may edit and disks may damage.
#![no_main]

use acme_core::store::{CertificateState, StoredRequest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    if let Ok(state) = serde_json::from_slice::<CertificateState>(json) {
        let written = serde_json::to_vec(&state).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<CertificateState>(&written).ok(), Some(state));
    }
    let _ = serde_json::from_slice::<StoredRequest>(json);
});
