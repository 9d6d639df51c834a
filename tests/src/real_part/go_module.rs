//! Programs built from one of our Go modules below `tests/real-parts`, once for each state of its files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::Missing;
use super::cache::Slot;
use crate::environment::Environment;
use crate::process::output;

/// A first build compiles for ten minutes of processor time, and the machine may be busy with others.
const BUILD_LIMIT: Duration = Duration::from_secs(40 * 60);

/// A Go module of ours.
#[derive(Clone, Debug)]
pub(super) struct GoModule {
    go: PathBuf,
    dir: PathBuf,
    /// The file in `dir` that says which modules are used; beside it is one of their hashes, named alike.
    mod_file: &'static str,
    go_mod: String,
}

impl GoModule {
    /// The module in the folder `name` below `tests/real-parts`.
    pub(super) fn open(environment: &Environment, name: &str) -> Result<Self, Missing> {
        Self::open_with(environment, name, "go.mod")
    }

    /// The same with what another file than `go.mod` says.
    pub(super) fn open_with(
        environment: &Environment,
        name: &str,
        mod_file: &'static str,
    ) -> Result<Self, Missing> {
        let go = environment.find("go").ok_or_else(|| Missing("no go on PATH".to_owned()))?;
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("real-parts").join(name);
        let go_mod =
            fs::read_to_string(dir.join(mod_file)).map_err(|error| missing(&dir, error))?;
        Ok(Self { go, dir, mod_file, go_mod })
    }

    /// The version in which another module is required.
    pub(super) fn version_of(&self, module: &str) -> Result<&str, Missing> {
        let required = self.go_mod.lines().find_map(|line| {
            let line = line.trim().trim_start_matches("require ");
            line.strip_prefix(module)?.strip_prefix(' ')?.split_whitespace().next()
        });
        required.ok_or_else(|| {
            Missing(format!("{}/{} requires no {module}", self.dir.display(), self.mod_file))
        })
    }

    /// The directory called `name` and a hash of the module's files, filled by `build` where it is not whole. Whoever
    /// comes second, in this process or another, waits.
    pub(super) async fn built(
        &self,
        environment: &Environment,
        name: &str,
        build: impl AsyncFnOnce(&Path) -> Result<(), Missing>,
    ) -> Result<PathBuf, Missing> {
        let hash = self.hash().map_err(|error| missing(&self.dir, error))?;
        let slot = Slot::hold(&environment.cache, &format!("{name}-{hash}"))
            .await
            .map_err(|error| missing(&environment.cache, error))?;
        if !slot.is_complete() {
            slot.clear().map_err(|error| missing(slot.dir(), error))?;
            announce(name);
            build(slot.dir()).await?;
            slot.complete().map_err(|error| missing(slot.dir(), error))?;
        }
        Ok(slot.dir().to_owned())
    }

    /// Runs `go` with `command` and `arguments` in the module, behind everything else on the machine, and returns what it
    /// says.
    pub(super) async fn run(&self, command: &str, arguments: &[&str]) -> Result<String, Missing> {
        let mod_file = format!("-modfile={}", self.mod_file);
        let arguments = [&[command, &mod_file], arguments].concat();
        let mut command = Command::new("nice");
        command
            .args(["-n", "19"])
            .arg(&self.go)
            .args(arguments)
            .current_dir(&self.dir)
            // Static programs, and no C compiler.
            .env("CGO_ENABLED", "0");
        output(&mut command, BUILD_LIMIT).await.map_err(Missing)
    }

    /// A hash of the files that decide what is built: `go.sum` pins every module.
    fn hash(&self) -> io::Result<String> {
        let mut files = Vec::new();
        collect(&self.dir, &mut files)?;
        files.retain(|file| !self.is_of_other_versions(file));
        files.sort();
        let mut hash = Sha256::new();
        for file in files {
            let text = fs::read(&file)?;
            hash.update(
                file.strip_prefix(&self.dir).unwrap_or(&file).as_os_str().as_encoded_bytes(),
            );
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        let hash = hash.finalize();
        let first = hash.first_chunk().expect("SHA-256 is longer than eight bytes");
        Ok(format!("{:016x}", u64::from_be_bytes(*first)))
    }

    fn is_of_other_versions(&self, file: &Path) -> bool {
        file.extension().is_some_and(|extension| extension == "mod" || extension == "sum")
            && file.file_stem() != Path::new(self.mod_file).file_stem()
    }
}

/// The files below `dir`.
fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

pub(super) fn missing(what: &Path, reason: impl std::fmt::Display) -> Missing {
    Missing(format!("{}: {reason}", what.display()))
}

#[expect(clippy::print_stderr, reason = "ten silent minutes look like a hang")]
fn announce(name: &str) {
    eprintln!("building {name} with go, once: this takes minutes");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(dir: &Path) -> GoModule {
        let go_mod = "module m\n\nrequire a.example/one v1.2.3 // indirect\nrequire (\n\ta.example/onetwo v0.1.0\n)\n";
        GoModule {
            go: "go".into(),
            dir: dir.to_owned(),
            mod_file: "go.mod",
            go_mod: go_mod.to_owned(),
        }
    }

    #[test]
    fn required_versions_are_found_by_the_whole_path() {
        let module = module(Path::new("."));
        assert_eq!(module.version_of("a.example/one").unwrap(), "v1.2.3");
        assert_eq!(module.version_of("a.example/onetwo").unwrap(), "v0.1.0");
        assert!(module.version_of("a.example/on").is_err());
    }

    #[test]
    fn every_file_and_its_name_count_in_the_hash() {
        let dir = tempfile::tempdir().unwrap();
        let module = module(dir.path());
        fs::create_dir(dir.path().join("inner")).unwrap();
        let mut hashes = vec![module.hash().unwrap()];
        for (file, text) in
            [("go.sum", "a"), ("go.sum", "b"), ("inner/main.go", "b"), ("inner/other.go", "")]
        {
            fs::write(dir.path().join(file), text).unwrap();
            hashes.push(module.hash().unwrap());
        }
        assert_eq!(module.hash().unwrap(), hashes[4], "it depends on nothing else");
        fs::write(dir.path().join("older.sum"), "a").unwrap();
        assert_eq!(module.hash().unwrap(), hashes[4], "other versions do not count");
        let older = GoModule { mod_file: "older.mod", ..module };
        hashes.push(older.hash().unwrap());
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), 6);
    }

    #[tokio::test]
    async fn what_is_built_once_is_not_built_again() {
        let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut environment = Environment::read();
        cache.path().clone_into(&mut environment.cache);
        let module = module(dir.path());
        let failed = module.built(&environment, "part", async |dir| {
            fs::write(dir.join("half"), "").unwrap();
            Err(Missing("no compiler".to_owned()))
        });
        assert_eq!(failed.await.unwrap_err().0, "no compiler");
        let whole = module.built(&environment, "part", async |dir| {
            assert!(!dir.join("half").exists());
            fs::write(dir.join("program"), "").map_err(|error| missing(dir, error))
        });
        let whole = whole.await.unwrap();
        let again =
            module.built(&environment, "part", async |_| Err(Missing("built twice".to_owned())));
        assert_eq!(again.await.unwrap(), whole);
        assert!(whole.join("program").is_file());
    }
}
