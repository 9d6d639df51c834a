//! Kubernetes' and cert-manager's programs, built from the module `tests/real-parts/kubernetes` in the versions that the
//! environment chooses, in two grades: etcd and kube-apiserver, and everything else.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::go_module::{GoModule, missing};
use super::{Missing, Obtained, RealPart};
use crate::environment::{Environment, KubernetesVersions};
use crate::process::output;

const KUBERNETES: &str = "k8s.io/kubernetes";
const ETCD: &str = "go.etcd.io/etcd/server/v3";
const CERT_MANAGER: &str = "github.com/cert-manager/cert-manager";

const VERSION_LIMIT: Duration = Duration::from_secs(60);

/// kube-apiserver, with etcd beside it: `$KUBEBUILDER_ASSETS`, else built.
pub(super) async fn kube_apiserver(environment: &Environment) -> Result<Obtained, Missing> {
    if let Some(assets) = &environment.kubebuilder_assets {
        return found(assets, "$KUBEBUILDER_ASSETS".to_owned()).await;
    }
    let module = open(environment)?;
    let dir = module
        .built(environment, "kube-apiserver", async |dir| {
            build(&module, dir, &[ETCD, "k8s.io/kubernetes/cmd/kube-apiserver"]).await?;
            fs::rename(dir.join("server"), dir.join("etcd")).map_err(|error| missing(dir, error))
        })
        .await?;
    found(&dir, "go build in tests/real-parts/kubernetes".to_owned()).await
}

/// A program of the full grade, which is built as a whole: its parts share most of what is compiled.
pub(super) async fn full(environment: &Environment, program: &str) -> Result<Obtained, Missing> {
    // Of use only with kube-apiserver, and two Go builds at a time would only get in each other's way.
    Box::pin(RealPart::KubeApiserver.obtain()).await.map_err(Clone::clone)?;
    let module = open(environment)?;
    let dir = module
        .built(environment, "cert-manager", async |dir| {
            build(
                &module,
                dir,
                &["k8s.io/kubernetes/cmd/kube-controller-manager", "./cert-manager"],
            )
            .await?;
            let suite = dir.join("conformance.test");
            let flags = flags(&module)?;
            let suite = suite.to_string_lossy();
            module.run("test", &["-trimpath", &flags, "-c", "-o", &suite, "./conformance"]).await?;
            copy_resource_definitions(&module, &dir.join("crds")).await
        })
        .await?;
    let owner = if program == "kube-controller-manager" { KUBERNETES } else { CERT_MANAGER };
    Ok(Obtained {
        program: dir.join(program),
        arguments: Vec::new(),
        version: module.version_of(owner)?.to_owned(),
        how: "go build in tests/real-parts/kubernetes".to_owned(),
    })
}

fn open(environment: &Environment) -> Result<GoModule, Missing> {
    let mod_file = match environment.kubernetes.clone().map_err(Missing)? {
        KubernetesVersions::Pinned => "go.mod",
        KubernetesVersions::Older => "older.mod",
        KubernetesVersions::Newest => "newest.mod",
    };
    GoModule::open_with(environment, "kubernetes", mod_file)
}

async fn found(dir: &Path, how: String) -> Result<Obtained, Missing> {
    for program in ["etcd", "kube-apiserver"] {
        if !dir.join(program).is_file() {
            return Err(missing(&dir.join(program), "no such file"));
        }
    }
    let program = dir.join("kube-apiserver");
    let said =
        output(Command::new(&program).arg("--version"), VERSION_LIMIT).await.map_err(Missing)?;
    Ok(Obtained {
        program,
        arguments: Vec::new(),
        version: said.trim().trim_start_matches("Kubernetes ").to_owned(),
        how,
    })
}

async fn build(module: &GoModule, dir: &Path, mains: &[&str]) -> Result<(), Missing> {
    // A folder for several programs has to end so.
    let into = format!("{}/", dir.display());
    let flags = flags(module)?;
    let arguments = [&["-trimpath", "-buildvcs=false", &flags, "-o", &into], mains].concat();
    module.run("build", &arguments).await.map(drop)
}

/// The linker's flags. A kube-apiserver that does not know its version passes for none with Helm.
fn flags(module: &GoModule) -> Result<String, Missing> {
    let version = module.version_of(KUBERNETES)?;
    let minor = version.split('.').nth(1).unwrap_or_default();
    let set = |field, value| format!("-X k8s.io/component-base/version.{field}={value}");
    Ok(format!(
        "-ldflags=-s -w {} {} {} -X {CERT_MANAGER}/pkg/util.AppVersion={}",
        set("gitVersion", version),
        set("gitMajor", "1"),
        set("gitMinor", minor),
        module.version_of(CERT_MANAGER)?,
    ))
}

/// cert-manager's resource definitions, which its module holds as YAML.
async fn copy_resource_definitions(module: &GoModule, into: &Path) -> Result<(), Missing> {
    let source = module.run("list", &["-m", "-f", "{{.Dir}}", CERT_MANAGER]).await?;
    let source = Path::new(source.trim()).join("deploy/crds");
    let copy = || {
        fs::create_dir(into)?;
        for entry in fs::read_dir(&source)? {
            let file = entry?.path();
            if let Some(name) =
                file.file_name().filter(|_| file.extension().is_some_and(|e| e == "yaml"))
            {
                // Go keeps its modules read-only, and a copy of the mode could not be removed.
                fs::write(into.join(name), fs::read(&file)?)?;
            }
        }
        std::io::Result::Ok(())
    };
    copy().map_err(|error| missing(&source, error))
}
