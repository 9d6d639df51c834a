//! Documents as files, for people to look at.
//!
//! ```text
//! accounts/<ca>/account.json
//! certificates/<name>/request.json
//! certificates/<name>/state.json
//! certificates/<name>/<generation>/   cert.pem chain.pem fullchain.pem privkey.pem
//! certificates/<name>/current         symbolic link to a generation
//! certificates/<name>/pending/privkey.pem
//! ```
//!
//! Beside them lie `.lock` files, which are never deleted (to delete one would let two processes hold "the" lock), and
//! for moments `.new-…` files. Those, and generations the link never led to, are what a killed process leaves; who
//! locks the directory next removes them.

mod generation;
mod lock;
mod write;

#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

use self::generation::{CURRENT, Generations};
use self::lock::Locks;
use self::write::Unfinished;
use super::{Document, Entry, LockGuard, Store, StoreError};

/// Keeps documents below one directory. Directories are made with mode 0700 and files with 0600.
#[derive(Clone, Debug)]
pub struct FileStore {
    root: PathBuf,
    locks: Locks,
}

impl FileStore {
    /// A store below `root`. The directory may be absent: it is made by what is first written.
    ///
    /// Fails where `root` is something else than a directory, or may not be looked at.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, StoreError> {
        let root = std::path::absolute(&root).map_err(failed("read", root.as_ref()))?;
        match std::fs::metadata(&root) {
            Ok(found) if !found.is_dir() => {
                return Err(failed("read", &root)(ErrorKind::NotADirectory.into()));
            }
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed("read", &root)(error));
            }
            _ => {}
        }
        Ok(Self { root, locks: Locks::default() })
    }

    /// The directory everything lies below.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a little, makes sure that it reached the disk, and removes it again: what cannot be stored at the end is
    /// better known at the beginning, before a CA is asked for anything.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        /// About what one certificate takes.
        const PROBE: usize = 64 * 1024;
        let root = self.root.clone();
        blocking(move || {
            write::create_directory(&root)?;
            write::remove_unfinished(&root);
            // Dropped, it removes the file again.
            Unfinished::file(&root, &vec![0; PROBE]).map(drop)
        })
        .await
    }

    fn directory(&self, entry: &Entry) -> Result<PathBuf, StoreError> {
        entry.check()?;
        let parent = match entry {
            Entry::Account(_) => ACCOUNTS,
            _ => CERTIFICATES,
        };
        Ok(self.root.join(parent).join(entry.name()))
    }
}

#[async_trait]
impl Store for FileStore {
    async fn load(&self, entry: &Entry) -> Result<Option<Document>, StoreError> {
        let (directory, entry) = (self.directory(entry)?, entry.clone());
        blocking(move || {
            if let Entry::Certificate(_) = entry {
                return Generations::at(&directory).load(&entry);
            }
            let path = directory.join(only_file(&entry));
            let contents = read(&path).map_err(failed("read", &path))?;
            let file = entry.files()[0];
            Ok(contents.map(|contents| Document::default().with(file, contents.as_slice())))
        })
        .await
    }

    async fn save(&self, entry: &Entry, document: &Document) -> Result<(), StoreError> {
        entry.check_document(document)?;
        let (directory, entry) = (self.directory(entry)?, entry.clone());
        let document = document.clone();
        let held = self.locks.held(&directory);
        blocking(move || {
            let _held = held;
            if let Entry::Certificate(_) = entry {
                write::create_directory(&directory)?;
                return Generations::at(&directory).save(&document);
            }
            let target = directory.join(only_file(&entry));
            write::create_directory(target.parent().unwrap_or(&directory))?;
            let contents = document.get(entry.files()[0]).unwrap_or_default();
            Unfinished::file(&directory, contents)?.rename_to(&target)
        })
        .await
    }

    async fn delete(&self, entry: &Entry) -> Result<(), StoreError> {
        let (directory, entry) = (self.directory(entry)?, entry.clone());
        let held = self.locks.held(&directory);
        blocking(move || {
            let _held = held;
            match entry {
                Entry::Certificate(_) => Generations::at(&directory).delete(),
                _ => write::delete_file(&directory.join(only_file(&entry))),
            }
        })
        .await
    }

    async fn list(&self) -> Result<Vec<String>, StoreError> {
        let certificates = self.root.join(CERTIFICATES);
        blocking(move || {
            let mut names = write::names_in(&certificates)?;
            names.retain(|name| {
                let directory = certificates.join(name);
                let entries: [fn(String) -> Entry; 3] =
                    [Entry::PendingKey, Entry::Request, Entry::State];
                let has_file = |entry: fn(String) -> Entry| {
                    directory.join(only_file(&entry(name.clone()))).is_file()
                };
                Entry::State(name.clone()).check().is_ok()
                    && (entries.into_iter().any(has_file) || directory.join(CURRENT).is_symlink())
            });
            names.sort_unstable();
            Ok(names)
        })
        .await
    }

    async fn lock(&self, entry: &Entry, wait: Duration) -> Result<LockGuard, StoreError> {
        let directory = self.directory(entry)?;
        let held = self.locks.take(&directory, wait).await?;
        blocking(move || {
            // Nobody else writes here now: what is unfinished was left by the dead.
            write::remove_unfinished(&directory);
            Generations::at(&directory).remove_unused();
            Ok(LockGuard::new(held))
        })
        .await
    }

    fn location(&self, entry: &Entry) -> String {
        self.root.join(entry.to_string()).display().to_string()
    }
}

const ACCOUNTS: &str = "accounts";
const CERTIFICATES: &str = "certificates";

/// No document of ours comes near; a larger file is not ours.
const MAX_FILE: u64 = 1024 * 1024;

/// Where an entry of one file keeps it, below the directory of its name.
fn only_file(entry: &Entry) -> PathBuf {
    let file = Path::new(entry.files()[0]);
    if matches!(entry, Entry::PendingKey(_)) {
        Path::new("pending").join(file)
    } else {
        file.into()
    }
}

/// The contents of a file, or `None` where there is none.
fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length > MAX_FILE {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "the file is larger than any of ours"));
    }
    // One allocation, so that growing leaves no copy behind.
    let mut contents = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    file.take(MAX_FILE).read_to_end(&mut contents)?;
    Ok(Some(contents))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let location = path.display().to_string();
    move |source| StoreError::Io { doing, location, source }
}

/// Runs file operations where they may block. Once begun they are carried through, though the caller is gone.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Io {
                doing: "reach",
                location: "the state".to_owned(),
                source: io::Error::new(ErrorKind::Interrupted, "the program is stopping"),
            }),
        },
    }
}
