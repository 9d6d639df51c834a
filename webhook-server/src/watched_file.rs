//! A file whose content may be replaced while the process runs.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

/// How often files are read again. They are small, and the volumes of Kubernetes replace them by swapping a symbolic
/// link, which the content shows and most ways of watching a file do not.
pub(crate) const REREAD_INTERVAL: Duration = Duration::from_secs(1);

/// The most that is read: many times what any key or bundle of certificates needs.
const LARGEST: u64 = 1 << 20;

/// A file and the content that was seen last, which may be a key.
pub(crate) struct WatchedFile {
    pub(crate) path: PathBuf,
    seen: Option<Zeroizing<Vec<u8>>>,
}

impl WatchedFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, seen: None }
    }

    /// Reads the file, and tells whether it differs from what was seen before. A file that cannot be read leaves what was
    /// seen as it is.
    pub(crate) fn reread(&mut self) -> io::Result<bool> {
        use io::Read as _;
        let mut content = Zeroizing::new(Vec::new());
        fs::File::open(&self.path)?.take(LARGEST).read_to_end(&mut content)?;
        let differs = self.seen.as_ref() != Some(&content);
        if differs {
            self.seen = Some(content);
        }
        Ok(differs)
    }

    /// What was seen last; nothing before the first time.
    pub(crate) fn content(&self) -> Option<&[u8]> {
        self.seen.as_ref().map(|content| content.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_link_is_seen_and_a_missing_file_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let link = |target: &str, content: &str| {
            fs::write(folder.path().join(target), content).unwrap();
            let next = folder.path().join("next");
            std::os::unix::fs::symlink(target, &next).unwrap();
            fs::rename(next, folder.path().join("tls.crt")).unwrap();
        };
        let mut file = WatchedFile::new(folder.path().join("tls.crt"));
        assert!(file.reread().is_err());
        link("first", "one");
        assert!(file.reread().unwrap());
        assert!(!file.reread().unwrap());
        link("second", "two");
        assert!(file.reread().unwrap());
        assert_eq!(file.content(), Some(&b"two"[..]));
        fs::remove_file(folder.path().join("tls.crt")).unwrap();
        assert!(file.reread().is_err());
        assert_eq!(file.content(), Some(&b"two"[..]));
    }
}
