//! Values of CAA records, which anyone may put into the DNS.
#![no_main]

use acme_core::dns01::{CaaRecord, LookupError, ServerAnswer, TxtLookup, caa};
use acme_core::{DnsName, Identifier};
use futures_util::FutureExt as _;
use libfuzzer_sys::fuzz_target;

struct Records(Vec<(bool, String, String)>);

#[async_trait::async_trait]
impl TxtLookup for Records {
    async fn txt(&self, _: &DnsName) -> Result<Vec<ServerAnswer>, LookupError> {
        Ok(Vec::new())
    }

    async fn cname(&self, _: &DnsName) -> Result<Option<DnsName>, LookupError> {
        Ok(None)
    }

    async fn caa(&self, _: &DnsName) -> Result<Vec<CaaRecord>, LookupError> {
        let record = |(critical, tag, value): &(bool, String, String)| CaaRecord {
            critical: *critical,
            tag: tag.clone(),
            value: value.clone(),
        };
        Ok(self.0.iter().map(record).collect())
    }
}

fuzz_target!(|records: Vec<(bool, String, String)>| {
    let identifier = Identifier::parse("*.ws.example").expect("a name");
    let account = "https://ca.example/account/1".parse().expect("an URL");
    let judged =
        caa::check(&Records(records), &[identifier], &["ca.example".to_owned()], Some(&account))
            .now_or_never()
            .expect("nothing is waited for");
    if let Err(refusal) = judged {
        assert!(!refusal.reason.chars().any(char::is_control), "{:?}", refusal.reason);
    }
});
