//! What every [`Store`] must do, as one suite that an implementation runs against itself.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use acme_core::store::{MemoryStore, contract};
//!
//! contract::check(&MemoryStore::new()).await?;
//! # Ok::<(), contract::Violation>(())
//! # }).unwrap();
//! ```

use std::time::Duration;

use super::{Document, Entry, Store, StoreError};

/// What an implementation did that it must not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A rule is broken.
    #[error("{0}")]
    Broken(String),
    /// A call failed that must succeed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Runs the whole suite. It writes under names with a random part and deletes what it wrote where nothing is broken.
pub async fn check(store: &dyn Store) -> Result<(), Violation> {
    let name = format!("contract-{:016x}.example", rand::random::<u64>());
    documents_are_replaced_whole(store, &name).await?;
    certificates_are_listed(store, &name).await?;
    a_reader_sees_one_document(store, &name).await?;
    bad_names_are_refused(store).await?;
    other_files_are_refused(store, &name).await?;
    locks_exclude_and_are_released(store, &name).await
}

async fn documents_are_replaced_whole(store: &dyn Store, name: &str) -> Result<(), Violation> {
    for entry in entries(name) {
        ensure(store.load(&entry).await?.is_none(), || {
            format!("{entry} is there before it was saved")
        })?;
        store.delete(&entry).await?;
        for marker in ["first", "second, and longer"] {
            let document = document(&entry, marker);
            store.save(&entry, &document).await?;
            ensure(store.load(&entry).await? == Some(document), || {
                format!("{entry} is not read as it was saved")
            })?;
        }
    }
    for entry in entries(name) {
        let saved = Some(document(&entry, "second, and longer"));
        ensure(store.load(&entry).await? == saved, || format!("{entry} changed with another"))?;
        store.delete(&entry).await?;
        ensure(store.load(&entry).await?.is_none(), || format!("{entry} is there after delete"))?;
        store.delete(&entry).await?;
    }
    Ok(())
}

async fn certificates_are_listed(store: &dyn Store, name: &str) -> Result<(), Violation> {
    let other = format!("a-{name}");
    store
        .save(&Entry::Account(name.to_owned()), &document(&Entry::Account(name.to_owned()), ""))
        .await?;
    ensure(!store.list().await?.iter().any(|n| n == name), || {
        "an account is listed as a certificate".to_owned()
    })?;
    store.delete(&Entry::Account(name.to_owned())).await?;

    // Each kind of entry makes a certificate's name appear, alone and together, once.
    for entry in &entries(name)[1..] {
        store.save(entry, &document(entry, "")).await?;
        let count = store.list().await?.iter().filter(|n| *n == name).count();
        ensure(count == 1, || format!("a certificate with {entry} is listed {count} times"))?;
    }
    let state = Entry::State(other.clone());
    store.save(&state, &document(&state, "")).await?;
    let listed = store.list().await?;
    ensure(listed.is_sorted() && listed.contains(&other), || format!("not sorted: {listed:?}"))?;

    for entry in [&entries(name)[1..], &[state]].concat() {
        store.delete(&entry).await?;
    }
    let listed = store.list().await?;
    ensure(!listed.iter().any(|n| n == name || *n == other), || {
        "a certificate is listed after its last entry was deleted".to_owned()
    })
}

async fn a_reader_sees_one_document(store: &dyn Store, name: &str) -> Result<(), Violation> {
    const SWITCHES: usize = 50;
    for entry in entries(name) {
        store.save(&entry, &document(&entry, "0")).await?;
        let done = tokio_util::sync::CancellationToken::new();
        let write = async {
            let _done = done.clone().drop_guard();
            for switch in 1..=SWITCHES {
                store.save(&entry, &document(&entry, &switch.to_string())).await?;
                tokio::task::yield_now().await;
            }
            Ok::<(), StoreError>(())
        };
        let read = async {
            while !done.is_cancelled() {
                let read = store.load(&entry).await?;
                let whole = read.is_some_and(|read| {
                    let mut contents = read.files().map(|(_, contents)| contents);
                    let first = contents.next();
                    contents.all(|contents| Some(contents) == first)
                });
                ensure(whole, || format!("{entry} was absent or mixed while it was replaced"))?;
                tokio::task::yield_now().await;
            }
            Ok::<(), Violation>(())
        };
        let (written, read) = tokio::join!(write, read);
        written?;
        read?;
        store.delete(&entry).await?;
    }
    Ok(())
}

async fn bad_names_are_refused(store: &dyn Store) -> Result<(), Violation> {
    let long = "a".repeat(Entry::MAX_NAME + 1);
    for name in
        ["", ".", "..", "../a", "a/b", "/a", ".hidden", "-a", "a b", "a\0", "*.a", "é", &long]
    {
        for entry in entries(name) {
            let document = document(&entry, "");
            let results = [
                store.load(&entry).await.err(),
                store.save(&entry, &document).await.err(),
                store.delete(&entry).await.err(),
                store.lock(&entry, Duration::ZERO).await.err(),
            ];
            let refused =
                results.iter().all(|result| matches!(result, Some(StoreError::BadName { .. })));
            ensure(refused, || format!("the name {name:?} is not refused: {results:?}"))?;
        }
    }
    Ok(())
}

async fn other_files_are_refused(store: &dyn Store, name: &str) -> Result<(), Violation> {
    for entry in entries(name) {
        let too_many = document(&entry, "").with("other.pem", "");
        let elsewhere = document(&entry, "").with("../other.pem", "");
        for document in [Document::default(), too_many, elsewhere] {
            let refused = store.save(&entry, &document).await.is_err();
            ensure(refused, || format!("{entry} takes a document of other files: {document:?}"))?;
        }
        ensure(store.load(&entry).await?.is_none(), || format!("{entry} was saved in part"))?;
    }
    Ok(())
}

async fn locks_exclude_and_are_released(store: &dyn Store, name: &str) -> Result<(), Violation> {
    const WAIT: Duration = Duration::from_secs(20);
    let state = Entry::State(name.to_owned());
    let held = store.lock(&state, WAIT).await?;
    for same in &entries(name)[1..] {
        let second = store.lock(same, Duration::ZERO).await.err();
        ensure(matches!(second, Some(StoreError::Locked { .. })), || {
            format!("{same} can be locked though {state} is: {second:?}")
        })?;
    }
    drop(store.lock(&Entry::Account(name.to_owned()), WAIT).await?);
    drop(store.lock(&Entry::State(format!("a-{name}")), WAIT).await?);

    // Who waits gets the lock when its holder drops it.
    let (waited, ()) = tokio::join!(store.lock(&state, WAIT), async {
        tokio::task::yield_now().await;
        drop(held);
    });
    drop(waited?);
    drop(store.lock(&state, WAIT).await?);
    ensure(!store.list().await?.iter().any(|n| n == name), || {
        "a certificate is listed because it was locked".to_owned()
    })
}

/// Every kind of entry with one name; the account first.
fn entries(name: &str) -> [Entry; 5] {
    [Entry::Account, Entry::Certificate, Entry::PendingKey, Entry::Request, Entry::State]
        .map(|entry| entry(name.to_owned()))
}

/// A document whose files all hold `marker`.
fn document(entry: &Entry, marker: &str) -> Document {
    entry.files().iter().fold(Document::default(), |document, file| document.with(file, marker))
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation::Broken(otherwise())) }
}
