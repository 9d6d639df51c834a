//! Exclusion between processes, by `flock`: the kernel frees the lock when its holder dies.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::super::StoreError;
use super::{blocking, failed, write};

/// The locks that this process holds, by directory.
///
/// Writing goes on in another thread though its caller was cancelled and dropped the guard. It keeps the lock through
/// this, for else the next holder would take what is being written for something left by the dead.
#[derive(Clone, Debug, Default)]
pub(super) struct Locks(Arc<Mutex<HashMap<PathBuf, Weak<File>>>>);

impl Locks {
    /// Takes the lock of `directory`, waiting at most `wait`. It is free when the last reference is dropped.
    pub(super) async fn take(
        &self,
        directory: &Path,
        wait: Duration,
    ) -> Result<Arc<File>, StoreError> {
        let file = Arc::new(take(directory, wait).await?);
        let mut locks = self.locks();
        locks.retain(|_, file| file.strong_count() > 0);
        locks.insert(directory.to_owned(), Arc::downgrade(&file));
        Ok(file)
    }

    /// One more reference to the lock of `directory`, where this process holds it.
    pub(super) fn held(&self, directory: &Path) -> Option<Arc<File>> {
        self.locks().get(directory).and_then(Weak::upgrade)
    }

    fn locks(&self) -> MutexGuard<'_, HashMap<PathBuf, Weak<File>>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }
}

async fn take(directory: &Path, wait: Duration) -> Result<File, StoreError> {
    let begun = Instant::now();
    let path = directory.join(LOCK);
    let to_open = path.clone();
    let mut file = blocking(move || {
        write::create_directory(to_open.parent().unwrap_or(&to_open))?;
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&to_open)
            .map_err(failed("lock", &to_open))
    })
    .await?;
    loop {
        let try_lock = move || Ok((file.try_lock(), file));
        let (tried, same) = blocking(try_lock).await?;
        file = same;
        match tried {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= wait => {
                let location = directory.display().to_string();
                return Err(StoreError::Locked { location, waited: wait });
            }
            Err(TryLockError::WouldBlock) => {
                sleep_until((Instant::now() + RETRY).min(begun + wait)).await;
            }
        }
    }
}

const LOCK: &str = ".lock";

/// Between two tries. `flock` can wait by itself, but neither with a deadline nor without a thread.
const RETRY: Duration = Duration::from_millis(100);
