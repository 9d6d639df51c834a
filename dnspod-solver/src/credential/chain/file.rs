//! Files that hold secrets.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::error::ChainError;

/// The most such a file may hold: many times what any of them needs.
const LARGEST_FILE: u64 = 1 << 20;

/// A file's text, and a warning where others may read it too.
pub(super) struct SecretFile {
    pub(super) text: Zeroizing<String>,
    pub(super) warning: Option<String>,
}

/// Reads `path`; `None` where there is no such file. `named_by` is the variable that names it, if one does.
pub(super) fn read(path: &Path, named_by: Option<&str>) -> Result<Option<SecretFile>, ChainError> {
    let unreadable = |error: &io::Error| ChainError::Unreadable {
        named_by: named_by.map(|variable| format!("{variable}: ")).unwrap_or_default(),
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) && named_by.is_none() => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let mode = file.metadata().map_err(|error| unreadable(&error))?.permissions().mode();
    let text = read_bounded_text(file).map_err(|error| unreadable(&error))?;
    let warning = (mode & 0o077 != 0).then(|| {
        let path = path.display();
        format!("{path} holds a secret and other users may open it: chmod 600 {path}")
    });
    Ok(Some(SecretFile { text, warning }))
}

/// The text of a file, as far as such a file may reach.
pub(in crate::credential) fn read_bounded_text(file: File) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST_FILE).read_to_string(&mut text)?;
    Ok(text)
}

/// A home that is no directory holds no file either.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
