//! What a pod's container needs of this machine where no kubelet runs it: mounts that nobody else sees, a change of root
//! and user, and port 53 of loopback for what its `resolv.conf` names.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use tokio::process::Command;

use super::{Missing, Obtained};
use crate::environment::Environment;
use crate::process::output;

const LIMIT: Duration = Duration::from_secs(20);

/// Any address of loopback that no name server listens at.
const LOOPBACK: Ipv4Addr = Ipv4Addr::new(127, 53, 53, 53);

/// The program is `unshare`; a shell that mounts is to follow.
pub(super) async fn obtain(environment: &Environment) -> Result<Obtained, Missing> {
    let program = environment.find("unshare");
    let program = program.ok_or_else(|| Missing("no unshare on PATH".to_owned()))?;
    if let Err(error) = TcpListener::bind((LOOPBACK, 53)) {
        return Err(Missing(format!("port 53 of {LOOPBACK}: {error}; root may use it")));
    }
    let tried = "mount -t tmpfs tmpfs /mnt; PATH=$PATH:/usr/sbin:/sbin; exec chroot / setpriv --reuid 1 --regid 1 --clear-groups -- true";
    let mut command = Command::new(&program);
    output(command.args(["--mount", "--", "sh", "-euc", tried]), LIMIT).await.map_err(Missing)?;
    Ok(Obtained {
        program,
        arguments: vec!["--mount".to_owned(), "--".to_owned()],
        version: "-".to_owned(),
        how: "unshare --mount".to_owned(),
    })
}
