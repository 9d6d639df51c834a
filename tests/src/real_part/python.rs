//! Clients from the Python Package Index that edit DNSPod's zones. Those whose versions go together share one virtual
//! environment; the pins of each environment are a file in `tests/real-parts/python`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;

use super::cache::Slot;
use super::{Missing, Obtained};
use crate::environment::Environment;
use crate::process::output;

const INSTALL_LIMIT: Duration = Duration::from_secs(300);
const START_LIMIT: Duration = Duration::from_secs(60);

/// Below an environment, what cannot be installed into it: Tencent's international SDK has the mainland one's names.
const BESIDE: &str = "beside";

/// A virtual environment, made once for all the parts in it.
pub(super) struct PythonEnvironment {
    name: &'static str,
    /// Everything that is in it, pinned.
    requirements: &'static str,
    /// What lies in [`BESIDE`], pinned.
    beside: &'static str,
    made: OnceCell<Result<Made, Missing>>,
}

struct Made {
    bin: PathBuf,
    cached: bool,
}

/// certbot with the plugins that run on its newest version, lego's bridge, both of Tencent's SDKs.
pub(super) static CLIENTS: PythonEnvironment = PythonEnvironment {
    name: "clients",
    requirements: include_str!("../../real-parts/python/clients.txt"),
    beside: include_str!("../../real-parts/python/tencent_sdk_intl.txt"),
    made: OnceCell::const_new(),
};

/// certbot-dnspod and the old certbot that it needs.
pub(super) static CERTBOT_DNSPOD: PythonEnvironment = PythonEnvironment {
    name: "certbot-dnspod",
    requirements: include_str!("../../real-parts/python/certbot_dnspod.txt"),
    beside: "",
    made: OnceCell::const_new(),
};

impl PythonEnvironment {
    /// The package as a part: `program` of this environment's `bin`.
    pub(super) async fn obtain(
        &self,
        environment: &Environment,
        package: &str,
        program: &str,
    ) -> Result<Obtained, Missing> {
        let made = self.made.get_or_init(|| self.make(environment)).await;
        let made = made.as_ref().map_err(Clone::clone)?;
        let pins = self.requirements.lines().chain(self.beside.lines());
        let version = pins
            .filter_map(|pin| pin.split_once("=="))
            .find_map(|(name, version)| (name == package).then_some(version))
            .ok_or_else(|| Missing(format!("{package} is not pinned in {}", self.name)))?;
        let cached = if made.cached { ", cached" } else { "" };
        Ok(Obtained {
            program: made.bin.join(program),
            arguments: Vec::new(),
            version: version.to_owned(),
            how: format!("pip install {package}=={version}{cached}"),
        })
    }

    async fn make(&self, environment: &Environment) -> Result<Made, Missing> {
        let python =
            environment.find("python3").ok_or_else(|| Missing("no python3 on PATH".to_owned()))?;
        let slot = Slot::hold(&environment.cache, &self.key())
            .await
            .map_err(|error| Missing(format!("{}: {error}", environment.cache.display())))?;
        let bin = slot.dir().join("bin");
        // An environment outlives neither its Python nor the directory that it was made in.
        let cached = slot.is_complete() && start(&bin).await.is_ok();
        if !cached {
            slot.clear().map_err(|error| Missing(error.to_string()))?;
            output(Command::new(python).args(["-m", "venv"]).arg(slot.dir()), INSTALL_LIMIT)
                .await
                .map_err(Missing)?;
            install(&bin, self.requirements, None).await?;
            if !self.beside.is_empty() {
                install(&bin, self.beside, Some(&slot.dir().join(BESIDE))).await?;
            }
            start(&bin).await?;
            slot.complete().map_err(|error| Missing(error.to_string()))?;
        }
        Ok(Made { bin, cached })
    }

    /// Other pins are another environment: a run with these may be under way.
    fn key(&self) -> String {
        let mut hasher = DefaultHasher::new();
        (self.requirements, self.beside).hash(&mut hasher);
        format!("python-{}-{:016x}", self.name, hasher.finish())
    }
}

/// Where the international SDK lies, for the Python of the environment with both.
pub(crate) fn beside(program: &Path) -> PathBuf {
    environment_of(program).join(BESIDE)
}

/// The packages of the environment that this program is of.
pub(crate) fn site_packages(program: &Path) -> std::io::Result<PathBuf> {
    let versions = environment_of(program).join("lib").read_dir()?;
    let paths = versions.filter_map(|version| Some(version.ok()?.path().join("site-packages")));
    paths.into_iter().find(|path| path.is_dir()).ok_or(std::io::ErrorKind::NotFound.into())
}

fn environment_of(program: &Path) -> &Path {
    program.ancestors().nth(2).unwrap_or(program)
}

/// Compiling everything that is installed costs more than all tests together; Python compiles what it imports.
async fn install(bin: &Path, pins: &str, target: Option<&Path>) -> Result<(), Missing> {
    let mut pip = Command::new(bin.join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps"]);
    if let Some(target) = target {
        pip.arg("--target").arg(target);
    }
    pip.args(pins.lines().filter(|line| !line.is_empty() && !line.starts_with('#')));
    output(&mut pip, INSTALL_LIMIT).await.map(drop).map_err(Missing)
}

async fn start(bin: &Path) -> Result<(), Missing> {
    let mut python = Command::new(bin.join("python"));
    output(python.args(["-c", "import certbot, requests"]), START_LIMIT)
        .await
        .map(drop)
        .map_err(Missing)
}
