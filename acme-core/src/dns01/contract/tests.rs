//! The suite fails providers that are broken, each in one way.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::*;
use crate::dns01::{DnsProviderError, MemoryProvider, TxtRecord};

fn name(text: &str) -> DnsName {
    DnsName::parse(text).unwrap()
}

/// One way to break the contract.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    AppendReplacesOthers,
    AppendOfEqualFails,
    DeleteByPrefix,
    DeleteIgnoresCase,
    DeleteOfAbsentFails,
    DeleteOnlyWhatItAppended,
    DeletesEverything,
    LosesParallelAppends,
    NeverReturns,
    ReadsOnePage,
    RetriesRefusedCredential,
    ReportsRefusedAsUnavailable,
    ShortestZone,
    SuffixOfText,
    UnicodeZoneNotFound,
    WritesNothing,
}

struct Broken {
    fault: Fault,
    records: MemoryProvider,
    /// What this instance remembers of its own appends.
    appended: std::sync::Mutex<Vec<TxtRecord>>,
    requests: Arc<AtomicU64>,
}

const PAGE: usize = 10;

#[async_trait]
impl DnsProvider for Broken {
    async fn append_txt(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let before = self.records.values(&record.name);
        self.appended.lock().unwrap().push(record.clone());
        match self.fault {
            Fault::AppendReplacesOthers => self.delete_all(&record.name).await,
            Fault::AppendOfEqualFails if before.contains(&record.value) => {
                return Err(rejected("there already"));
            }
            Fault::LosesParallelAppends => {
                // Read, wait for the answer, write the whole set back.
                tokio::task::yield_now().await;
                self.delete_all(&record.name).await;
                for value in before {
                    self.put(&record.name, &value).await?;
                }
            }
            Fault::NeverReturns => std::future::pending().await,
            Fault::ReadsOnePage if before.iter().skip(PAGE).any(|one| *one == record.value) => {
                return Err(rejected("there already, on a page that was not read"));
            }
            Fault::RetriesRefusedCredential => {
                self.requests.fetch_add(2, Ordering::Relaxed);
            }
            Fault::ReportsRefusedAsUnavailable => {
                return self.records.append_txt(record).await.map_err(|_| unavailable());
            }
            Fault::ShortestZone => {
                let text = record.name.as_str().replace(".nested.ws.example", ".ws.example");
                return self.put(&name(&text), &record.value).await;
            }
            Fault::SuffixOfText => {
                let text = record.name.as_str().replace("contract-ws.example", "ws.example");
                return self.put(&name(&text), &record.value).await;
            }
            Fault::UnicodeZoneNotFound if record.name.as_str().contains("xn--") => {
                return Err(rejected("no such zone"));
            }
            Fault::WritesNothing => return Ok(()),
            _ => {}
        }
        self.records.append_txt(record).await
    }

    async fn delete_txt(&self, record: &TxtRecord) -> Result<(), DnsProviderError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let before = self.records.values(&record.name);
        let remembered = self.appended.lock().unwrap().contains(record);
        let also: Vec<String> = match self.fault {
            Fault::DeleteByPrefix => {
                before.into_iter().filter(|value| value.starts_with(&record.value)).collect()
            }
            Fault::DeleteIgnoresCase => {
                before.into_iter().filter(|one| one.eq_ignore_ascii_case(&record.value)).collect()
            }
            Fault::DeleteOfAbsentFails if !before.contains(&record.value) => {
                return Err(rejected("not there"));
            }
            Fault::DeleteOnlyWhatItAppended if !remembered => return Ok(()),
            Fault::DeletesEverything => before,
            Fault::ReadsOnePage if before.iter().skip(PAGE).any(|one| *one == record.value) => {
                return Ok(());
            }
            _ => Vec::new(),
        };
        for value in also {
            self.records.delete_txt(&TxtRecord { name: record.name.clone(), value }).await?;
        }
        self.records.delete_txt(record).await
    }
}

impl Broken {
    fn new(fault: Fault, records: &MemoryProvider) -> Self {
        Self {
            fault,
            records: records.clone(),
            appended: std::sync::Mutex::default(),
            requests: Arc::default(),
        }
    }

    async fn put(&self, name: &DnsName, value: &str) -> Result<(), DnsProviderError> {
        let record = TxtRecord { name: name.clone(), value: value.to_owned() };
        self.records.append_txt(&record).await
    }

    async fn delete_all(&self, name: &DnsName) {
        for value in self.records.values(name) {
            self.records.delete_txt(&TxtRecord { name: name.clone(), value }).await.unwrap();
        }
    }
}

