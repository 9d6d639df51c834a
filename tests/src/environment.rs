//! The one place of this package that reads the environment.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the environment says about where real parts come from.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `CI=true`: a part that cannot be had fails its tests instead of skipping them.
    pub ci: bool,
    /// Where obtained parts are kept between runs: `CERTCTL_E2E_CACHE`, else `certctl-e2e` in the user's cache.
    pub cache: PathBuf,
    /// `PEBBLE`: a Pebble to use as it is.
    pub pebble: Option<PathBuf>,
    /// `KUBEBUILDER_ASSETS`: a directory with `etcd` and `kube-apiserver` to use as they are.
    pub kubebuilder_assets: Option<PathBuf>,
    /// `CARGO`: the cargo that runs the tests, to build `certctl` with.
    pub cargo: PathBuf,
    /// The directories of `PATH`.
    path: Vec<PathBuf>,
}

impl Environment {
    /// Reads the environment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Self {
        let variable = |name: &str| {
            std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
        };
        let cache = variable("CERTCTL_E2E_CACHE")
            .or_else(|| variable("XDG_CACHE_HOME").map(|dir| dir.join("certctl-e2e")))
            .or_else(|| variable("HOME").map(|dir| dir.join(".cache/certctl-e2e")))
            .unwrap_or_else(|| std::env::temp_dir().join("certctl-e2e"));
        Self {
            ci: variable("CI").is_some_and(|value| value.as_os_str() == "true"),
            cache,
            pebble: variable("PEBBLE"),
            kubebuilder_assets: variable("KUBEBUILDER_ASSETS"),
            cargo: variable("CARGO").unwrap_or_else(|| "cargo".into()),
            path: std::env::var_os("PATH")
                .map(|path| std::env::split_paths(&path).collect())
                .unwrap_or_default(),
        }
    }

    /// `PATH` as it is.
    pub fn path(&self) -> OsString {
        std::env::join_paths(&self.path).unwrap_or_default()
    }

    /// The program called `name` on `PATH`.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        self.path.iter().map(|dir| dir.join(name)).find(|program| program.is_file())
    }
}
