//! ACME clients that this project did not write, each getting one certificate.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;
use url::Url;

use crate::oracle::Issued;
use crate::process::output;
use crate::real_part::RealPart;
use crate::txt_hook::TxtHook;

/// The bound on one run.
const LIMIT: Duration = Duration::from_secs(150);

/// A CA, and what a client needs to get a certificate from it.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// The CA's directory.
    pub directory: &'a Url,
    /// The root, in PEM, that the CA's HTTPS is trusted by.
    pub tls_root: &'a str,
    /// Edits the zone of the names.
    pub hook: &'a TxtHook,
    /// The name server that is asked whether the records are visible.
    pub resolver: SocketAddr,
    /// The names.
    pub names: &'a [&'a str],
    /// Key id and HMAC key of the external account binding.
    pub external_account: Option<(&'a str, &'a str)>,
}

/// A client's command line, not yet run, and the directory that holds all it writes.
pub struct Prepared {
    /// The command.
    pub command: Command,
    dir: TempDir,
    /// Where the certificate and its key will be, below the directory.
    files: [&'static str; 2],
}

impl Prepared {
    /// Runs the client to its end.
    ///
    /// # Errors
    /// Its exit status with the end of what it wrote.
    pub async fn run(mut self) -> Result<Issued, String> {
        output(&mut self.command, LIMIT).await?;
        self.issued()
    }

    /// What the client has got.
    pub fn issued(&self) -> Result<Issued, String> {
        let read = |file: &str| {
            let path = self.dir.path().join(file);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Issued { fullchain: read(self.files[0])?, privkey: read(self.files[1])? })
    }
}

/// certbot with its manual plugin: hooks append and delete the records, and it does not look at the DNS itself.
pub async fn certbot(order: Order<'_>) -> Result<Prepared, String> {
    let obtained = RealPart::Certbot.obtain().await.map_err(ToString::to_string)?;
    let (dir, root) = directory_with(order.tls_root).map_err(|error| error.to_string())?;
    let hook = |verb: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/real-parts/certbot/txt_hook.py");
        let python = obtained.program.with_file_name("python");
        format!("'{}' '{script}' {} {verb}", python.display(), order.hook.endpoint())
    };
    let mut command = obtained.command();
    command
        .args(["certonly", "--non-interactive", "--agree-tos", "--email", "a@ws.example"])
        .args(["--no-eff-email", "--cert-name", "issued", "--server", order.directory.as_str()])
        .args(["--manual", "--preferred-challenges", "dns"])
        // It would look for a program called by the whole quoted command.
        .arg("--disable-hook-validation")
        .args(["--manual-auth-hook", &hook("present")])
        .args(["--manual-cleanup-hook", &hook("cleanup")])
        .env("REQUESTS_CA_BUNDLE", root);
    for option in ["config-dir", "work-dir", "logs-dir"] {
        command.arg(format!("--{option}")).arg(dir.path().join(option));
    }
    for name in order.names {
        command.args(["-d", name]);
    }
    if let Some((kid, key)) = order.external_account {
        command.args(["--eab-kid", kid, "--eab-hmac-key", key]);
    }
    let files = ["config-dir/live/issued/fullchain.pem", "config-dir/live/issued/privkey.pem"];
    Ok(Prepared { command, dir, files })
}

/// lego with its `httpreq` provider and its own waits.
pub async fn lego(order: Order<'_>) -> Result<Prepared, String> {
    let obtained = RealPart::Lego.obtain().await.map_err(ToString::to_string)?;
    let (dir, root) = directory_with(order.tls_root).map_err(|error| error.to_string())?;
    let mut command = obtained.command();
    command
        .args(["-server", order.directory.as_str(), "-email", "a@ws.example"])
        .args(["-domains", &order.names.join(",")])
        .args(["-resolver", &order.resolver.to_string(), "-out"])
        .arg(dir.path())
        .env("LEGO_CA_CERTIFICATES", root)
        .env("HTTPREQ_ENDPOINT", order.hook.endpoint());
    if let Some((kid, key)) = order.external_account {
        command.args(["-eab-kid", kid, "-eab-hmac", key]);
    }
    Ok(Prepared { command, dir, files: ["fullchain.pem", "privkey.pem"] })
}

fn directory_with(tls_root: &str) -> std::io::Result<(TempDir, PathBuf)> {
    let dir = tempfile::tempdir()?;
    let root = dir.path().join("root.pem");
    fs::write(&root, tls_root)?;
    Ok((dir, root))
}
