//! Names from a command line, a configuration or a CA.
#![no_main]

use acme_core::{DnsName, Identifier};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    if let Ok(parsed) = DnsName::parse(name) {
        // What comes out is in its final form.
        assert_eq!(DnsName::parse(parsed.as_str()).as_ref(), Ok(&parsed));
        assert!(parsed.as_str().len() <= 253);
        assert!(parsed.parent().is_none_or(|parent| parsed.is_in(&parent)));
    }
    if let Ok(parsed) = Identifier::parse(name) {
        assert_eq!(Identifier::parse(&parsed.to_string()).as_ref(), Ok(&parsed));
        let file = acme_core::store::certificate_name(&parsed);
        assert!(!file.contains(['/', '\\', '*']) && !file.starts_with('.'), "{file:?}");
    }
});
