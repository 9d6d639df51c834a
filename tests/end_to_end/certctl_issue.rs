//! `certctl issue` as people run it: from Pebble and from the sandbox's CA, interrupted, and on a full disk.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use acme_core::{Clock as _, SystemClock};
use e2e::certctl::{Certctl, Running};
use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::process::output;
use e2e::real_part::RealPart::{Pebble as RealPebble, SmallDisk};
use e2e::real_part::small_disk;
use sandbox::Sandbox;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [] sandboxs_ca_issues_and_a_second_run_asks_nobody;
        [RealPebble] pebble_issues_a_wildcard;
        [RealPebble] pebble_issues_a_hundred_names;
        [] sigterm_deletes_the_record_and_exits_143;
        [] sigint_deletes_the_record_and_exits_130;
        [] second_signal_ends_at_once;
        [] run_that_was_killed_is_taken_up_and_its_record_swept;
        [] keys_are_readable_by_their_owner_alone;
        [SmallDisk] full_disk_leaves_no_half_certificate_and_no_record;
    }
}

const NAMES: [&str; 2] = ["ws.example", "*.ws.example"];
const CHALLENGE: &str = "_acme-challenge.ws.example";

async fn sandboxs_ca_issues_and_a_second_run_asks_nobody() {
    let sandbox = Sandbox::start().await.unwrap();
    let certctl = Certctl::at_sandbox(&sandbox).unwrap();

    let ended = certctl.issue(&NAMES).await.unwrap();

    assert_eq!(ended.code(), 0, "{ended:#?}");
    let issued = certctl.issued("ws.example").unwrap();
    issued.verify(&sandbox.issuer_root_pem(), &NAMES, SystemClock.now()).unwrap();
    let said = ended.event("issued");
    assert_eq!(said["acme_requests"], sandbox.acme_requests().len());
    assert_eq!(said["provider_calls"], sandbox.dnspod_calls().len());

    sandbox.reset_counts();
    let again = certctl.issue(&NAMES).await.unwrap();
    assert_eq!(again.code(), 0, "{again:#?}");
    assert!(sandbox.acme_requests().is_empty() && sandbox.dnspod_calls().is_empty());
}

async fn pebble_issues(names: &[&str]) {
    let sandbox = Sandbox::start().await.unwrap();
    let options = PebbleOptions { dns: sandbox.name_servers()[0], ..PebbleOptions::default() };
    let pebble = Pebble::start(options).await.unwrap();
    let directory = pebble.directory_url();
    let certctl = Certctl::new(&sandbox, directory.as_str(), pebble.tls_root()).unwrap();

    let ended = certctl.issue(names).await.unwrap();

    assert_eq!(ended.code(), 0, "{ended:#?}");
    let root = pebble.issuing_root(0).await.unwrap();
    let name = names[0].replace('*', "_");
    certctl.issued(&name).unwrap().verify(&root, names, SystemClock.now()).unwrap();
}

async fn pebble_issues_a_wildcard() {
    pebble_issues(&["*.ws.example"]).await;
}

async fn pebble_issues_a_hundred_names() {
    let names: Vec<_> = (0..100).map(|n| format!("n{n}.ws.example")).collect();
    pebble_issues(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

/// A run that waits for a name server which does not show its record.
async fn run_that_waits(sandbox: &Sandbox, certctl: &Certctl) -> Running {
    sandbox.freeze_name_server(1);
    let mut running = certctl.start(&NAMES).await.unwrap();
    running.until("waiting_for_dns").await.unwrap();
    assert_eq!(sandbox.txt_values(CHALLENGE).len(), 2);
    running
}

async fn signal(id: u32, name: &str) {
    // The shell has it built in; the program is not everywhere.
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -s \"$0\" \"$1\"", name, &id.to_string()]);
    output(&mut kill, Duration::from_secs(10)).await.unwrap();
}

