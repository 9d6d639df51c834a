//! DNSPod: the sandbox in a process of its own, with a key for each of many accounts and without Tencent's rates.

use std::collections::BTreeMap;
use std::process::Stdio;

use e2e::connect_proxy::ConnectProxy;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sandbox::Sandbox;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The argument that makes this program the fake.
pub(crate) const SERVE: &str = "--serve";

/// The one zone.
pub(crate) const ZONE: &str = "ws.example";

/// How many keys there are. The webhook holds each to the rates that Tencent publishes for an account; together they are
/// far above what this machine can do.
pub(crate) const ACCOUNTS: usize = 16;

/// Open files, of which each connection of the Go webhook takes three.
const FILES: u64 = 100_000;

/// Has the fake count from zero.
const RESET: &str = "reset";
/// Asks the fake for [`Counts`].
const COUNTS: &str = "counts";

/// How it is reached.
#[derive(Deserialize, Serialize)]
pub(crate) struct Reach {
    /// Without TLS.
    pub(crate) endpoint: String,
    /// The proxy behind which every host is the fake, for clients that cannot be told where DNSPod is; they use TLS.
    pub(crate) proxy: String,
    /// The root that these have to trust.
    pub(crate) root: String,
    /// Ids and keys.
    pub(crate) keys: Vec<(String, String)>,
}

/// What it has seen since it was last reset.
#[derive(Deserialize, Serialize)]
pub(crate) struct Counts {
    /// Calls by action; of more than ten thousand the newest.
    pub(crate) calls: BTreeMap<String, usize>,
    /// Connections that were opened.
    pub(crate) connections: u64,
}

/// The running fake; it ends when this is dropped.
pub(crate) struct Fake {
    pub(crate) reach: Reach,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Fake {
    pub(crate) async fn start() -> Result<Self, String> {
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut child = Command::new(this)
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| error.to_string())?;
        let questions = child.stdin.take().ok_or("the fake DNSPod has no standard input")?;
        let stdout = child.stdout.take().ok_or("the fake DNSPod has no standard output")?;
        let mut answers = BufReader::new(stdout).lines();
        let reach = answer(&mut answers).await?;
        Ok(Self { reach, questions, answers, _child: child })
    }

    /// Counts from zero.
    pub(crate) async fn reset(&mut self) -> Result<(), String> {
        self.ask(RESET).await?;
        answer::<()>(&mut self.answers).await
    }

    pub(crate) async fn counts(&mut self) -> Result<Counts, String> {
        self.ask(COUNTS).await?;
        answer(&mut self.answers).await
    }

    async fn ask(&mut self, question: &str) -> Result<(), String> {
        let line = format!("{question}\n");
        self.questions.write_all(line.as_bytes()).await.map_err(|error| error.to_string())
    }
}

/// Says how the fake is reached, and is it until nobody asks any more.
pub(crate) async fn serve() -> Result<(), String> {
    // The Go webhook opens a connection for each call and leaves it open for half a minute. More than the hard limit
    // needs a privilege.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|error| error.to_string())?;
    setrlimit(Resource::RLIMIT_NOFILE, FILES.max(most), FILES.max(most))
        .or_else(|_| setrlimit(Resource::RLIMIT_NOFILE, most, most))
        .map_err(|error| error.to_string())?;
    let keys: Vec<_> = (0..ACCOUNTS)
        .map(|n| (format!("AKIDbench{n:02}"), format!("keyOfTheAccount{n:02}")))
        .collect();
    let mut builder = Sandbox::builder().zone(ZONE).published_rates(false);
    for (id, key) in &keys {
        builder = builder.further_credentials(id, key);
    }
    let sandbox = builder.start().await.map_err(|error| error.to_string())?;
    let proxy = ConnectProxy::to_tencent(&sandbox).await.map_err(|error| error.to_string())?;
    say(&Reach {
        endpoint: sandbox.dnspod_endpoint(),
        proxy: proxy.url(),
        root: sandbox.root_pem().to_owned(),
        keys,
    })?;
    // This is no thread of the runtime's: the sandbox goes on while it waits.
    for question in std::io::stdin().lines().map_while(Result::ok) {
        if question == RESET {
            sandbox.reset_counts();
            say(&())?;
        } else {
            let mut calls = BTreeMap::new();
            for call in sandbox.dnspod_calls() {
                *calls.entry(call).or_default() += 1;
            }
            say(&Counts { calls, connections: sandbox.dnspod_connections() })?;
        }
    }
    Ok(())
}

fn say(what: &impl Serialize) -> Result<(), String> {
    let line = serde_json::to_string(what).map_err(|error| error.to_string())?;
    println!("{line}");
    Ok(())
}

async fn answer<T: for<'a> Deserialize<'a>>(
    answers: &mut Lines<BufReader<ChildStdout>>,
) -> Result<T, String> {
    let line = answers.next_line().await.map_err(|error| error.to_string())?;
    let line = line.ok_or("the fake DNSPod has ended")?;
    serde_json::from_str(&line).map_err(|error| format!("the fake DNSPod said {line}: {error}"))
}
