//! The layout, the switch, and what is left of killed runs, in one process.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::store::contract;

fn scratch() -> (tempfile::TempDir, FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path().join("state")).unwrap();
    (directory, store)
}

fn certificate() -> Entry {
    Entry::Certificate("_.ws.example".to_owned())
}

/// A document whose files all hold `marker`.
fn marked(entry: &Entry, marker: &str) -> Document {
    entry.files().iter().fold(Document::default(), |document, file| document.with(file, marker))
}

fn names_below(directory: &Path) -> Vec<String> {
    let mut names = write::names_in(directory).unwrap();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let (_directory, store) = scratch();
    contract::check(&store).await.unwrap();
    let left = names_below(&store.root().join(CERTIFICATES));
    for name in left {
        assert_eq!(names_below(&store.root().join(CERTIFICATES).join(name))[0], ".lock");
    }
}

#[tokio::test]
async fn files_are_where_people_look_for_them() {
    let (_directory, store) = scratch();
    let name = "_.ws.example".to_owned();
    for (entry, file) in [
        (Entry::Account("ca.example".to_owned()), "accounts/ca.example/account.json"),
        (Entry::Request(name.clone()), "certificates/_.ws.example/request.json"),
        (Entry::State(name.clone()), "certificates/_.ws.example/state.json"),
        (Entry::PendingKey(name.clone()), "certificates/_.ws.example/pending/privkey.pem"),
        (Entry::Certificate(name.clone()), "certificates/_.ws.example/current/fullchain.pem"),
    ] {
        store.save(&entry, &marked(&entry, "contents")).await.unwrap();
        let path = store.root().join(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "contents");
        assert!(path.starts_with(store.location(&entry)), "{}", store.location(&entry));
    }
    let current = fs::read_link(store.root().join("certificates/_.ws.example/current")).unwrap();
    assert_eq!(current, Path::new("0001"));
    assert_eq!(store.list().await.unwrap(), [name]);
}

#[tokio::test]
async fn the_generation_before_is_kept_and_older_ones_go() {
    let (_directory, store) = scratch();
    let entry = certificate();
    for marker in ["1", "2", "3", "4"] {
        store.save(&entry, &marked(&entry, marker)).await.unwrap();
    }
    let directory = store.directory(&entry).unwrap();
    assert_eq!(names_below(&directory), ["0003", "0004", "current"]);
    assert_eq!(fs::read(directory.join("0003/cert.pem")).unwrap(), b"3");
}

#[tokio::test]
async fn what_a_killed_run_left_is_ignored_and_removed_by_the_next_holder_of_the_lock() {
    let (_directory, store) = scratch();
    let entry = certificate();
    for marker in ["1", "2"] {
        store.save(&entry, &marked(&entry, marker)).await.unwrap();
    }
    let directory = store.directory(&entry).unwrap();
    // Killed while it wrote, before it switched, and while it removed the one before the last.
    for path in [".new-1/cert.pem", "0003/cert.pem", "0000/cert.pem"] {
        fs::create_dir(directory.join(path).parent().unwrap()).unwrap();
        fs::write(directory.join(path), "half").unwrap();
    }
    fs::write(directory.join(".new-2"), "half").unwrap();
    std::os::unix::fs::symlink("0003", directory.join(".new-3")).unwrap();

    assert_eq!(store.load(&entry).await.unwrap(), Some(marked(&entry, "2")));
    drop(store.lock(&entry, Duration::ZERO).await.unwrap());
    assert_eq!(names_below(&directory), [".lock", "0001", "0002", "current"]);
    assert_eq!(store.load(&entry).await.unwrap(), Some(marked(&entry, "2")));
    store.save(&entry, &marked(&entry, "3")).await.unwrap();
    assert_eq!(store.load(&entry).await.unwrap(), Some(marked(&entry, "3")));
}

