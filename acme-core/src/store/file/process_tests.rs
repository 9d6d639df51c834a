//! What needs a process of its own: kills, the umask, a full disk.
//!
//! Each test starts this test program again to run one of the ignored tests at the end, in a scratch directory that is
//! marked as such. They do nothing anywhere else.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::{Document, Entry, Store, StoreError};
use super::FileStore;

#[tokio::test]
async fn a_lock_is_free_when_its_holder_is_killed() {
    let scratch = scratch();
    let store = FileStore::open(scratch.path()).unwrap();
    let mut holder = Started::new(&scratch, &[], "hold_the_lock");
    holder.wait_for("held");
    let held = store.lock(&entry(), Duration::ZERO).await;
    assert!(matches!(held, Err(StoreError::Locked { .. })));
    holder.kill();
    store.lock(&entry(), Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_a_whole_document() {
    const KILLS: usize = 25;
    let scratch = scratch();
    let store = FileStore::open(scratch.path()).unwrap();
    store.save(&entry(), &marked("0")).await.unwrap();
    let mut last = 0;
    for round in 0..KILLS {
        let mut writer = Started::new(&scratch, &[], "save_until_killed");
        // It prints after each save, and the kill strikes somewhere in one of those that follow.
        for _ in 0..=round % 3 {
            writer.wait_for("saved");
        }
        writer.kill();
        let document = store.load(&entry()).await.unwrap().unwrap();
        let marker = std::str::from_utf8(document.get("privkey.pem").unwrap()).unwrap().to_owned();
        assert!(document == marked(&marker), "mixed: {document:?}");
        let marker: usize = marker.parse().unwrap();
        assert!(marker > last, "{marker} after {last}");
        last = marker;
        drop(store.lock(&entry(), Duration::ZERO).await.unwrap());
        let directory = scratch.path().join("certificates/ws.example");
        let left = super::write::names_in(&directory).unwrap();
        assert!(left.len() <= 4 && !left.iter().any(|name| name.starts_with(".new")), "{left:?}");
    }
}

#[test]
fn no_umask_lets_others_see_a_file_at_any_moment() {
    let scratch = scratch();
    let mut child = Started::new(&scratch, &["sh", "-c", "umask 0; exec \"$@\"", "sh"], "save_all");
    child.wait_for("saved all");
}

#[test]
fn a_full_disk_or_one_that_is_read_only_leaves_the_old_document_whole() {
    let scratch = scratch();
    let mount = "mount -t tmpfs -o size=512k state \"$PWD\"";
    let mounted = format!("{mount} && cd \"$PWD\" && touch scratch && exec \"$@\"");
    let isolated = ["unshare", "--mount", "--map-root-user", "sh", "-c"];
    let tried = Command::new(isolated[0])
        .args(&isolated[1..])
        .arg(mount)
        .current_dir(scratch.path())
        .output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        eprintln!("SKIPPED: a full disk needs unshare(1) and a tmpfs, which cannot be had here");
        return;
    }
    let mut child =
        Started::new(&scratch, &[&isolated[..], &[&mounted, "sh"]].concat(), "fill_the_disk");
    child.wait_for("filled and emptied");
}

/// This test program, running one ignored test of this file.
struct Started {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Started {
    /// Runs `test` in the scratch directory, through `wrapper` where there is one.
    fn new(scratch: &tempfile::TempDir, wrapper: &[&str], test: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let test = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
        let mut command = match wrapper {
            [] => Command::new(&program),
            [wrapper, arguments @ ..] => {
                let mut command = Command::new(wrapper);
                command.args(arguments).arg(&program);
                command
            }
        };
        let mut child = command
            .args(["--ignored", "--exact", &test, "--nocapture"])
            .current_dir(scratch.path())
            // Held open until the end of this process, so that a child never outlives it.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    fn wait_for(&mut self, line: &str) {
        let mut seen = String::new();
        while !seen.ends_with(&format!("{line}\n")) {
            assert!(self.output.read_line(&mut seen).unwrap() > 0, "it ended after:\n{seen}");
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scratch() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("scratch"), "").unwrap();
    scratch
}

fn entry() -> Entry {
    Entry::Certificate("ws.example".to_owned())
}

/// A certificate whose files all hold `marker`.
fn marked(marker: &str) -> Document {
    entry().files().iter().fold(Document::default(), |document, file| document.with(file, marker))
}

/// The store in this directory, if it is ours to play with.
fn scratch_store() -> Option<FileStore> {
    Path::new("scratch").exists().then(|| FileStore::open(".").unwrap())
}

#[tokio::test]
#[ignore = "run by a_lock_is_free_when_its_holder_is_killed"]
async fn hold_the_lock() {
    let Some(store) = scratch_store() else { return };
    let _held = store.lock(&entry(), Duration::ZERO).await.unwrap();
    println!("\nheld");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[tokio::test]
#[ignore = "run by a_kill_at_any_moment_leaves_a_whole_document"]
async fn save_until_killed() {
    let Some(store) = scratch_store() else { return };
    let _held = store.lock(&entry(), Duration::ZERO).await.unwrap();
    let document = store.load(&entry()).await.unwrap().unwrap();
    let last: usize =
        std::str::from_utf8(document.get("cert.pem").unwrap()).unwrap().parse().unwrap();
    // Ends by the kill, or when nobody reads the lines any more.
    for marker in last + 1.. {
        store.save(&entry(), &marked(&marker.to_string())).await.unwrap();
        println!("\nsaved");
    }
}

#[tokio::test]
#[ignore = "run by no_umask_lets_others_see_a_file_at_any_moment"]
async fn save_all() {
    const SAVES: usize = 50;
    let Some(root) = scratch_store().map(|store| store.root().join("state")) else { return };
    let store = FileStore::open(&root).unwrap();
    let done = CancellationToken::new();
    let saved = done.clone().drop_guard();
    let watching = tokio::task::spawn_blocking(move || {
        let mut most = 0;
        while !done.is_cancelled() {
            most = most.max(assert_private(&root));
        }
        most.max(assert_private(&root))
    });
    for _ in 0..SAVES {
        store.check_writable().await.unwrap();
        for entry in [Entry::Account, Entry::Certificate, Entry::PendingKey, Entry::State] {
            let entry = entry("ws.example".to_owned());
            let _held = store.lock(&entry, Duration::ZERO).await.unwrap();
            let files = entry.files().iter();
            let document = files.fold(Document::default(), |all, file| all.with(file, "secret"));
            store.save(&entry, &document).await.unwrap();
        }
    }
    drop(saved);
    // Directories, locks, an account, two generations, a pending key and a state.
    assert!(watching.await.unwrap() >= 20);
    println!("\nsaved all");
}

/// Asserts that nothing at or below `path` is open to others; returns how much there was.
fn assert_private(path: &Path) -> usize {
    let Ok(found) = fs::symlink_metadata(path) else { return 0 };
    if found.is_symlink() {
        return 1;
    }
    let (mode, wanted) =
        (found.permissions().mode() & 0o7777, if found.is_dir() { 0o700 } else { 0o600 });
    assert_eq!(mode, wanted, "{}: {mode:o}", path.display());
    let below = fs::read_dir(path).into_iter().flatten().flatten();
    1 + below.map(|entry| assert_private(&entry.path())).sum::<usize>()
}

#[tokio::test]
#[ignore = "run by a_full_disk_or_one_that_is_read_only_leaves_the_old_document_whole"]
async fn fill_the_disk() {
    let Some(store) = scratch_store() else { return };
    let state = Entry::State("ws.example".to_owned());
    let state_of = |marker: &str| Document::default().with("state.json", marker);
    store.check_writable().await.unwrap();
    store.save(&entry(), &marked("1")).await.unwrap();
    store.save(&state, &state_of("1")).await.unwrap();

    let filler = PathBuf::from("filler");
    let full = fs::write(&filler, vec![1; 4 * 1024 * 1024]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let assert_refused = async |hint: &str| {
        for error in [
            store.check_writable().await.unwrap_err(),
            store.save(&entry(), &marked("2")).await.unwrap_err(),
            store.save(&state, &state_of("2")).await.unwrap_err(),
        ] {
            assert!(error.hint().unwrap().contains(hint), "{error:?}");
            assert!(!error.to_string().contains(".new-"), "{error}");
        }
        assert_eq!(store.load(&entry()).await.unwrap(), Some(marked("1")));
        assert_eq!(store.load(&state).await.unwrap(), Some(state_of("1")));
        let left = super::write::names_in(Path::new("certificates/ws.example")).unwrap();
        assert_eq!(left.len(), 3, "{left:?}");
    };
    assert_refused("make room").await;
    fs::remove_file(filler).unwrap();
    let remount = |how| Command::new("mount").args(["-o", how, "."]).status().unwrap().success();
    assert!(remount("remount,ro"));
    assert_refused("can be written").await;
    assert!(remount("remount,rw"));

    store.save(&entry(), &marked("2")).await.unwrap();
    assert_eq!(store.load(&entry()).await.unwrap(), Some(marked("2")));
    println!("\nfilled and emptied");
}
