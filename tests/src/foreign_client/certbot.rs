//! certbot, with its own plugin for hooks.

use tokio::process::Command;
use url::Url;

use super::prepared::{Order, Prepared};
use crate::client_home::ClientHome;
use crate::real_part::RealPart;

/// Where certbot leaves the certificate and its key.
pub(super) const FILES: [&str; 2] =
    ["config-dir/live/issued/fullchain.pem", "config-dir/live/issued/privkey.pem"];

/// certbot with its manual plugin: hooks append and delete the records, and it does not look at the DNS itself.
///
/// # Errors
/// A sentence: it cannot be had.
pub async fn certbot(order: Order<'_>) -> Result<Prepared, String> {
    let obtained = RealPart::Certbot.obtain().await.map_err(ToString::to_string)?;
    let home = ClientHome::new(&[order.tls_root]).map_err(|error| error.to_string())?;
    let hook = |verb: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/real-parts/certbot/txt_hook.py");
        let python = obtained.program.with_file_name("python");
        format!("'{}' '{script}' {} {verb}", python.display(), order.hook.endpoint())
    };
    let mut command = obtained.command();
    ask_for_certificate(&mut command, &home, order.directory, order.names);
    command
        .args(["--manual", "--preferred-challenges", "dns"])
        // It would look for a program called by the whole quoted command.
        .arg("--disable-hook-validation")
        .args(["--manual-auth-hook", &hook("present")])
        .args(["--manual-cleanup-hook", &hook("cleanup")])
        .env("REQUESTS_CA_BUNDLE", home.roots());
    if let Some((kid, key)) = order.external_account {
        command.args(["--eab-kid", kid, "--eab-hmac-key", key]);
    }
    Ok(Prepared { command, home, files: FILES })
}

/// What certbot is asked whatever plugin publishes the records.
pub(super) fn ask_for_certificate(
    command: &mut Command,
    home: &ClientHome,
    directory: &Url,
    names: &[&str],
) {
    command
        .args(["certonly", "--non-interactive", "--agree-tos", "--email", "a@ws.example"])
        .args(["--no-eff-email", "--cert-name", "issued", "--server", directory.as_str()]);
    for option in ["config-dir", "work-dir", "logs-dir"] {
        command.arg(format!("--{option}")).arg(home.path().join(option));
    }
    for name in names {
        command.args(["-d", name]);
    }
}
