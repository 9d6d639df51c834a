//! SIGINT and SIGTERM in the middle of an issuance.

use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::{interval, timeout};

use crate::lab::Lab;

const RECORD: &str = "_acme-challenge.ws.example";
/// What the program promises between the first signal and its end.
const CLEAN_UP: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_signal_deletes_the_txt_records_and_ends_with_its_own_exit_code() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let lab = waiting_lab().await;
        let mut certctl = issuing(&lab).await;
        let begun = Instant::now();
        send(&certctl, signal);
        let status = end(&mut certctl).await;
        assert_eq!(status.code(), Some(code));
        assert!(begun.elapsed() < CLEAN_UP, "{:?}", begun.elapsed());
        assert_eq!(lab.sandbox().txt_values(RECORD), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_signal_ends_it_at_once_and_the_next_run_deletes_what_is_left() {
    let lab = waiting_lab().await;
    let mut certctl = issuing(&lab).await;
    // From now on DNSPod takes longer to answer than a person would wait.
    lab.sandbox().set_fault("round-trip=60000").unwrap();
    let mut lines = BufReader::new(certctl.stderr.take().unwrap()).lines();
    send(&certctl, Signal::INT);
    let stopping = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("stopping") {
                return;
            }
        }
        panic!("it never said that it is stopping");
    };
    timeout(CLEAN_UP, stopping).await.unwrap();
    let begun = Instant::now();
    send(&certctl, Signal::INT);
    assert_eq!(end(&mut certctl).await.code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    // Whether the record is still there is not known here: it stays in the journal.
    assert!(state(&lab).contains(RECORD));

    for fault in ["round-trip", "lagging-name-server"] {
        lab.sandbox().clear_fault(fault).unwrap();
    }
    let next = lab.certctl(&["issue", "--domain", "ws.example"]).output().await.unwrap();
    assert!(next.status.success(), "{}", String::from_utf8_lossy(&next.stderr));
    assert_eq!(lab.sandbox().txt_values(RECORD), [""; 0]);
    assert!(!state(&lab).contains(RECORD));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_sandbox_ends_with_success_at_a_signal() {
    let lab = Lab::empty();
    let mut certctl = lab
        .certctl(&["sandbox", "--zone", "ws.example"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(certctl.stdout.take().unwrap()).lines();
    let mut exports = Vec::new();
    while let Some(line) = timeout(CLEAN_UP, lines.next_line()).await.unwrap().unwrap() {
        let done = line.starts_with("export TENCENTCLOUD_SECRET_KEY=");
        exports.push(line);
        if done {
            break;
        }
    }
    // What it prints is enough to get a certificate.
    let mut other = Lab::empty();
    for export in exports {
        let (variable, value) = export["export ".len()..].split_once('=').unwrap();
        other.variables.insert(variable.to_owned(), value.to_owned());
    }
    let issued = other.certctl(&["issue", "--domain", "*.ws.example"]).output().await.unwrap();
    assert!(issued.status.success(), "{}", String::from_utf8_lossy(&issued.stderr));

    send(&certctl, Signal::TERM);
    assert_eq!(end(&mut certctl).await.code(), Some(0));
}

/// A lab in which an issuance waits for a name server that does not show what is new.
async fn waiting_lab() -> Lab {
    Lab::with(Sandbox::builder().zone("ws.example").fault("lagging-name-server=3600")).await
}

/// An issuance that has created its TXT record.
async fn issuing(lab: &Lab) -> Child {
    let mut command = lab.certctl(&["issue", "--domain", "ws.example"]);
    let certctl = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let created = async {
        let mut looks = interval(Duration::from_millis(10));
        while lab.sandbox().txt_values(RECORD).is_empty() {
            looks.tick().await;
        }
    };
    timeout(Duration::from_secs(30), created).await.expect("the TXT record is created");
    certctl
}

/// `state.json` of the certificate.
fn state(lab: &Lab) -> String {
    std::fs::read_to_string(lab.path().join("state/certificates/ws.example/state.json")).unwrap()
}

fn send(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id().expect("it runs")).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

async fn end(child: &mut Child) -> ExitStatus {
    timeout(Duration::from_secs(30), child.wait()).await.expect("it ends").unwrap()
}
