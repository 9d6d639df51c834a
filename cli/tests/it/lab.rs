//! A directory and, where it is wanted, a sandbox, with the variables that lead `certctl` to both.

use std::collections::BTreeMap;
use std::path::Path;

use sandbox::{Builder, Sandbox};
use tempfile::TempDir;
use tokio::process::Command;

/// Where the binary runs. Everything is gone when it is dropped.
pub(crate) struct Lab {
    pub(crate) directory: TempDir,
    pub(crate) sandbox: Option<Sandbox>,
    pub(crate) variables: BTreeMap<String, String>,
}

impl Lab {
    /// A directory, no CA, no credential.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let variables = BTreeMap::from([
            ("HOME".to_owned(), path("")),
            ("CERTCTL_STATE_DIR".to_owned(), path("state")),
        ]);
        Self { directory, sandbox: None, variables }
    }

    /// A sandbox in this process, and a credential for it.
    pub(crate) async fn with(builder: Builder) -> Self {
        let mut lab = Self::empty();
        let sandbox = builder.start().await.unwrap();
        let root = lab.directory.path().join("root.pem");
        std::fs::write(&root, sandbox.root_pem()).unwrap();
        let servers: Vec<String> = sandbox.name_servers().iter().map(ToString::to_string).collect();
        for (variable, value) in [
            ("CERTCTL_CA", sandbox.directory_url().to_owned()),
            ("CERTCTL_CA_ROOT", root.display().to_string()),
            ("CERTCTL_ACCEPT_TOS", "true".to_owned()),
            ("CERTCTL_DNS_SERVER", servers.join(",")),
            ("CERTCTL_DNSPOD_ENDPOINT", sandbox.dnspod_tls_endpoint()),
            ("CERTCTL_DNSPOD_LEGACY_ENDPOINT", sandbox.dnspod_tls_endpoint()),
            ("CERTCTL_STS_ENDPOINT", sandbox.dnspod_tls_endpoint()),
            ("CERTCTL_METADATA_ENDPOINT", sandbox.dnspod_endpoint()),
            ("TENCENTCLOUD_SECRET_ID", sandbox.secret_id().to_owned()),
            ("TENCENTCLOUD_SECRET_KEY", sandbox.secret_key().to_owned()),
        ] {
            lab.variables.insert(variable.to_owned(), value);
        }
        lab.sandbox = Some(sandbox);
        lab
    }

    /// `certctl` with the lab's variables and no others. It is killed when the child is dropped.
    pub(crate) fn certctl<S: AsRef<str>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certctl"));
        command
            .args(arguments.iter().map(AsRef::as_ref))
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.path())
            .kill_on_drop(true);
        command
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("this lab has a sandbox")
    }
}
