//! What a client is asked for, and a client that is ready to be run.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::process::Command;
use url::Url;

use crate::client_home::ClientHome;
use crate::oracle::Issued;
use crate::process::output;
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
    pub(super) home: ClientHome,
    /// Where the certificate and its key will be, below the directory.
    pub(super) files: [&'static str; 2],
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
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn issued(&self) -> Result<Issued, String> {
        let read = |file: &str| {
            let path = self.home.path().join(file);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Issued { fullchain: read(self.files[0])?, privkey: read(self.files[1])? })
    }
}
