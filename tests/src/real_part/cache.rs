//! The directory in which obtained parts stay between runs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Written last: a directory without it was left by a run that was killed, and is made anew.
const COMPLETE: &str = "complete";

/// One part's directory, held against all other processes until dropped.
pub(super) struct Slot {
    dir: PathBuf,
    _lock: File,
}

impl Slot {
    /// Waits until no other process works on the part called `key` and holds its directory.
    pub(super) async fn hold(cache: &Path, key: &str) -> io::Result<Self> {
        let dir = cache.join(key);
        let lock_file = cache.join(format!("{key}.lock"));
        fs::create_dir_all(cache)?;
        let lock = tokio::task::spawn_blocking(move || {
            let lock = File::create(lock_file)?;
            // Whoever holds it is bounded in time itself, and a process that dies lets go.
            lock.lock()?;
            io::Result::Ok(lock)
        })
        .await??;
        Ok(Self { dir, _lock: lock })
    }

    /// The part's directory.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the part is there, whole.
    pub(super) fn is_complete(&self) -> bool {
        self.dir.join(COMPLETE).is_file()
    }

    /// How long ago the part was completed.
    pub(super) fn age(&self) -> Option<Duration> {
        fs::metadata(self.dir.join(COMPLETE)).ok()?.modified().ok()?.elapsed().ok()
    }

    /// Empties the directory.
    pub(super) fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(&self.dir)
    }

    /// Marks the part as whole, now.
    pub(super) fn complete(&self) -> io::Result<()> {
        fs::write(self.dir.join(COMPLETE), "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_that_was_never_completed_is_not_used() {
        let cache = tempfile::tempdir().unwrap();
        let slot = Slot::hold(cache.path(), "part").await.unwrap();
        slot.clear().unwrap();
        fs::write(slot.dir().join("half"), "").unwrap();
        assert!(!slot.is_complete());
        slot.clear().unwrap();
        assert!(!slot.dir().join("half").exists());
        slot.complete().unwrap();
        assert!(slot.is_complete());
        assert!(slot.age().unwrap() < Duration::from_secs(60));
    }

    #[tokio::test]
    async fn a_second_holder_waits_for_the_first() {
        let cache = tempfile::tempdir().unwrap();
        let first = Slot::hold(cache.path(), "part").await.unwrap();
        let second = Slot::hold(cache.path(), "part");
        tokio::pin!(second);
        let early = tokio::time::timeout(Duration::from_millis(50), second.as_mut()).await;
        assert!(early.is_err());
        drop(first);
        tokio::time::timeout(Duration::from_secs(10), second).await.unwrap().unwrap();
    }
}
