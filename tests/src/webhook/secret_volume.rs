//! A Secret as files, as the kubelet mounts and changes it
//! (<https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod>): each file is a link
//! through `..data`, which is moved from one folder to the next as a whole.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

/// The files of a Secret, which are there as long as their folder.
#[derive(Debug)]
pub(super) struct SecretVolume {
    dir: PathBuf,
    /// The group that may read them beside their owner.
    group: Option<u32>,
    generation: u32,
}

impl SecretVolume {
    /// Makes the folder and the files. Without a `group` only their owner may read them.
    ///
    /// # Errors
    /// Where a file cannot be made.
    pub(super) fn mount(
        dir: PathBuf,
        group: Option<u32>,
        files: &[(&str, &[u8])],
    ) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        let mut volume = Self { dir, group, generation: 0 };
        volume.replace(files)?;
        for (name, _) in files {
            symlink(Path::new("..data").join(name), volume.dir.join(name))?;
        }
        Ok(volume)
    }

    /// Gives all files their new contents at once; they have to be those that there are.
    ///
    /// # Errors
    /// Where a file cannot be made.
    pub(super) fn replace(&mut self, files: &[(&str, &[u8])]) -> io::Result<()> {
        let old = self.dir.join(format!("..{}", self.generation));
        self.generation += 1;
        let name = format!("..{}", self.generation);
        let new = self.dir.join(&name);
        let (folder, file) = if self.group.is_some() { (0o750, 0o440) } else { (0o700, 0o400) };
        DirBuilder::new().mode(folder).create(&new)?;
        chown(&new, None, self.group)?;
        for (name, contents) in files {
            let path = new.join(name);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(file).open(&path)?.write_all(contents)?;
            chown(&path, None, self.group)?;
        }
        let link = self.dir.join("..data_tmp");
        symlink(name, &link)?;
        fs::rename(link, self.dir.join("..data"))?;
        if old.is_dir() { fs::remove_dir_all(old) } else { Ok(()) }
    }

    /// The path of a file.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn all_files_change_at_once_and_nobody_else_may_read_them() {
        let dir = tempfile::tempdir().unwrap();
        let mut volume =
            SecretVolume::mount(dir.path().join("tls"), None, &[("a", b"1"), ("b", b"2")]).unwrap();
        assert_eq!(fs::read(volume.file("a")).unwrap(), b"1");
        let through = fs::canonicalize(volume.file("b")).unwrap();
        volume.replace(&[("a", b"3"), ("b", b"4")]).unwrap();
        assert_eq!(fs::read(volume.file("b")).unwrap(), b"4");
        assert!(!through.exists(), "the old folder is gone");
        assert_eq!(fs::metadata(volume.file("a")).unwrap().mode() & 0o777, 0o400);
    }
}
