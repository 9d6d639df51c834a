//! The one place of this package that reads the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

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
    /// `CERTCTL_E2E_KUBERNETES`: which versions of Kubernetes and cert-manager are built, or a sentence about a value
    /// that names none.
    pub kubernetes: Result<KubernetesVersions, String>,
    /// `CARGO`: the cargo that runs the tests, to build `certctl` with.
    pub cargo: PathBuf,
    /// The directories of `PATH`.
    path: Vec<PathBuf>,
}

/// A pair of versions of Kubernetes and cert-manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KubernetesVersions {
    /// What tests run on where nothing is said.
    Pinned,
    /// A minor version of each before the pinned one.
    Older,
    /// The newest of each.
    Newest,
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
            kubernetes: kubernetes_versions(variable("CERTCTL_E2E_KUBERNETES").as_deref()),
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

fn kubernetes_versions(value: Option<&Path>) -> Result<KubernetesVersions, String> {
    match value.map(|value| value.to_string_lossy()).as_deref() {
        None => Ok(KubernetesVersions::Pinned),
        Some("older") => Ok(KubernetesVersions::Older),
        Some("newest") => Ok(KubernetesVersions::Newest),
        Some(other) => Err(format!(
            "CERTCTL_E2E_KUBERNETES is {other:?}: it may be \"older\" or \"newest\"; unset it for the pinned versions"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_are_not_known_are_named() {
        assert_eq!(kubernetes_versions(None), Ok(KubernetesVersions::Pinned));
        assert_eq!(kubernetes_versions(Some(Path::new("older"))), Ok(KubernetesVersions::Older));
        assert_eq!(kubernetes_versions(Some(Path::new("newest"))), Ok(KubernetesVersions::Newest));
        let refused = kubernetes_versions(Some(Path::new("1.35"))).unwrap_err();
        assert!(refused.contains("CERTCTL_E2E_KUBERNETES is \"1.35\""), "{refused}");
    }
}
