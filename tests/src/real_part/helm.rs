//! Helm, built from the module `tests/real-parts/helm`.

use super::go_module::GoModule;
use super::{Missing, Obtained};
use crate::environment::Environment;

const HELM: &str = "helm.sh/helm/v4";

pub(super) async fn obtain(environment: &Environment) -> Result<Obtained, Missing> {
    let module = GoModule::open(environment, "helm")?;
    let version = module.version_of(HELM)?;
    let dir = module
        .built(environment, "helm", async |dir| {
            let program = dir.join("helm");
            let flags = format!("-ldflags=-s -w -X {HELM}/internal/version.version={version}");
            let main = format!("{HELM}/cmd/helm");
            let program = program.to_string_lossy();
            module.run("build", &["-buildvcs=false", &flags, "-o", &program, &main]).await.map(drop)
        })
        .await?;
    Ok(Obtained {
        program: dir.join("helm"),
        arguments: Vec::new(),
        version: version.to_owned(),
        how: "go build in tests/real-parts/helm".to_owned(),
    })
}
