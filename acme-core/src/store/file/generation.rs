//! The certificate in use: directories that are written whole, and one link that says which of them counts.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::{Document, Entry, StoreError};
use super::write::{self, Unfinished};
use super::{failed, read};

/// The link. Its replacement is the one moment at which the certificate changes.
pub(super) const CURRENT: &str = "current";

/// The generations of one certificate: `0001`, `0002`, …
pub(super) struct Generations<'a> {
    directory: &'a Path,
    current: PathBuf,
}

impl<'a> Generations<'a> {
    /// Those in the directory of a certificate.
    pub(super) fn at(directory: &'a Path) -> Self {
        Self { directory, current: directory.join(CURRENT) }
    }

    /// The document of the current generation.
    ///
    /// The link is followed once and all files are read from where it led: each file read through the link could be of
    /// another generation.
    pub(super) fn load(&self, entry: &Entry) -> Result<Option<Document>, StoreError> {
        let mut seen = None;
        loop {
            let Some(generation) = self.current()? else { return Ok(None) };
            let directory = self.path(generation);
            match load_files(&directory, entry)? {
                Loaded::All(document) => return Ok(Some(document)),
                // Replaced twice since the link was read, and so deleted meanwhile. Each turn sees a newer one.
                Loaded::Missing(_) if seen != Some(generation) => seen = Some(generation),
                Loaded::Missing(file) => {
                    let reason = format!("{file} is missing");
                    let location = directory.display().to_string();
                    return Err(StoreError::Damaged { location, reason });
                }
            }
        }
    }

    /// Makes a generation of `document` and switches to it. The one before stays, for those who are reading it.
    pub(super) fn save(&self, document: &Document) -> Result<(), StoreError> {
        let before = self.current()?;
        let newest = self.all()?.into_iter().max().unwrap_or(0);
        let generation = newest.saturating_add(1);
        let path = self.path(generation);
        // It may have its name at once: nothing reads it before the link leads there.
        write::create_with_files(&path, document)?;
        let switched = Unfinished::link(self.directory, &name(generation))
            .and_then(|link| link.rename_to(&self.current));
        if switched.is_err() && self.current().ok().flatten() != Some(generation) {
            write::remove(&path);
        }
        switched?;
        for older in self.all()?.into_iter().filter(|older| Some(*older) < before) {
            write::remove(&self.path(older));
        }
        Ok(())
    }

    /// Deletes the link, then all generations.
    pub(super) fn delete(&self) -> Result<(), StoreError> {
        write::delete_file(&self.current)?;
        for generation in self.all()? {
            write::remove(&self.path(generation));
        }
        Ok(())
    }

    /// Removes generations other than the current one and the one before: a killed process had not switched to them,
    /// or had not come to remove them. Only for who holds the lock.
    pub(super) fn remove_unused(&self) {
        let (Ok(current), Ok(all)) = (self.current(), self.all()) else { return };
        let before = all.iter().copied().filter(|generation| Some(*generation) < current).max();
        for generation in all {
            if Some(generation) != current && Some(generation) != before {
                write::remove(&self.path(generation));
            }
        }
    }

    /// The generation that the link names, or `None` where there is no link.
    fn current(&self) -> Result<Option<u64>, StoreError> {
        let target = match std::fs::read_link(&self.current) {
            Ok(target) => target,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &self.current)(error)),
        };
        match target.to_str().and_then(number) {
            Some(generation) => Ok(Some(generation)),
            None => Err(StoreError::Damaged {
                location: self.current.display().to_string(),
                reason: format!("it leads to {}, which is no generation", target.display()),
            }),
        }
    }

    fn all(&self) -> Result<Vec<u64>, StoreError> {
        Ok(write::names_in(self.directory)?.iter().filter_map(|name| number(name)).collect())
    }

    fn path(&self, generation: u64) -> PathBuf {
        self.directory.join(name(generation))
    }
}

enum Loaded {
    All(Document),
    Missing(&'static str),
}

fn load_files(directory: &Path, entry: &Entry) -> Result<Loaded, StoreError> {
    let mut document = Document::default();
    for file in entry.files() {
        let path = directory.join(file);
        match read(&path).map_err(failed("read", &path))? {
            Some(contents) => document = document.with(file, contents.as_slice()),
            None => return Ok(Loaded::Missing(file)),
        }
    }
    Ok(Loaded::All(document))
}

fn name(generation: u64) -> String {
    format!("{generation:04}")
}

/// The generation a directory's name stands for; `None` for names of others.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| name(*number) == text)
}
