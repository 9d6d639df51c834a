//! A person's session of Tencent's command line, which that tool keeps valid.

use std::path::PathBuf;

use time::OffsetDateTime;

use super::chain::{Profile, parse_tccli_profile, read_bounded_text};
use super::refresh::Temporary;
use crate::error::NoCredential;

/// A profile that holds the credential of a login (`tccli auth login`, `tccli sso login`). tccli writes a new one into
/// the file when it is used, so the file is read again when the credential ends.
#[derive(Clone)]
pub(crate) struct TccliProfile {
    pub(super) path: PathBuf,
}

impl TccliProfile {
    /// The credential in the file.
    pub(super) fn credential(&self, now: OffsetDateTime) -> Result<Temporary, NoCredential> {
        let path = self.path.display();
        let missing = |reason: String| NoCredential::Missing { reason };
        let text = std::fs::File::open(&self.path)
            .and_then(read_bounded_text)
            .map_err(|error| missing(format!("cannot read {path}: {error}")))?;
        match parse_tccli_profile(&text, &path.to_string()) {
            Ok(Profile::Key(key)) => match key.ends.map(|ends| ends - now) {
                Some(remaining) if remaining <= time::Duration::ZERO => Err(missing(format!(
                    "the login in {path} has ended; run `{}` again",
                    key.login
                ))),
                remaining => Ok(Temporary { credential: key.credential, remaining }),
            },
            Ok(Profile::Nothing | Profile::InstanceRole) => {
                Err(missing(format!("{path} no longer holds a credential; run `tccli auth login`")))
            }
            Err(error) => Err(missing(format!("{error}; {}", error.hint()))),
        }
    }
}
