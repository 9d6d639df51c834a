use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;

use super::*;
use crate::dns01::{CaaRecord, DnsProvider, MemoryLookup, MemoryProvider};

const TIMEOUT: Duration = Duration::from_secs(60);

fn name(text: &str) -> DnsName {
    DnsName::parse(text).unwrap()
}

fn record(at: &str, value: &str) -> TxtRecord {
    TxtRecord { name: name(at), value: value.to_owned() }
}

async fn provider_with(records: &[TxtRecord]) -> MemoryProvider {
    let provider = MemoryProvider::new([name("ws.example")]);
    for record in records {
        provider.append_txt(record).await.unwrap();
    }
    provider
}

async fn wait_quietly(
    lookup: &dyn TxtLookup,
    records: &[TxtRecord],
) -> Result<(), PropagationError> {
    wait(lookup, records, TIMEOUT, &|_| {}).await
}

#[tokio::test(start_paused = true)]
async fn what_is_visible_at_once_costs_one_question_for_each_name_and_no_wait() {
    let records =
        [record("a.ws.example", "1"), record("a.ws.example", "2"), record("b.ws.example", "3")];
    let lookup = MemoryLookup::new(&provider_with(&records).await);
    let start = Instant::now();
    wait_quietly(&lookup, &records).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(lookup.queries(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_slowest_server_decides_and_is_named_meanwhile() {
    let records = [record("a.ws.example", "1")];
    let lookup = MemoryLookup::new(&provider_with(&records).await)
        .lagging_server(Duration::from_secs(2))
        .lagging_server(Duration::from_secs(10));
    let reports = Mutex::new(Vec::new());
    let start = Instant::now();
    wait(&lookup, &records, TIMEOUT, &|report| reports.lock().unwrap().push(report)).await.unwrap();
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(10), "{waited:?}");
    assert!(waited <= Duration::from_secs(10) + LONGEST_POLL, "{waited:?}");
    let reports = reports.into_inner().unwrap();
    let missing: Vec<usize> = reports
        .iter()
        .map(|report| match report {
            Progress::Waiting { missing, .. } => missing.len(),
            Progress::Visible { servers, .. } => servers * 10,
        })
        .collect();
    assert_eq!(missing, [2, 1, 30], "two lag, then one, then all three answer; nothing twice");
}

#[tokio::test(start_paused = true)]
async fn looks_grow_rarer_up_to_the_longest_poll() {
    let records = [record("a.ws.example", "1")];
    let lookup =
        MemoryLookup::new(&provider_with(&records).await).lagging_server(Duration::from_secs(40));
    wait_quietly(&lookup, &records).await.unwrap();
    // 0, 50, 150, 350, 750, 1550, 3150 ms, then every 3 s up to 42.15 s.
    assert_eq!(lookup.queries(), 2 * (7 + 13));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_complete_is_not_asked_for_again() {
    let early = record("a.ws.example", "1");
    let late = record("b.ws.example", "2");
    let lookup = MemoryLookup::new(&provider_with(&[early.clone(), late.clone()]).await)
        .failing(late.name.clone(), "broken");
    let error = wait_quietly(&lookup, &[early, late]).await.unwrap_err();
    assert!(matches!(error, PropagationError::Lookup(_)), "{error:?}");
    // The looks of one name in 60 s, and one look of the other.
    assert_eq!(lookup.queries(), (7 + 18) + 1);
}

#[tokio::test(start_paused = true)]
async fn every_value_of_a_name_must_be_there() {
    let there = record("a.ws.example", "1");
    let absent = record("a.ws.example", "2");
    let lookup = MemoryLookup::new(&provider_with(std::slice::from_ref(&there)).await);
    let error = wait_quietly(&lookup, &[there, absent.clone()]).await.unwrap_err();
    let PropagationError::NotPropagated { record, waited, servers } = error else {
        panic!("{error:?}");
    };
    assert_eq!((record, waited), (absent, TIMEOUT));
    assert_eq!(servers[0].answer, Answer::Values(vec!["1".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_lame_or_silent_counts_as_missing_and_is_named() {
    for answer in [
        Answer::NotAuthoritative("REFUSED".to_owned()),
        Answer::Unreachable("no answer within 5 s".to_owned()),
        Answer::NoSuchName,
    ] {
        let records = [record("a.ws.example", "1")];
        let lookup = MemoryLookup::new(&provider_with(&records).await).fixed_server(answer.clone());
        let start = Instant::now();
        let error = wait_quietly(&lookup, &records).await.unwrap_err();
        assert_eq!(start.elapsed(), TIMEOUT);
        let PropagationError::NotPropagated { servers, .. } = error else { panic!("{error:?}") };
        assert_eq!(servers[1].answer, answer);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_ipv6_route_does_not_count_beside_a_server_that_answers() {
    let records = [record("a.ws.example", "1")];
    let lookup =
        MemoryLookup::new(&provider_with(&records).await).fixed_server(Answer::NoIpv6Route);
    wait_quietly(&lookup, &records).await.unwrap();
}

/// Gives a fixed list of answers, whatever the name; the first `failures` looks fail.
struct Script {
    failures: AtomicU32,
    answers: Vec<Answer>,
}

#[async_trait]
impl TxtLookup for Script {
    async fn txt(&self, name: &DnsName) -> Result<Vec<ServerAnswer>, LookupError> {
        let left = self.failures.load(Ordering::Relaxed);
        if left > 0 {
            self.failures.store(left - 1, Ordering::Relaxed);
            let reason = "the resolver answered SERVFAIL".to_owned();
            return Err(LookupError::Unanswered { name: name.clone(), reason });
        }
        let answer = |answer: &Answer| ServerAnswer {
            server: "ns.example".to_owned(),
            address: ([192, 0, 2, 1], 53).into(),
            answer: answer.clone(),
        };
        Ok(self.answers.iter().map(answer).collect())
    }

    async fn cname(&self, _: &DnsName) -> Result<Option<DnsName>, LookupError> {
        Ok(None)
    }

    async fn caa(&self, _: &DnsName) -> Result<Vec<CaaRecord>, LookupError> {
        Ok(Vec::new())
    }
}

#[tokio::test(start_paused = true)]
async fn servers_that_are_all_out_of_reach_never_pass_for_visible() {
    for answers in [vec![], vec![Answer::NoIpv6Route]] {
        let lookup = Script { failures: AtomicU32::new(0), answers };
        let error = wait_quietly(&lookup, &[record("a.ws.example", "1")]).await.unwrap_err();
        assert!(matches!(error, PropagationError::NotPropagated { .. }), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_fails_is_tried_again() {
    let answers = vec![Answer::Values(vec!["1".to_owned()])];
    let lookup = Script { failures: AtomicU32::new(3), answers };
    wait_quietly(&lookup, &[record("a.ws.example", "1")]).await.unwrap();
}

/// Answers once that nothing is there, then fails.
struct AnswersOnce(AtomicU32);

#[async_trait]
impl TxtLookup for AnswersOnce {
    async fn txt(&self, name: &DnsName) -> Result<Vec<ServerAnswer>, LookupError> {
        let failures = AtomicU32::new(self.0.fetch_add(1, Ordering::Relaxed));
        Script { failures, answers: vec![Answer::NoSuchName] }.txt(name).await
    }

    async fn cname(&self, _: &DnsName) -> Result<Option<DnsName>, LookupError> {
        Ok(None)
    }

    async fn caa(&self, _: &DnsName) -> Result<Vec<CaaRecord>, LookupError> {
        Ok(Vec::new())
    }
}

#[tokio::test(start_paused = true)]
async fn what_servers_answered_is_reported_though_later_looks_failed() {
    let lookup = AnswersOnce(AtomicU32::new(0));
    let error = wait_quietly(&lookup, &[record("a.ws.example", "1")]).await.unwrap_err();
    let PropagationError::NotPropagated { servers, .. } = error else { panic!("{error:?}") };
    assert_eq!(servers[0].answer, Answer::NoSuchName);
}

#[tokio::test(start_paused = true)]
async fn nothing_to_wait_for_is_no_wait() {
    let lookup = Script { failures: AtomicU32::new(0), answers: Vec::new() };
    wait_quietly(&lookup, &[]).await.unwrap();
}
