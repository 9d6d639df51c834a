//! Why a store did not do what it was asked.

use std::io::ErrorKind;
use std::time::Duration;

/// Why a store did not do what it was asked. What was there before is still there, whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A name that cannot be one directory, file or object.
    #[error("{name:?} cannot be used as a name in the state: {reason}")]
    BadName {
        /// The name.
        name: String,
        /// What is allowed.
        reason: &'static str,
    },
    /// What is kept there is not what we wrote.
    #[error("{location} is damaged: {reason}")]
    Damaged {
        /// Where.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("cannot {doing} {location}")]
    Io {
        /// The verb: `read`, `write`, `create`, `delete`, `lock`.
        doing: &'static str,
        /// Where.
        location: String,
        /// Why.
        source: std::io::Error,
    },
    /// Another process holds the lock.
    #[error("{location} is in use by another process (waited {waited:?})")]
    Locked {
        /// What is locked.
        location: String,
        /// How long it was waited for.
        waited: Duration,
    },
}

impl StoreError {
    /// What a person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::BadName { .. } => Some("choose another name"),
            Self::Damaged { .. } => {
                Some("restore it from a backup, or move it away to begin anew; nothing was changed")
            }
            Self::Io { source, .. } => match source.kind() {
                ErrorKind::PermissionDenied => Some(
                    "let this user read and write there, or choose another directory for the state",
                ),
                ErrorKind::ReadOnlyFilesystem => {
                    Some("choose a directory for the state on a file system that can be written")
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    Some("make room there and try again; what was stored before is unharmed")
                }
                _ => None,
            },
            Self::Locked { .. } => Some("wait until the other process is done, then try again"),
        }
    }
}
