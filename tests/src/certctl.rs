//! The `certctl` program, built when a test first needs it.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use sandbox::Sandbox;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::OnceCell;

use crate::environment::Environment;
use crate::oracle::Issued;
use crate::own_program;

/// The path of the program, built from this source in the profile the tests have.
///
/// # Errors
/// What cargo says.
pub async fn program() -> Result<&'static PathBuf, String> {
    static PROGRAM: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    PROGRAM.get_or_init(|| own_program::build("certctl")).await.as_ref().map_err(Clone::clone)
}

/// What `certctl` is run with: the endpoints of a sandbox, and a CA.
pub struct Certctl {
    settings: Vec<(&'static str, String)>,
    dir: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// The events, one for each line of standard output.
    pub events: Vec<Value>,
    /// Standard error.
    pub stderr: String,
}

/// A run under way. Dropping it kills the process.
pub struct Running {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    events: Vec<Value>,
}

impl Certctl {
    /// A new state directory; DNSPod and DNS are `sandbox`, and the CA is the one with this directory, whose HTTPS is
    /// trusted by `tls_root`.
    ///
    /// # Errors
    /// Where the temporary directory cannot be made.
    pub fn new(sandbox: &Sandbox, directory: &str, tls_root: &str) -> std::io::Result<Self> {
        let dir = tempfile::tempdir()?;
        let root = dir.path().join("root.pem");
        std::fs::write(&root, tls_root)?;
        let servers: Vec<_> = sandbox.name_servers().iter().map(ToString::to_string).collect();
        let settings = vec![
            ("CERTCTL_CA", directory.to_owned()),
            ("CERTCTL_CA_ROOT", root.display().to_string()),
            ("CERTCTL_ACCEPT_TOS", "true".to_owned()),
            ("CERTCTL_EMAIL", "a@ws.example".to_owned()),
            ("CERTCTL_STATE_DIR", dir.path().join("state").display().to_string()),
            ("CERTCTL_DNSPOD_ENDPOINT", sandbox.dnspod_endpoint()),
            ("CERTCTL_DNS_SERVER", servers.join(",")),
            ("TENCENTCLOUD_SECRET_ID", sandbox.secret_id().to_owned()),
            ("TENCENTCLOUD_SECRET_KEY", sandbox.secret_key().to_owned()),
        ];
        Ok(Self { settings, dir })
    }

    /// As [`new`](Self::new), with the sandbox's own CA.
    ///
    /// # Errors
    /// Where the temporary directory cannot be made.
    pub fn at_sandbox(sandbox: &Sandbox) -> std::io::Result<Self> {
        Self::new(sandbox, sandbox.directory_url(), sandbox.root_pem())
    }

    /// Changes what one variable is set to.
    pub fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        self.settings.retain(|(name, _)| *name != variable);
        self.settings.push((variable, value.into()));
    }

    /// The state directory.
    pub fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// The stored certificate of this name.
    ///
    /// # Errors
    /// Where a file of it cannot be read.
    pub fn issued(&self, name: &str) -> std::io::Result<Issued> {
        let dir = self.state_dir().join("certificates").join(name);
        let read = |file| std::fs::read_to_string(dir.join("current").join(file));
        Ok(Issued { fullchain: read("fullchain.pem")?, privkey: read("privkey.pem")? })
    }

    /// `certctl issue --json` for `names` with nothing else in its environment; `outer` is what it is run by, or
    /// `None`.
    ///
    /// # Errors
    /// Where `certctl` cannot be built.
    pub async fn command(&self, outer: Option<Command>, names: &[&str]) -> Result<Command, String> {
        Ok(self.command_of(program().await?, outer, names))
    }

    /// As [`command`](Self::command), of another build of `certctl`.
    pub fn command_of(&self, program: &Path, outer: Option<Command>, names: &[&str]) -> Command {
        let mut command = match outer {
            Some(mut outer) => {
                outer.arg(program);
                outer
            }
            None => Command::new(program),
        };
        let path = Environment::read().path();
        command.env_clear().env("PATH", path).args(["issue", "--json"]);
        for name in names {
            command.args(["--domain", name]);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Starts `certctl issue`.
    ///
    /// # Errors
    /// Where it cannot be built or started.
    pub async fn start(&self, names: &[&str]) -> Result<Running, String> {
        Running::start(self.command(None, names).await?)
    }

    /// Runs `certctl issue` to its end.
    ///
    /// # Errors
    /// Where it cannot be built or started.
    pub async fn issue(&self, names: &[&str]) -> Result<Ended, String> {
        self.start(names).await?.ended().await
    }
}

impl Running {
    /// Starts `command`, which writes events to its standard output.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(mut command: Command) -> Result<Self, String> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let stdout = child.stdout.take().ok_or("it has no standard output")?;
        Ok(Self { child, stdout: BufReader::new(stdout).lines(), events: Vec::new() })
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it was not waited for yet")
    }

    /// Waits for the next event of this name.
    ///
    /// # Errors
    /// Where the process ends before it.
    pub async fn until(&mut self, event: &str) -> Result<(), String> {
        while let Some(line) = self.next_line().await? {
            if line["event"] == event {
                return Ok(());
            }
        }
        Err(format!("it ended before the event {event}: {:?}", self.events))
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// Where it writes what is no event.
    pub async fn ended(mut self) -> Result<Ended, String> {
        let mut stderr = self.child.stderr.take().ok_or("it has no standard error")?;
        let mut text = String::new();
        let read = async { stderr.read_to_string(&mut text).await.map_err(|e| e.to_string()) };
        let lines = async {
            while self.next_line().await?.is_some() {}
            Ok::<_, String>(())
        };
        tokio::try_join!(read, lines)?;
        let status = self.child.wait().await.map_err(|error| error.to_string())?;
        Ok(Ended { status, events: self.events, stderr: text })
    }

    async fn next_line(&mut self) -> Result<Option<&Value>, String> {
        let line = self.stdout.next_line().await.map_err(|error| error.to_string())?;
        let Some(line) = line else { return Ok(None) };
        let event = serde_json::from_str(&line).map_err(|error| format!("{line}: {error}"))?;
        self.events.push(event);
        Ok(self.events.last())
    }
}

impl Ended {
    /// The exit code.
    ///
    /// # Panics
    /// Where a signal ended it.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// The last event of this name.
    ///
    /// # Panics
    /// Where there is none.
    pub fn event(&self, name: &str) -> &Value {
        let event = self.events.iter().rev().find(|event| event["event"] == name);
        event.unwrap_or_else(|| panic!("no event {name}: {self:#?}"))
    }
}
