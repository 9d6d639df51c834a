//! Programs that run beside the tests and end with them, however the tests end.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::process::last_lines;

/// The pause between two looks at a condition.
const POLL: Duration = Duration::from_millis(20);

/// How long a program may take to end when it is asked to; then it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A running program, bound to no runtime: tests with runtimes of their own may share it. It is killed when this is
/// dropped, and by the kernel when this process ends without that.
#[derive(Debug)]
pub struct Daemon {
    run: Run,
    child: Child,
    log_start: u64,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The program's name for people and for its log.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables to be added to its environment.
    pub variables: Vec<(&'static str, String)>,
    /// The folder that it runs in and writes `<name>.log` to, behind what an earlier run wrote there.
    pub dir: PathBuf,
}

impl Daemon {
    /// Starts a program.
    ///
    /// # Errors
    /// A sentence: it cannot be started.
    pub async fn start(run: Run) -> Result<Self, String> {
        let wrong = |error: io::Error| format!("{}: {error}", run.name);
        let log = File::options().create(true).append(true).open(run.log()).map_err(wrong)?;
        let log_start = log.metadata().map_err(wrong)?.len();
        let mut command = dying_with_us(&run.program);
        command
            .args(&run.arguments)
            .envs(run.variables.iter().map(|(variable, value)| (variable, value)))
            .current_dir(&run.dir)
            .stdin(Stdio::null())
            .stderr(log.try_clone().map_err(wrong)?)
            .stdout(log);
        let child = spawn_on_keeper(command).await.map_err(wrong)?;
        Ok(Self { run, child, log_start })
    }

    /// Starts it as it was started before; killed first, where it still runs.
    ///
    /// # Errors
    /// A sentence: it cannot be started.
    pub async fn start_again(&mut self) -> Result<(), String> {
        self.kill();
        *self = Self::start(self.run.clone()).await?;
        Ok(())
    }

    /// Waits until `condition` holds, at most for `limit`; `what` says in words what is waited for.
    ///
    /// # Errors
    /// A sentence with the end of the log: the program ended before, or the time is up.
    pub async fn until(
        &mut self,
        what: &str,
        limit: Duration,
        mut condition: impl AsyncFnMut() -> bool,
    ) -> Result<(), String> {
        let deadline = Instant::now() + limit;
        loop {
            // A condition may itself wait for something that never answers.
            let holds = tokio::time::timeout_at(deadline, condition()).await.unwrap_or(false);
            if let Some(status) = self.exit_status() {
                return Err(self.describe(&format!("ended ({status}) before {what}")));
            }
            if holds {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(self.describe(&format!("{what} not within {} s", limit.as_secs())));
            }
            sleep(POLL).await;
        }
    }

    /// Waits until it has written `text` since it was last started, at most for `limit`.
    ///
    /// # Errors
    /// As [`until`](Self::until).
    pub async fn until_logged(&mut self, text: &str, limit: Duration) -> Result<(), String> {
        let (run, start) = (self.run.clone(), self.log_start);
        let logged = async || run.logged_since(start).contains(text);
        self.until(&format!("it logged {text:?}"), limit, logged).await
    }

    /// Asks the program to end, waits until it has, and kills it where it takes too long.
    pub async fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        self.ended(STOP_LIMIT).await;
        self.kill();
    }

    /// Ends the program at once, as a crash would.
    pub fn kill(&mut self) {
        // Fails only where it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal; nothing happens where the program has ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.exit_status().is_none() {
            let _ = kill(self.pid(), signal);
        }
    }

    /// How it ended, if it did.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until it has ended by itself, at most for `limit`, and says how.
    pub async fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        while self.exit_status().is_none() && Instant::now() < deadline {
            sleep(POLL).await;
        }
        self.exit_status()
    }

    /// Its process, also once it has ended.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// What it wrote since it was last started.
    pub fn log(&self) -> String {
        self.run.logged_since(self.log_start)
    }

    fn describe(&self, what: &str) -> String {
        format!("{}: {what}; the end of its log:\n{}", self.run.name, last_lines(&self.log()))
    }
}

impl Run {
    fn log(&self) -> PathBuf {
        self.dir.join(format!("{}.log", self.name))
    }

    fn logged_since(&self, start: u64) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        String::from_utf8_lossy(log.get(start..).unwrap_or_default()).into_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A command to which arguments are to be added, and which the kernel kills when the thread that started it ends.
pub(crate) fn dying_with_us(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Starts a command on a thread that lives as long as this process: the kernel counts the parent's death by thread, and
/// threads of a runtime end with a test.
async fn spawn_on_keeper(mut command: Command) -> io::Result<Child> {
    type Job = Box<dyn FnOnce() + Send>;
    static KEEPER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::spawn(move || jobs.iter().for_each(|job| job()));
        sender
    });
    let (sender, started) = oneshot::channel();
    let job: Job = Box::new(move || {
        // Nobody waits where the test is over; dropping a `Child` would leave it running.
        if let Err(Ok(mut child)) = sender.send(command.spawn()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    });
    let ended = || io::Error::other("the thread that starts programs has ended");
    keeper.send(job).map_err(|_| ended())?;
    started.await.map_err(|_| ended())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, dir: &Path) -> Run {
        Run {
            name: "script",
            program: "sh".into(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            variables: vec![("WORD", "reason".to_owned())],
            dir: dir.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_program_that_ends_early_is_quoted_and_can_be_started_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut daemon = Daemon::start(sh("echo the $WORD; exit 3", dir.path())).await.unwrap();
        for _ in 0..2 {
            let reason =
                daemon.until("ready", Duration::from_secs(20), async || false).await.unwrap_err();
            assert!(reason.contains("before ready") && reason.contains("the reason"), "{reason}");
            assert_eq!(daemon.log(), "the reason\n");
            daemon.start_again().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_condition_that_never_holds_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let mut daemon = Daemon::start(sh("exec sleep 60", dir.path())).await.unwrap();
        let never = async || std::future::pending().await;
        let reason = daemon.until("ready", Duration::from_millis(50), never).await.unwrap_err();
        assert!(reason.contains("ready not within"), "{reason}");
        daemon.stop().await;
        assert!(daemon.exit_status().is_some());
    }

    #[tokio::test]
    async fn a_program_outlives_the_runtime_it_was_started_in_and_ends_when_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let run = sh("exec sleep 60", dir.path());
        let mut daemon = std::thread::spawn(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(Daemon::start(run)).unwrap()
        })
        .join()
        .unwrap();
        // The kernel's signal would be there as soon as the thread has ended.
        assert!(daemon.exit_status().is_none());
        let pid = daemon.pid();
        drop(daemon);
        assert!(kill(pid, None).is_err());
    }
}
