//! Waiting for name servers of the sandbox that lag.

use std::sync::Mutex;
use std::time::Duration;

use acme_core::dns01::propagation::{Progress, PropagationError, wait};
use acme_core::dns01::{Answer, TxtRecord};

use crate::{by_delegation, name, sandbox, values};

fn record(at: &str, value: &str) -> TxtRecord {
    TxtRecord { name: name(at), value: value.to_owned() }
}

#[tokio::test]
async fn the_wait_ends_when_the_last_server_shows_the_last_value() {
    let sandbox = sandbox().await;
    assert!(sandbox.freeze_name_server(1));
    let records = [
        record("_acme-challenge.ws.example", "apex"),
        record("_acme-challenge.ws.example", "wildcard"),
        record("_acme-challenge.example.test", "other"),
    ];
    for record in &records {
        sandbox.add_record(record.name.as_str(), "TXT", &record.value).unwrap();
    }
    let waited_for = Mutex::new(Vec::new());
    let visible = Mutex::new(Vec::new());
    let lookup = by_delegation(&sandbox);
    wait(&lookup, &records, Duration::from_secs(30), &|progress| match progress {
        Progress::Waiting { name, missing } => {
            let mut waited_for = waited_for.lock().unwrap();
            waited_for.push((name, missing));
            if waited_for.len() == 2 {
                assert!(sandbox.release_name_server(1));
            }
        }
        Progress::Visible { record, servers } => visible.lock().unwrap().push((record, servers)),
        other => panic!("{other:?}"),
    })
    .await
    .unwrap();
    for (name, missing) in waited_for.into_inner().unwrap() {
        assert_eq!(missing.len(), 1, "{name}");
        assert_eq!(missing[0].server, "ns2.nameserver.test");
        assert_eq!(missing[0].answer, Answer::NoSuchName);
    }
    let mut visible = visible.into_inner().unwrap();
    visible.sort();
    let mut expected = records.map(|record| (record, 2));
    expected.sort();
    assert_eq!(visible, expected);
}

#[tokio::test]
async fn the_error_of_a_wait_in_vain_holds_what_every_server_answered_last() {
    let sandbox = sandbox().await;
    let record = record("_acme-challenge.ws.example", "value");
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "stale").unwrap();
    assert!(sandbox.freeze_name_server(1));
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "value").unwrap();
    let timeout = Duration::from_millis(200);
    let records = std::slice::from_ref(&record);
    let error = wait(&by_delegation(&sandbox), records, timeout, &|_| {}).await.unwrap_err();
    let PropagationError::NotPropagated { record: missing, waited, servers } = error else {
        panic!("{error:?}");
    };
    assert_eq!((missing, waited), (record, timeout));
    let answers: Vec<_> = servers.into_iter().map(|server| server.answer).collect();
    assert_eq!(answers, [values(&["stale", "value"]), values(&["stale"])]);
}
