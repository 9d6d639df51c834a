//! What a client of one test finds around it: an empty home, the roots of the test, a proxy, and nothing of the user's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use crate::connect_proxy::ConnectProxy;
use crate::environment::Environment;
use crate::real_part::{Obtained, site_packages};

/// The home directory of a client; gone when dropped.
#[derive(Debug)]
pub struct ClientHome {
    dir: TempDir,
    roots: PathBuf,
}

impl ClientHome {
    /// An empty home, in which `roots`, each in PEM, are all that is trusted.
    pub fn new(roots: &[&str]) -> io::Result<Self> {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("roots.pem");
        fs::write(&file, roots.concat())?;
        Ok(Self { dir, roots: file })
    }

    /// The home directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The file with the roots.
    pub fn roots(&self) -> &Path {
        &self.roots
    }

    /// Writes a file that only its owner can read, as certbot asks for credentials, and returns its path.
    pub fn write_secret(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.path().join(name);
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }

    /// A command that starts a Python client here and trusts the roots, by the system's means (`SSL_CERT_FILE`, which
    /// lego's Go reads too) and by those of clients that trust nothing but certifi's file: before the client's own
    /// certifi comes one with the same code and another file.
    pub fn command(&self, client: &Obtained, proxy: Option<&ConnectProxy>) -> io::Result<Command> {
        let certifi = self.path().join("python/certifi");
        if !certifi.is_dir() {
            fs::create_dir_all(&certifi)?;
            for entry in site_packages(&client.program)?.join("certifi").read_dir()? {
                let source = entry?.path();
                if let Some(name) = source.file_name().filter(|_| source.is_file()) {
                    fs::copy(&source, certifi.join(name))?;
                }
            }
            fs::copy(&self.roots, certifi.join("cacert.pem"))?;
        }
        let mut command = client.command();
        command
            .env_clear()
            .env("PATH", Environment::read().path())
            .env("HOME", self.path())
            .env("LANG", "C.UTF-8")
            .env("PYTHONPATH", self.path().join("python"))
            .env("SSL_CERT_FILE", &self.roots);
        if let Some(proxy) = proxy {
            command
                .env("HTTP_PROXY", proxy.url())
                .env("HTTPS_PROXY", proxy.url())
                .env("NO_PROXY", "127.0.0.1,localhost");
        }
        Ok(command)
    }
}