async fn signal_deletes_the_record(name: &str, code: i32) {
    let sandbox = Sandbox::start().await.unwrap();
    let certctl = Certctl::at_sandbox(&sandbox).unwrap();
    let running = run_that_waits(&sandbox, &certctl).await;

    let begun = Instant::now();
    signal(running.id(), name).await;
    let ended = running.ended().await.unwrap();

    assert_eq!(ended.code(), code, "{ended:#?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(sandbox.txt_values(CHALLENGE).is_empty());
}

async fn sigterm_deletes_the_record_and_exits_143() {
    signal_deletes_the_record("TERM", 143).await;
}

async fn sigint_deletes_the_record_and_exits_130() {
    signal_deletes_the_record("INT", 130).await;
}

async fn second_signal_ends_at_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let certctl = Certctl::at_sandbox(&sandbox).unwrap();
    let running = run_that_waits(&sandbox, &certctl).await;
    // Deleting takes minutes from now on.
    sandbox.set_fault("round-trip=120000").unwrap();
    let id = running.id();
    signal(id, "TERM").await;
    let mut ended = Box::pin(running.ended());
    assert!(timeout(Duration::from_secs(1), &mut ended).await.is_err(), "it is cleaning up");

    signal(id, "TERM").await;

    let ended = timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
    assert_eq!(ended.code(), 143, "{ended:#?}");
}

async fn run_that_was_killed_is_taken_up_and_its_record_swept() {
    let sandbox = Sandbox::start().await.unwrap();
    let certctl = Certctl::at_sandbox(&sandbox).unwrap();
    let running = run_that_waits(&sandbox, &certctl).await;
    signal(running.id(), "KILL").await;
    assert!(running.ended().await.unwrap().status.code().is_none());
    assert_eq!(sandbox.txt_values(CHALLENGE).len(), 2, "nobody could delete them");

    sandbox.release_name_server(1);
    let ended = certctl.issue(&NAMES).await.unwrap();

    assert_eq!(ended.code(), 0, "{ended:#?}");
    assert_eq!(ended.event("order")["resumed"], true);
    assert!(sandbox.txt_values(CHALLENGE).is_empty());
}

async fn keys_are_readable_by_their_owner_alone() {
    let sandbox = Sandbox::start().await.unwrap();
    let certctl = Certctl::at_sandbox(&sandbox).unwrap();
    assert_eq!(certctl.issue(&NAMES).await.unwrap().code(), 0);
    let mut dirs = vec![certctl.state_dir()];
    let mut files = 0;
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                dirs.push(entry.path());
            } else if metadata.is_file() {
                let mode = metadata.permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{}", entry.path().display());
                files += 1;
            }
        }
    }
    assert!(files >= 5, "the account, the certificate's four files");
}

async fn full_disk_leaves_no_half_certificate_and_no_record() {
    let sandbox = Sandbox::start().await.unwrap();
    let certctl = Certctl::at_sandbox(&sandbox).unwrap();
    fs::create_dir_all(certctl.state_dir()).unwrap();
    let mut outcomes = Vec::new();
    // From too small for an account up to large enough for everything.
    for kib in [4, 8, 12, 16, 20, 24, 28, 32, 400] {
        let disk = small_disk::command(&certctl.state_dir(), kib).await.unwrap();
        let command = certctl.command(Some(disk), &NAMES).await.unwrap();
        let ended = Running::start(command).unwrap().ended().await.unwrap();
        if ended.code() != 0 {
            assert!(ended.stderr.contains("hint:"), "{kib} KiB: {ended:#?}");
            assert!(ended.stderr.contains("No space left"), "{kib} KiB: {ended:#?}");
        }
        assert_eq!(sandbox.txt_values(CHALLENGE), [""; 0], "{kib} KiB: {ended:#?}");
        outcomes.push(ended.code());
    }
    assert_ne!(outcomes.first(), Some(&0));
    assert_eq!(outcomes.last(), Some(&0), "{outcomes:?}");
}
