//! The account at one CA.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;
use zeroize::Zeroizing;

use super::{Entry, Store, StoreError, json};

/// `account.json`: the key of an account and where the CA keeps the account. It has no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAccount {
    /// The CA's directory.
    pub directory: Url,
    /// The account's URL at the CA, or `None` while it is not known to be registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// The account's private key, PKCS #8 in PEM.
    #[serde(serialize_with = "write_secret", deserialize_with = "read_secret")]
    pub key_pem: Zeroizing<String>,
}

impl StoredAccount {
    /// An account that is not registered yet.
    pub fn new(directory: Url, key_pem: Zeroizing<String>) -> Self {
        Self { directory, url: None, key_pem }
    }

    /// The account stored as `name`, or `None` where there is none.
    pub async fn load(store: &dyn Store, name: &str) -> Result<Option<Self>, StoreError> {
        json::load(store, &Entry::Account(name.to_owned())).await
    }

    /// Stores the account as `name`.
    pub async fn save(&self, store: &dyn Store, name: &str) -> Result<(), StoreError> {
        json::save(store, &Entry::Account(name.to_owned()), self).await
    }
}

fn write_secret<S: Serializer>(secret: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret)
}

fn read_secret<'de, D: Deserializer<'de>>(from: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(from).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Document, MemoryStore};

    #[tokio::test]
    async fn an_account_is_read_back_as_it_was_stored() {
        let store = MemoryStore::new();
        assert!(StoredAccount::load(&store, "ca.example").await.unwrap().is_none());
        let directory: Url = "https://ca.example/directory".parse().unwrap();
        let mut account = StoredAccount::new(directory, Zeroizing::new("a key\n".to_owned()));
        account.save(&store, "ca.example").await.unwrap();
        account.url = Some("https://ca.example/account/1".parse().unwrap());
        account.save(&store, "ca.example").await.unwrap();
        assert!(StoredAccount::load(&store, "ca.example").await.unwrap() == Some(account));
    }

    #[tokio::test]
    async fn a_damaged_account_is_named_and_its_key_is_not_shown() {
        let store = MemoryStore::new();
        let entry = Entry::Account("ca.example".to_owned());
        let json = r#"{"directory": "secret-key", "key_pem": "secret-key"}"#;
        store.save(&entry, &Document::default().with("account.json", json)).await.unwrap();
        let error = StoredAccount::load(&store, "ca.example").await.err().unwrap();
        let text = format!("{error} {error:?}");
        assert!(text.contains("ca.example/account.json") && text.contains("line 1"), "{text}");
        assert!(!text.contains("secret-key"), "{text}");
    }
}
