//! Helm, kept away from whatever the machine's user has set up for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::control_plane::ControlPlane;
use crate::environment::Environment;
use crate::process::output;
use crate::real_part::RealPart;

/// Longer than Helm's own bound for one request to kube-apiserver.
const LIMIT: Duration = Duration::from_secs(120);

/// A chart with what decides what is made of it.
#[derive(Clone, Debug)]
pub struct Release {
    /// The chart's folder or archive.
    pub chart: PathBuf,
    /// The release's name.
    pub name: String,
    /// The namespace, which is made where there is none.
    pub namespace: String,
    /// Values over the chart's own.
    pub values: Value,
}

/// Checks a chart with these values, warnings included, and returns what Helm says.
///
/// # Errors
/// A sentence with what Helm complains of.
pub async fn lint(release: &Release) -> Result<String, String> {
    let mut helm = Helm::prepare(&release.values).await?;
    helm.command.args(["lint", "--strict", "--namespace", &release.namespace]);
    helm.command.arg(&release.chart);
    helm.run().await
}

/// What would be installed, as YAML documents, for a cluster that is not asked.
///
/// # Errors
/// A sentence with what Helm complains of.
pub async fn template(release: &Release) -> Result<String, String> {
    let mut helm = Helm::prepare(&release.values).await?;
    helm.command.args(["template", &release.name]).arg(&release.chart);
    helm.command.args(["--namespace", &release.namespace]);
    helm.run().await
}

/// What Helm would print after installing, for a cluster that is not asked.
///
/// # Errors
/// A sentence with what Helm complains of.
pub async fn notes(release: &Release) -> Result<String, String> {
    let mut helm = Helm::prepare(&release.values).await?;
    helm.command.args(["install", &release.name]).arg(&release.chart);
    helm.command.args(["--namespace", &release.namespace, "--dry-run=client"]);
    let said = helm.run().await?;
    said.split_once("\nNOTES:\n").map(|(_, notes)| notes.to_owned()).ok_or(said)
}

/// Installs a chart and returns what Helm says. Nothing runs pods, so nothing is waited for.
///
/// # Errors
/// A sentence with what Helm or kube-apiserver complains of.
pub async fn install(plane: &ControlPlane, release: &Release) -> Result<String, String> {
    change(plane, release, &["install", "--create-namespace"]).await
}

/// As [`install`], with further values as a user gives them on the command line: each becomes an argument `--set`.
///
/// # Errors
/// As [`install`].
pub async fn install_setting(
    plane: &ControlPlane,
    release: &Release,
    settings: &[&str],
) -> Result<String, String> {
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let verb: Vec<&str> = ["install", "--create-namespace"].into_iter().chain(set).collect();
    change(plane, release, &verb).await
}

/// Upgrades a release to this chart and these values and returns what Helm says.
///
/// # Errors
/// A sentence with what Helm or kube-apiserver complains of.
pub async fn upgrade(plane: &ControlPlane, release: &Release) -> Result<String, String> {
    change(plane, release, &["upgrade", "--reset-values"]).await
}

/// As [`upgrade`], with these values over all that the release has, the defaults of its former chart included.
///
/// # Errors
/// As [`upgrade`].
pub async fn upgrade_reusing_values(
    plane: &ControlPlane,
    release: &Release,
) -> Result<String, String> {
    change(plane, release, &["upgrade", "--reuse-values"]).await
}

/// Removes a release and returns what Helm says.
///
/// # Errors
/// A sentence with what Helm or kube-apiserver complains of.
pub async fn uninstall(plane: &ControlPlane, release: &Release) -> Result<String, String> {
    let mut helm = Helm::prepare(&Value::Null).await?;
    helm.command.args(["uninstall", &release.name, "--namespace", &release.namespace]);
    helm.command.arg("--kubeconfig").arg(plane.admin_kubeconfig());
    helm.run().await
}

async fn change(plane: &ControlPlane, release: &Release, verb: &[&str]) -> Result<String, String> {
    let mut helm = Helm::prepare(&release.values).await?;
    helm.command.args(verb).arg(&release.name).arg(&release.chart);
    helm.command.args(["--namespace", &release.namespace]);
    helm.command.arg("--kubeconfig").arg(plane.admin_kubeconfig());
    helm.run().await
}

/// A command with a home of its own, which it needs until it has ended.
struct Helm {
    command: Command,
    values: Option<PathBuf>,
    _home: TempDir,
}

impl Helm {
    async fn prepare(values: &Value) -> Result<Self, String> {
        let obtained = RealPart::Helm.obtain().await.map_err(ToString::to_string)?;
        let home = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut command = obtained.command();
        command.env_clear().env("PATH", Environment::read().path()).env("HOME", home.path());
        for folder in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(folder, home.path().join(folder));
        }
        let values = if values.is_null() { None } else { Some(write_values(home.path(), values)?) };
        Ok(Self { command, values, _home: home })
    }

    async fn run(mut self) -> Result<String, String> {
        if let Some(values) = &self.values {
            self.command.arg("--values").arg(values);
        }
        output(&mut self.command, LIMIT).await
    }
}

/// JSON is YAML.
fn write_values(dir: &Path, values: &Value) -> Result<PathBuf, String> {
    let file = dir.join("values.yaml");
    std::fs::write(&file, values.to_string()).map_err(|error| error.to_string())?;
    Ok(file)
}
