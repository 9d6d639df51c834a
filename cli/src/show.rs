//! `certctl show`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use acme_core::certificate::CertificateInfo;
use acme_core::store::{FileStore, Store, StoredCertificate};

use crate::config::ShowConfig;
use crate::exit_code::Exit;
use crate::report::Report;
use crate::stdout;

/// The largest file that is read: no chain in use comes near.
const LARGEST_FILE: u64 = 1 << 20;

/// Prints a certificate, for people or as one JSON object.
pub(crate) async fn run(config: &ShowConfig, json: bool) -> Result<(), Report> {
    let (pem, place) = match config {
        ShowConfig::File(path) => (read(path)?, path.display().to_string()),
        ShowConfig::Stored { name, state_dir } => (load(name, state_dir).await?, name.clone()),
    };
    let info = CertificateInfo::from_pem(&pem).map_err(|error| {
        Report::new(
            Exit::Configuration,
            format!("cannot show {place}: {error}"),
            "give a certificate in PEM, such as fullchain.pem",
        )
    })?;
    let text = if json {
        serde_json::to_string(&info).map_err(|error| {
            Report::new(
                Exit::Internal,
                format!("cannot encode {place}: {error}"),
                "please report this",
            )
        })?
    } else {
        info.to_string()
    };
    stdout::write(&format!("{text}\n"))
}

fn read(path: &Path) -> Result<Vec<u8>, Report> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST_FILE).read_to_end(&mut bytes)).map_err(
        |error| {
            Report::new(
                Exit::Configuration,
                format!("cannot read {}: {error}", path.display()),
                "give a PEM file that this user may read, or the name of a stored certificate",
            )
        },
    )?;
    Ok(bytes)
}

async fn load(name: &str, state_dir: &Path) -> Result<Vec<u8>, Report> {
    let absent = |names: &[String]| {
        let known = match names {
            [] => "there is none yet; `certctl issue` gets one".to_owned(),
            names => format!("there are: {}", names.join(", ")),
        };
        let what = format!("there is no certificate {name} in {}", state_dir.display());
        Report::new(Exit::Configuration, what, known)
    };
    let failed = |error| Report::of_store(&error);
    let store = FileStore::open(state_dir).map_err(failed)?;
    match StoredCertificate::load(&store, name).await.map_err(failed)? {
        Some(stored) => Ok(stored.fullchain_pem.into_bytes()),
        None => Err(absent(&store.list().await.map_err(failed)?)),
    }
}
