//! cert-manager's conformance suite for DNS01 webhooks, strict, against a webhook that is a program of its own
//! (`tests/real-parts/kubernetes/conformance`).

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::control_plane::run;
use crate::daemon::{Daemon, Run};
use crate::real_part::RealPart;

/// The suite starts two control planes, one after the other.
const LIMIT: Duration = Duration::from_secs(150);

/// A webhook for the suite to try.
#[derive(Clone, Debug)]
pub struct Conformance {
    /// The webhook's program and arguments. `{port}`, `{kubeconfig}`, `{tls-cert}`, `{tls-key}` and `{group}` stand for
    /// what the suite decides; `GROUP_NAME` and `KUBECONFIG` are in its environment as well.
    pub webhook: Vec<String>,
    /// The API group.
    pub group: String,
    /// The solver's name.
    pub solver: String,
    /// What a user would write below `config`.
    pub config: Value,
    /// Secrets that are there before a challenge is presented, `{"name": {"key": "value"}}`, or null.
    pub secrets: Value,
    /// The zone in which the challenge is.
    pub zone: String,
    /// The DNS server that shows whether the webhook did what it said.
    pub dns: SocketAddr,
}

impl Conformance {
    /// Runs the suite and returns what it wrote.
    ///
    /// # Errors
    /// What the suite wrote, with what the webhook wrote, where a test of it failed.
    pub async fn run(&self) -> Result<String, String> {
        let suite = RealPart::Conformance.obtain().await.map_err(ToString::to_string)?;
        let apiserver =
            &RealPart::KubeApiserver.obtain().await.map_err(ToString::to_string)?.program;
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let part = |name: &str| wrapper(dir.path(), &apiserver.with_file_name(name));
        let variables = vec![
            ("TEST_ASSET_ETCD", part("etcd")?.display().to_string()),
            ("TEST_ASSET_KUBE_APISERVER", part("kube-apiserver")?.display().to_string()),
            // Run only for manifests, of which there are none.
            ("TEST_ASSET_KUBECTL", "kubectl-is-not-run".to_owned()),
            ("CONFORMANCE_WEBHOOK", self.webhook.join("\n")),
            ("CONFORMANCE_GROUP", self.group.clone()),
            ("CONFORMANCE_SOLVER", self.solver.clone()),
            ("CONFORMANCE_CONFIG", self.config.to_string()),
            (
                "CONFORMANCE_SECRETS",
                if self.secrets.is_null() { String::new() } else { self.secrets.to_string() },
            ),
            ("CONFORMANCE_ZONE", self.zone.clone()),
            ("CONFORMANCE_DNS", self.dns.to_string()),
            ("CONFORMANCE_LOGS", dir.path().display().to_string()),
        ];
        let limit = format!("-test.timeout={}s", LIMIT.as_secs());
        let run = Run {
            variables,
            ..run("conformance", &suite.program, vec!["-test.v".to_owned(), limit], dir.path())
        };
        let mut daemon = Daemon::start(run).await?;
        let status = daemon.ended(LIMIT).await;
        let log = daemon.log();
        match status {
            Some(status) if status.success() => Ok(log),
            _ => Err(format!("{log}\n{}", webhook_logs(dir.path()))),
        }
    }
}

/// A script that becomes `program`, but ends with the suite that started it, however that ends.
fn wrapper(dir: &Path, program: &Path) -> Result<PathBuf, String> {
    let name = program.file_name().unwrap_or_default();
    let script = dir.join(name);
    let write = || {
        fs::write(
            &script,
            format!("#!/bin/sh\nexec setpriv --pdeathsig KILL -- '{}' \"$@\"\n", program.display()),
        )?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700))
    };
    write().map_err(|error| format!("{}: {error}", script.display()))?;
    Ok(script)
}

fn webhook_logs(dir: &Path) -> String {
    let files = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let logs = files.filter(|file| {
        file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"webhook-"))
    });
    logs.map(|file| fs::read_to_string(file).unwrap_or_default()).collect()
}
