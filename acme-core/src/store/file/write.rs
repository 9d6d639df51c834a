//! Writing so that a name never stands for half a file.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread::Builder;

use super::super::{Document, StoreError};
use super::failed;

/// A file or link under a name that nobody knows; removed on drop unless it was given its name.
///
/// Errors name the directory it lies in: its own name differs each time.
pub(super) struct Unfinished {
    path: PathBuf,
    finished: bool,
}

impl Unfinished {
    /// A file in `directory` whose contents are on the disk.
    pub(super) fn file(directory: &Path, contents: &[u8]) -> Result<Self, StoreError> {
        let unfinished = Self::in_directory(directory);
        write_new(&unfinished.path, contents)
            .and_then(|file| file.sync_all())
            .map_err(failed("write", directory))?;
        Ok(unfinished)
    }

    /// A symbolic link in `directory`.
    pub(super) fn link(directory: &Path, target: &str) -> Result<Self, StoreError> {
        let unfinished = Self::in_directory(directory);
        std::os::unix::fs::symlink(target, &unfinished.path).map_err(failed("write", directory))?;
        Ok(unfinished)
    }

    /// Gives it its name, in place of what bears that name now, and makes sure that this reached the disk.
    pub(super) fn rename_to(mut self, target: &Path) -> Result<(), StoreError> {
        std::fs::rename(&self.path, target).map_err(failed("write", target))?;
        self.finished = true;
        sync_directory(target.parent().unwrap_or(target)).map_err(failed("write", target))
    }

    fn in_directory(directory: &Path) -> Self {
        let path = directory.join(format!("{UNFINISHED}{:032x}", rand::random::<u128>()));
        Self { path, finished: false }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            remove(&self.path);
        }
    }
}

/// Makes a directory and those above it, with mode 0700. One that is there keeps the mode it has.
pub(super) fn create_directory(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(path);
    create_directory(parent)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => sync_directory(parent).map_err(failed("write", parent)),
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(failed("create", path)(error)),
    }
}

/// Makes a directory with the files of a document, all of it on the disk when this returns. What fails leaves nothing.
pub(super) fn create_with_files(path: &Path, document: &Document) -> Result<(), StoreError> {
    DirBuilder::new().mode(0o700).create(path).map_err(failed("create", path))?;
    let fill = || {
        let mut written = Vec::new();
        for (file, contents) in document.files() {
            written.push(write_new(&path.join(file), contents)?);
        }
        written.push(File::open(path)?);
        // At once, for most file systems then wait for the disk once and not for each file.
        std::thread::scope(|scope| {
            let sync = |file| Builder::new().spawn_scoped(scope, move || File::sync_all(file));
            let syncs: Vec<_> = written.iter().map(sync).collect::<Result<_, _>>()?;
            syncs.into_iter().try_for_each(|sync| sync.join().expect("syncing does not panic"))
        })
    };
    fill().inspect_err(|_| remove(path)).map_err(failed("write", path))
}

/// Deletes a file; succeeds where there is none.
pub(super) fn delete_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Ok(()) => sync_directory(path.parent().unwrap_or(path)).map_err(failed("delete", path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("delete", path)(error)),
    }
}

/// The names in a directory that are UTF-8, as all of ours are; none where there is no directory.
pub(super) fn names_in(directory: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("read", directory)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(failed("read", directory))?.file_name().into_string());
    }
    Ok(names)
}

/// Removes what a killed process left in `directory`.
pub(super) fn remove_unfinished(directory: &Path) {
    for name in names_in(directory).unwrap_or_default() {
        if name.starts_with(UNFINISHED) {
            remove(&directory.join(name));
        }
    }
}

/// Removes a file, link or directory that nothing refers to. What cannot be removed now is found again later.
pub(super) fn remove(path: &Path) {
    let removed = match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    if let Err(error) = removed
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove an unused file of the state");
    }
}

/// What unfinished names begin with. A leading dot never begins a name of ours.
const UNFINISHED: &str = ".new-";

fn write_new(path: &Path, contents: &[u8]) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(contents)?;
    Ok(file)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
