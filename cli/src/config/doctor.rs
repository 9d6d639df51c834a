//! What `certctl doctor` is asked for, and how the cluster is reached.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::setting::Settings;
use crate::args::DoctorArgs;
use crate::report::Report;

/// Bound on a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// All that `certctl doctor` needs to know.
#[derive(Debug)]
pub(crate) struct DoctorConfig {
    /// The one Certificate that is asked for.
    pub(crate) certificate: Option<String>,
    /// The one namespace that is asked for.
    pub(crate) namespace: Option<String>,
    pub(crate) json: bool,
    pub(crate) verbose: u8,
    /// Those that are there are merged, the first wins (kubectl's `KUBECONFIG`); without any, this is a pod.
    kubeconfigs: Vec<PathBuf>,
    /// Whether they were asked for, so that each has to be there.
    must_be_there: bool,
    in_pod: bool,
}

impl DoctorConfig {
    pub(crate) fn new(
        args: &DoctorArgs,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Report>> {
        let mut settings = Settings::new(environment);
        let given = settings.text("kubeconfig", args.kubeconfig.as_deref());
        let must_be_there = given.is_some();
        let of_home = || Some(Path::new(&settings.foreign("HOME")?).join(".kube/config"));
        let kubeconfigs = match (given, settings.foreign("KUBECONFIG")) {
            (Some(given), _) => vec![given.value.into()],
            (None, Some(list)) => std::env::split_paths(&list).collect(),
            (None, None) => of_home().into_iter().collect(),
        };
        let name = |settings: &mut Settings<'_>, what: &str, value: Option<String>| {
            let value = value?;
            if !is_name(&value) {
                settings.mistakes.push(Report::usage(
                    format_args!("{what}: {value:?} is not a name of a Kubernetes object"),
                    "`kubectl get certificates --all-namespaces` shows which there are",
                ));
            }
            Some(value)
        };
        let namespace = settings.text("namespace", args.namespace.as_deref());
        let namespace = name(&mut settings, "--namespace", namespace.map(|given| given.value));
        let certificate = name(&mut settings, "CERTIFICATE", args.certificate.clone());
        let json = settings.flag("json", args.json);
        let verbose = settings.verbosity(args.verbose);
        let in_pod = settings.foreign("KUBERNETES_SERVICE_HOST").is_some();
        settings.finish(|| Self {
            certificate,
            namespace,
            json,
            verbose,
            kubeconfigs,
            must_be_there,
            in_pod,
        })
    }

    /// How the cluster is reached: by the kubeconfigs, or as a pod does it.
    pub(crate) async fn kubernetes(&self) -> Result<kube::Config, Report> {
        let files = || self.kubeconfigs.iter().filter(|file| self.must_be_there || file.exists());
        let mut merged: Option<Kubeconfig> = None;
        for file in files() {
            let wrong = |error| unusable(file, &error);
            let next = Kubeconfig::read_from(file).map_err(wrong)?;
            merged = Some(match merged {
                Some(before) => before.merge(next).map_err(wrong)?,
                None => next,
            });
        }
        let mut config = match (merged, files().next()) {
            (Some(kubeconfig), Some(file)) => {
                let has_proxy = has_proxy(&kubeconfig);
                let options = KubeConfigOptions::default();
                let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await;
                let mut config = config.map_err(|error| unusable(file, &error))?;
                if !has_proxy {
                    // The library has taken it from HTTPS_PROXY, which is for the CA and Tencent Cloud.
                    config.proxy_url = None;
                }
                config
            }
            _ if self.in_pod => kube::Config::incluster_env().map_err(|error| {
                Report::configuration(
                    format_args!("the ServiceAccount of this pod cannot be used: {error}"),
                    "see that its token is mounted, or give --kubeconfig FILE",
                )
            })?,
            _ => {
                let tried: Vec<String> =
                    self.kubeconfigs.iter().map(|file| file.display().to_string()).collect();
                return Err(Report::configuration(
                    format_args!("there is no kubeconfig (looked for {})", tried.join(", ")),
                    "give --kubeconfig FILE, or set KUBECONFIG",
                ));
            }
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        Ok(config)
    }
}

fn unusable(file: &Path, error: &KubeconfigError) -> Report {
    Report::configuration(
        format_args!("the kubeconfig {} cannot be used: {error}", file.display()),
        "give one with a current context: --kubeconfig FILE",
    )
}

fn has_proxy(kubeconfig: &Kubeconfig) -> bool {
    let mut clusters = kubeconfig.clusters.iter().filter_map(|named| named.cluster.as_ref());
    clusters.any(|cluster| cluster.proxy_url.is_some())
}

/// Whether `name` can be a name of a Kubernetes object (RFC 1123 subdomain): what is none must not become another path.
fn is_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && name.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(args: &DoctorArgs, set: &[(&str, &str)]) -> Result<DoctorConfig, Vec<Report>> {
        DoctorConfig::new(args, &|name| {
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_kubeconfig_is_the_given_one_then_that_of_kubectl() {
        let given = DoctorArgs { kubeconfig: Some("a".to_owned()), ..DoctorArgs::default() };
        let set = [("KUBECONFIG", "b:c"), ("HOME", "/home/x")];
        let paths = |args: &DoctorArgs, set| config(args, set).unwrap().kubeconfigs;
        assert_eq!(paths(&given, &set), [PathBuf::from("a")]);
        let none = DoctorArgs::default();
        assert_eq!(paths(&none, &set), [PathBuf::from("b"), PathBuf::from("c")]);
        assert_eq!(paths(&none, &set[1..]), [PathBuf::from("/home/x/.kube/config")]);
    }

    #[test]
    fn a_name_is_no_path() {
        for bad in ["..", "a/b", "A", "a?b", "a%2f"] {
            let args = DoctorArgs { namespace: Some(bad.to_owned()), ..DoctorArgs::default() };
            assert_eq!(config(&args, &[]).unwrap_err().len(), 1, "{bad}");
        }
    }
}
