//! Documents that are one JSON file.

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{Document, Entry, Store, StoreError};

/// The entry's only file, or `None` where there is none.
pub(super) async fn load<T: DeserializeOwned>(
    store: &dyn Store,
    entry: &Entry,
) -> Result<Option<T>, StoreError> {
    let Some(document) = store.load(entry).await? else { return Ok(None) };
    let file = entry.files()[0];
    let damaged = |reason| StoreError::Damaged { location: store.location(entry), reason };
    let json = document.get(file).ok_or_else(|| damaged(format!("{file} is missing")))?;
    // serde's own message may quote the text, which may be a key.
    serde_json::from_slice(json).map(Some).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        damaged(format!("unexpected JSON at line {line}, column {column}"))
    })
}

/// Replaces the entry's only file.
pub(super) async fn save<T: Serialize>(
    store: &dyn Store,
    entry: &Entry,
    value: &T,
) -> Result<(), StoreError> {
    // Large enough for an account key, so that growing leaves no copy of it behind.
    let mut json = Zeroizing::new(Vec::with_capacity(16 * 1024));
    serde_json::to_writer_pretty(&mut *json, value).map_err(|error| StoreError::Damaged {
        location: store.location(entry),
        reason: error.to_string(),
    })?;
    json.push(b'\n');
    store.save(entry, &Document::default().with(entry.files()[0], json.as_slice())).await
}