fn rejected(reason: &str) -> DnsProviderError {
    let [provider, name] = ["broken", "a name"].map(str::to_owned);
    DnsProviderError::Rejected { provider, name, reason: reason.to_owned() }
}

fn unavailable() -> DnsProviderError {
    DnsProviderError::Unavailable { provider: "broken".to_owned(), reason: "down".to_owned() }
}

/// The names of the checks that a provider with this fault fails.
async fn failures_of(fault: Fault) -> Vec<&'static str> {
    let zones = ["ws.example", "nested.ws.example", "xn--bcher-kva.example"];
    let records = MemoryProvider::new(zones.map(name));
    let crowded = name("_acme-challenge.crowded.ws.example");
    for n in 0..2 * PAGE {
        let value = format!("foreign-{n}");
        records.append_txt(&TxtRecord { name: crowded.clone(), value }).await.unwrap();
    }
    let revoked = MemoryProvider::new([]);
    revoked.refuse_credential();
    let refused = Broken::new(fault, &revoked);
    let requests = refused.requests.clone();

    let view = records.clone();
    let provider = Arc::new(Broken::new(fault, &records));
    let mut subject = Subject::new(provider, name("ws.example"), move |zone, name| {
        let values = view.values_in(&zone, &name);
        async move { Ok(values) }
    });
    subject.second = Some(Arc::new(Broken::new(fault, &records)));
    subject.nested_zone = Some(name("nested.ws.example"));
    subject.idn_zone = Some(name("xn--bcher-kva.example"));
    subject.crowded_name = Some(crowded);
    subject.refused = Some(RefusedCredential {
        provider: Arc::new(refused),
        requests: Arc::new(move || requests.load(Ordering::Relaxed)),
    });
    let report = check(&subject).await;
    assert_eq!(report.not_applicable().count(), 0, "{report}");
    report.failed().map(|check| check.name).collect()
}

#[tokio::test(start_paused = true)]
async fn every_broken_provider_fails_the_check_that_is_about_its_fault() {
    for (fault, expected) in [
        (Fault::AppendReplacesOthers, "appending leaves other values alone"),
        (Fault::AppendOfEqualFails, "appending what is there succeeds"),
        (Fault::DeleteByPrefix, "deleting removes only the equal value"),
        (Fault::DeleteIgnoresCase, "deleting removes only the equal value"),
        (Fault::DeleteOfAbsentFails, "deleting what is absent succeeds"),
        (Fault::DeleteOnlyWhatItAppended, "deleting needs no memory of appending"),
        (Fault::DeletesEverything, "deleting removes only the equal value"),
        (Fault::LosesParallelAppends, "parallel appends at one name all stay"),
        (Fault::NeverReturns, "appending puts the value at the name"),
        (Fault::ReadsOnePage, "every page is read"),
        (Fault::RetriesRefusedCredential, "a refused credential is reported at once"),
        (Fault::ReportsRefusedAsUnavailable, "a refused credential is reported at once"),
        (Fault::ShortestZone, "the longest zone is written to"),
        (Fault::SuffixOfText, "a zone matches whole labels only"),
        (Fault::UnicodeZoneNotFound, "an international zone is found"),
        (Fault::WritesNothing, "appending puts the value at the name"),
    ] {
        let failures = failures_of(fault).await;
        assert!(failures.contains(&expected), "{fault:?} failed {failures:?}");
    }
}

#[tokio::test]
async fn faults_of_one_verb_fail_no_check_of_another() {
    let failures = failures_of(Fault::DeleteIgnoresCase).await;
    assert_eq!(failures, ["deleting removes only the equal value"]);
}

#[tokio::test]
async fn what_the_subject_lacks_is_reported_and_nothing_is_left_behind() {
    let zone = name("ws.example");
    let records = MemoryProvider::new([zone.clone()]);
    let seen: Arc<std::sync::Mutex<Vec<DnsName>>> = Arc::default();
    let (view, names) = (records.clone(), seen.clone());
    let subject = Subject::new(Arc::new(records.clone()), zone.clone(), move |zone, name| {
        names.lock().unwrap().push(name.clone());
        let values = view.values_in(&zone, &name);
        async move { Ok(values) }
    });
    // Spawned, because a suite must run on any runtime.
    let report = tokio::spawn(async move { check(&subject).await }).await.unwrap();
    report.assert();
    assert_eq!(report.not_applicable().count(), 5, "{report}");
    assert!(report.to_string().contains("n/a     every page is read: no name"), "{report}");
    for name in seen.lock().unwrap().iter() {
        assert!(records.values(name).is_empty(), "{name}");
    }
}
