//! Certificates in PEM, as a CA sends them and as files hold them.
#![no_main]

use acme_core::certificate::{CertificateInfo, Chain};
use acme_core::key::PrivateKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|pem: &[u8]| {
    let _ = Chain::from_pem(pem);
    if let Ok(info) = CertificateInfo::from_pem(pem) {
        let shown = info.to_string();
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
    if let Ok(pem) = str::from_utf8(pem) {
        let _ = PrivateKey::from_pem(pem);
    }
});
