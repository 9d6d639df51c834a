//! What documents are about, and which names they may have.

use std::fmt;

use super::{Document, StoreError};

/// What a document is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// The account at one CA, by the directory's host and path: `account.json`.
    Account(String),
    /// The certificate in use: `cert.pem`, `chain.pem`, `fullchain.pem`, `privkey.pem`.
    Certificate(String),
    /// The key of an order in flight, stored before finalize: `privkey.pem`.
    PendingKey(String),
    /// What was asked for: `request.json`.
    Request(String),
    /// Next attempt, failures, pending order, TXT journal: `state.json`.
    State(String),
}

impl Entry {
    /// The longest name, in bytes: a file name has 255, and stores put up to 15 of their own beside it. The longest
    /// name that an [`Identifier`](crate::Identifier) leads to has 239.
    pub const MAX_NAME: usize = 240;

    /// The name of the account or certificate.
    pub fn name(&self) -> &str {
        match self {
            Self::Account(name)
            | Self::Certificate(name)
            | Self::PendingKey(name)
            | Self::Request(name)
            | Self::State(name) => name,
        }
    }

    /// The files its document consists of.
    pub fn files(&self) -> &'static [&'static str] {
        match self {
            Self::Account(_) => &["account.json"],
            Self::Certificate(_) => &["cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"],
            Self::PendingKey(_) => &["privkey.pem"],
            Self::Request(_) => &["request.json"],
            Self::State(_) => &["state.json"],
        }
    }

    /// Refuses names that are not one plain path segment. Every store calls this before anything else.
    ///
    /// Allowed are ASCII letters, digits, `.`, `-` and `_`, at most [`MAX_NAME`](Self::MAX_NAME) of them, with neither
    /// `.` nor `-` at the beginning.
    pub fn check(&self) -> Result<(), StoreError> {
        let name = self.name();
        let reason = if name.is_empty() {
            "it is empty"
        } else if name.len() > Self::MAX_NAME {
            "at most 240 characters are allowed"
        } else if name.starts_with(['.', '-']) {
            "it must not begin with a dot or a hyphen"
        } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)) {
            "only letters, digits, dots, hyphens and underscores are allowed"
        } else {
            return Ok(());
        };
        let name = name.chars().take(Self::MAX_NAME).collect();
        Err(StoreError::BadName { name, reason })
    }

    /// As [`check`](Self::check), and refuses a document that has not exactly the files of this entry.
    pub fn check_document(&self, document: &Document) -> Result<(), StoreError> {
        self.check()?;
        if document.files().map(|(file, _)| file).eq(self.files().iter().copied()) {
            return Ok(());
        }
        Err(StoreError::Damaged {
            location: format!("the document for {self}"),
            reason: format!("it must consist of {}", self.files().join(", ")),
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Self::Account(_) => write!(f, "accounts/{name}/account.json"),
            Self::Certificate(_) => write!(f, "certificates/{name}/current"),
            Self::PendingKey(_) => write!(f, "certificates/{name}/pending/privkey.pem"),
            Self::Request(_) => write!(f, "certificates/{name}/request.json"),
            Self::State(_) => write!(f, "certificates/{name}/state.json"),
        }
    }
}
