//! The real parts start and do what the other tests take for granted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::harness::Test;
use e2e::pebble::{Pebble, PebbleOptions};
use e2e::process::output;
use e2e::real_part::{RealPart, small_disk};
use e2e::txt_hook::TxtHook;
use tokio::process::Command;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPart::Pebble] pebble_serves_its_directory_and_its_alternate_roots;
        [RealPart::PebbleWithProfiles] new_pebble_offers_profiles_and_renewal_information;
        [RealPart::SmallDisk] a_small_disk_is_full_after_its_size;
        [RealPart::Certbot] certbot_hook_reaches_the_hook_server;
    }
}

async fn pebble_serves_its_directory_and_its_alternate_roots() {
    let options = PebbleOptions { alternate_roots: 1, ..PebbleOptions::default() };
    let pebble = Pebble::start(options).await.unwrap();
    let directory = pebble.directory().await.unwrap();
    assert!(directory["newOrder"].as_str().unwrap().starts_with("https://127.0.0.1:"));
    assert_ne!(pebble.issuing_root(0).await.unwrap(), pebble.issuing_root(1).await.unwrap());
}

async fn new_pebble_offers_profiles_and_renewal_information() {
    let pebble = Pebble::start(PebbleOptions::default()).await.unwrap();
    let directory = pebble.directory().await.unwrap();
    assert!(directory["meta"]["profiles"]["shortlived"].is_string(), "{directory}");
    assert!(directory["renewalInfo"].is_string(), "{directory}");
}

async fn a_small_disk_is_full_after_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    let write = async |bytes: &str| {
        let mut command = small_disk::command(dir.path(), 64).await.unwrap();
        command.args(["sh", "-c", "head -c $0 /dev/zero > $1", bytes]).arg(&file);
        output(&mut command, Duration::from_secs(20)).await
    };
    write("32768").await.unwrap();
    let reason = write("131072").await.unwrap_err();
    assert!(reason.contains("No space left"), "{reason}");
    assert!(!file.exists(), "only the program sees the disk");
}

async fn certbot_hook_reaches_the_hook_server() {
    let edits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&edits);
    let hook = TxtHook::start(Arc::new(move |name, value, present| {
        seen.lock().unwrap().push((name.to_owned(), value.to_owned(), present));
        Ok(())
    }))
    .await
    .unwrap();
    for verb in ["present", "cleanup"] {
        let mut command = Command::new("python3");
        command
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/real-parts/certbot/txt_hook.py"))
            .args([&hook.endpoint(), verb])
            .env("CERTBOT_DOMAIN", "ws.example")
            .env("CERTBOT_VALIDATION", "value");
        output(&mut command, Duration::from_secs(20)).await.unwrap();
    }
    let edit = |present| ("_acme-challenge.ws.example".to_owned(), "value".to_owned(), present);
    assert_eq!(*edits.lock().unwrap(), [edit(true), edit(false)]);
}
