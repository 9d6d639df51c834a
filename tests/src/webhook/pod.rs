//! A pod of a Deployment, started by hand where no kubelet is: a root directory of its own with what the pod mounts, its
//! ServiceAccount's token, a `resolv.conf`, its user, its arguments and nothing but its variables. The network is the
//! machine's.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use super::program::{NAME, program};
use super::secret_volume::SecretVolume;
use crate::control_plane::{ControlPlane, SECRETS, run};
use crate::daemon::Daemon;
use crate::real_part::RealPart;

/// Where a pod finds its ServiceAccount.
const SERVICE_ACCOUNT: &str = "var/run/secrets/kubernetes.io/serviceaccount";

/// Mounts the program `$1` as `$2`, and what it is linked to, into the root `$0`, enters that as user and group `$3`, and
/// becomes what follows.
const ENTER: &str = r#"
for dir in usr lib lib64; do
    [ ! -d "/$dir" ] || mount --rbind "/$dir" "$0/$dir"
done
mount --bind "$1" "$0/$2"
user=$3
shift 3
PATH=$PATH:/usr/sbin:/sbin
exec chroot "$0" /usr/bin/setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all --pdeathsig KILL -- /usr/bin/env -i "$@"
"#;

/// A running container; dropping it kills it.
pub struct Pod {
    daemon: Daemon,
    _root: TempDir,
}

impl Pod {
    /// Starts the only container of a pod of `deployment` with the program built from this source, once the Secrets that
    /// it mounts are there. `resolver` answers at port 53.
    ///
    /// # Errors
    /// A sentence: the Deployment asks for what is not known here, a Secret is missing, or it cannot be started.
    pub async fn start(
        plane: &ControlPlane,
        deployment: &Value,
        resolver: IpAddr,
    ) -> Result<Self, String> {
        let namespace = text(&deployment["metadata"]["namespace"])?.to_owned();
        let pod = &deployment["spec"]["template"]["spec"];
        let [container] = pod["containers"].as_array().map_or(&[][..], Vec::as_slice) else {
            return Err("the pod has not exactly one container".to_owned());
        };
        let user = pod["securityContext"]["runAsUser"].as_u64();
        let user = user.and_then(|user| u32::try_from(user).ok()).ok_or("no runAsUser")?;
        let root = tempfile::tempdir().map_err(|error| error.to_string())?;
        let account = text(&pod["serviceAccountName"])?;
        prepare_root(plane, root.path(), user, resolver, &namespace, account).await?;
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            let secret = secret_of(pod, text(&mount["name"])?)?;
            let path = root.path().join(text(&mount["mountPath"])?.trim_start_matches('/'));
            let files = contents(plane, &namespace, secret).await?;
            SecretVolume::mount(path, Some(user), &borrowed(&files)).map_err(|e| e.to_string())?;
        }
        let program = program().await?.display().to_string();
        let root_path = root.path().display().to_string();
        let mut words = ["sh", "-euc", ENTER, &root_path, &program, NAME, &user.to_string()]
            .map(ToOwned::to_owned)
            .to_vec();
        words.extend(variables(plane, container)?);
        words.push(format!("/{NAME}"));
        for argument in container["args"].as_array().into_iter().flatten() {
            words.push(text(argument)?.to_owned());
        }
        let unshare = RealPart::PodRoot.obtain().await.map_err(ToString::to_string)?;
        let words = [unshare.arguments.clone(), words].concat();
        let daemon = Daemon::start(run(NAME, &unshare.program, words, plane.dir())).await?;
        Ok(Self { daemon, _root: root })
    }

    /// Its process.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        self.daemon.log()
    }
}

async fn prepare_root(
    plane: &ControlPlane,
    root: &Path,
    user: u32,
    resolver: IpAddr,
    namespace: &str,
    account: &str,
) -> Result<(), String> {
    let token = plane.service_account_token(namespace, account).await?;
    let ca = plane.ca_pem();
    let make = || {
        fs::set_permissions(root, fs::Permissions::from_mode(0o755))?;
        for dir in ["usr", "lib", "lib64", "etc"] {
            fs::create_dir(root.join(dir))?;
        }
        fs::write(root.join(NAME), "")?;
        fs::write(root.join("etc/resolv.conf"), format!("nameserver {resolver}\n"))?;
        let files = [
            ("token", token.as_bytes()),
            ("ca.crt", ca.as_bytes()),
            ("namespace", namespace.as_bytes()),
        ];
        SecretVolume::mount(root.join(SERVICE_ACCOUNT), Some(user), &files).map(drop)
    };
    make().map_err(|error: std::io::Error| format!("{}: {error}", root.display()))
}

/// The variables of the container, and those by which a pod finds kube-apiserver.
fn variables(plane: &ControlPlane, container: &Value) -> Result<Vec<String>, String> {
    let url = plane.url();
    let mut variables = vec![
        format!("KUBERNETES_SERVICE_HOST={}", url.host_str().unwrap_or_default()),
        format!("KUBERNETES_SERVICE_PORT={}", url.port().unwrap_or_default()),
    ];
    for variable in container["env"].as_array().into_iter().flatten() {
        variables.push(format!("{}={}", text(&variable["name"])?, text(&variable["value"])?));
    }
    Ok(variables)
}

/// The Secret that a volume of the pod is made of.
fn secret_of<'a>(pod: &'a Value, volume: &str) -> Result<&'a str, String> {
    let mut volumes = pod["volumes"].as_array().into_iter().flatten();
    let found = volumes.find(|found| found["name"] == volume);
    text(&found.ok_or_else(|| format!("there is no volume {volume}"))?["secret"]["secretName"])
}

async fn contents(
    plane: &ControlPlane,
    namespace: &str,
    secret: &str,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let found = plane.admin().get(&SECRETS.within(namespace, secret)).await;
    let found = found.map_err(|error| error.to_string())?;
    let data = found["data"].as_object().into_iter().flatten();
    data.map(|(key, value)| {
        let bytes = STANDARD.decode(text(value)?).map_err(|error| format!("{key}: {error}"))?;
        Ok((key.clone(), bytes))
    })
    .collect()
}

fn borrowed(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, contents)| (name.as_str(), contents.as_slice())).collect()
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("the Deployment has {value} where text is expected"))
}