#[tokio::test]
async fn an_unfinished_generation_that_was_not_switched_to_is_not_overwritten_in_place() {
    let (_directory, store) = scratch();
    let entry = certificate();
    store.save(&entry, &marked(&entry, "1")).await.unwrap();
    let directory = store.directory(&entry).unwrap();
    fs::create_dir(directory.join("0002")).unwrap();
    fs::write(directory.join("0002/privkey.pem"), "half").unwrap();
    store.save(&entry, &marked(&entry, "3")).await.unwrap();
    assert_eq!(store.load(&entry).await.unwrap(), Some(marked(&entry, "3")));
    assert_eq!(fs::read_link(directory.join(CURRENT)).unwrap(), Path::new("0003"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_sees_a_mismatched_pair_during_a_thousand_switches() {
    const SWITCHES: usize = 1_000;
    // In memory where that can be had: the disk would be waited for seven times a switch.
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let entry = certificate();
    store.save(&entry, &marked(&entry, "0")).await.unwrap();
    let done = std::sync::Arc::new(AtomicBool::new(false));

    let (reading, stop, reader_entry) = (store.clone(), done.clone(), entry.clone());
    let reader = tokio::spawn(async move {
        let mut last = 0;
        let mut changes = 0;
        while !stop.load(Ordering::Relaxed) {
            let document = reading.load(&reader_entry).await.unwrap().unwrap();
            let marker = String::from_utf8(document.get("privkey.pem").unwrap().to_vec()).unwrap();
            assert!(document == marked(&reader_entry, &marker), "mixed: {document:?}");
            let marker: usize = marker.parse().unwrap();
            assert!(marker >= last, "went back from {last} to {marker}");
            changes += usize::from(marker > last);
            last = marker;
        }
        changes
    });
    // A program that is not ours: it follows the link once, then reads the pair.
    let (stop, directory) = (done.clone(), store.directory(&entry).unwrap());
    let stranger = tokio::task::spawn_blocking(move || {
        let mut pairs = 0;
        while !stop.load(Ordering::Relaxed) {
            let generation = fs::read_link(directory.join(CURRENT)).unwrap();
            let read = |file| fs::read(directory.join(&generation).join(file));
            // It is gone only after two more switches.
            if let (Ok(certificate), Ok(key)) = (read("fullchain.pem"), read("privkey.pem")) {
                assert_eq!(certificate, key);
                pairs += 1;
            }
        }
        pairs
    });

    for switch in 1..=SWITCHES {
        store.save(&entry, &marked(&entry, &switch.to_string())).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    assert!(reader.await.unwrap() > 10 && stranger.await.unwrap() > 10);
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_damage_and_is_not_followed() {
    let (_directory, store) = scratch();
    let entry = certificate();
    store.save(&entry, &marked(&entry, "1")).await.unwrap();
    let directory = store.directory(&entry).unwrap();
    for target in ["../../../secret", "/etc", "1", "0002"] {
        fs::remove_file(directory.join(CURRENT)).unwrap();
        std::os::unix::fs::symlink(target, directory.join(CURRENT)).unwrap();
        let error = store.load(&entry).await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{target}: {error}");
    }
}

#[tokio::test]
async fn a_file_larger_than_any_of_ours_is_not_read() {
    let (_directory, store) = scratch();
    let entry = Entry::State("ws.example".to_owned());
    store.save(&entry, &marked(&entry, "{}")).await.unwrap();
    let path = store.root().join(entry.to_string());
    File::options().write(true).open(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
    assert!(matches!(store.load(&entry).await, Err(StoreError::Io { doing: "read", .. })));
}

#[tokio::test]
async fn a_root_that_cannot_be_one_is_a_clear_error_at_once() {
    let (directory, _store) = scratch();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = FileStore::open(&file).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read {}", file.display()));
    assert!(FileStore::open(file.join("state")).is_err());
}

#[tokio::test]
async fn a_check_for_writing_makes_the_root_and_leaves_nothing_in_it() {
    let (_directory, store) = scratch();
    assert!(!store.root().exists());
    assert!(store.load(&certificate()).await.unwrap().is_none());
    assert!(store.list().await.unwrap().is_empty());
    assert!(!store.root().exists(), "reading must not write");
    store.check_writable().await.unwrap();
    fs::write(store.root().join(".new-left"), "").unwrap();
    store.check_writable().await.unwrap();
    assert!(names_below(store.root()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_lock_gives_up_at_the_deadline() {
    let (_directory, store) = scratch();
    let entry = Entry::State("ws.example".to_owned());
    let held = store.lock(&entry, Duration::ZERO).await.unwrap();
    let begun = tokio::time::Instant::now();
    let wait = Duration::from_secs(600);
    let error = store.lock(&entry, wait).await.err().unwrap();
    assert_eq!(begun.elapsed(), wait);
    assert!(matches!(error, StoreError::Locked { waited, .. } if waited == wait));
    assert!(error.to_string().contains("certificates/ws.example"), "{error}");
    drop(held);
    store.lock(&entry, Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn a_save_whose_caller_is_cancelled_is_carried_through_and_keeps_the_lock_until_then() {
    let (_directory, store) = scratch();
    let entry = certificate();
    for round in 1..=10 {
        let document = marked(&entry, &round.to_string());
        let held = store.lock(&entry, Duration::ZERO).await.unwrap();
        let save = store.save(&entry, &document);
        assert!(futures_util::FutureExt::now_or_never(save).is_none(), "it did not begin to wait");
        drop(held);
        let next = FileStore::open(store.root()).unwrap();
        let _held = next.lock(&entry, Duration::from_secs(20)).await.unwrap();
        assert!(next.load(&entry).await.unwrap() == Some(document), "round {round}");
    }
}
