//! The certificate in use, with its key.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{Document, Entry, Store, StoreError};
use crate::Identifier;
use crate::certificate::{self, CheckedCertificate, NotGood, Wanted};
use crate::key::{KeyError, KeyType, PrivateKey};

/// `cert.pem`, `chain.pem`, `fullchain.pem` and `privkey.pem`, which belong together. It has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCertificate {
    /// The leaf alone.
    pub cert_pem: String,
    /// The issuers' certificates; may be empty.
    pub chain_pem: String,
    /// Leaf and issuers.
    pub fullchain_pem: String,
    /// The key, PKCS #8.
    pub privkey_pem: Zeroizing<String>,
}

impl StoredCertificate {
    /// What is to be stored of a certificate and its key.
    pub fn new(certificate: &CheckedCertificate, key: &PrivateKey) -> Self {
        Self {
            cert_pem: certificate.cert_pem(),
            chain_pem: certificate.chain_pem(),
            fullchain_pem: certificate.fullchain_pem(),
            privkey_pem: key.to_pem(),
        }
    }

    /// The certificate stored as `name`, or `None` where there is none.
    pub async fn load(store: &dyn Store, name: &str) -> Result<Option<Self>, StoreError> {
        let entry = Entry::Certificate(name.to_owned());
        let Some(document) = store.load(&entry).await? else { return Ok(None) };
        let text = |file: &str| {
            let bytes = document.get(file).map(<[u8]>::to_vec);
            bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
                StoreError::Damaged {
                    location: store.location(&entry),
                    reason: format!("{file} is missing or is not PEM"),
                }
            })
        };
        Ok(Some(Self {
            cert_pem: text("cert.pem")?,
            chain_pem: text("chain.pem")?,
            fullchain_pem: text("fullchain.pem")?,
            privkey_pem: Zeroizing::new(text("privkey.pem")?),
        }))
    }

    /// Stores all four files as `name`, in one switch. Returns the file of each role: `cert`, `chain`, `fullchain`,
    /// `privkey`.
    pub async fn save(
        &self,
        store: &dyn Store,
        name: &str,
    ) -> Result<BTreeMap<String, &'static str>, StoreError> {
        let entry = Entry::Certificate(name.to_owned());
        let document = Document::default()
            .with("cert.pem", self.cert_pem.as_str())
            .with("chain.pem", self.chain_pem.as_str())
            .with("fullchain.pem", self.fullchain_pem.as_str())
            .with("privkey.pem", self.privkey_pem.as_str());
        store.save(&entry, &document).await?;
        let role = |file: &str| file.trim_end_matches(".pem").to_owned();
        Ok(entry.files().iter().map(|file| (role(file), *file)).collect())
    }

    /// The key.
    pub fn private_key(&self) -> Result<PrivateKey, KeyError> {
        PrivateKey::from_pem(&self.privkey_pem)
    }

    /// Whether it will do for these names and this key type, and renewal is not yet due; as
    /// [`certificate::check_stored`].
    pub fn is_good_for(
        &self,
        identifiers: &[Identifier],
        key_type: KeyType,
        now: OffsetDateTime,
    ) -> Result<CheckedCertificate, NotGood> {
        let wanted = Wanted { identifiers, key_type, now };
        certificate::check_stored(self.fullchain_pem.as_bytes(), &self.privkey_pem, &wanted)
    }
}

/// The name a certificate is stored under where none was chosen: `ws.example`, or `_.ws.example` for a wildcard.
pub fn certificate_name(first: &Identifier) -> String {
    let wildcard = if first.is_wildcard() { "_." } else { "" };
    format!("{wildcard}{}", first.base())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn a_certificate_is_read_back_as_it_was_stored() {
        let store = MemoryStore::new();
        assert!(StoredCertificate::load(&store, "ws.example").await.unwrap().is_none());
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let stored = StoredCertificate {
            cert_pem: "leaf\n".to_owned(),
            chain_pem: String::new(),
            fullchain_pem: "leaf\n".to_owned(),
            privkey_pem: key.to_pem(),
        };
        let files = stored.save(&store, "ws.example").await.unwrap();
        assert_eq!(files["fullchain"], "fullchain.pem");
        assert_eq!(files.len(), 4);
        let read = StoredCertificate::load(&store, "ws.example").await.unwrap().unwrap();
        assert!(read == stored);
        assert_eq!(read.private_key().unwrap().public_key_der(), key.public_key_der());
    }

    #[test]
    fn a_wildcard_and_its_apex_have_names_of_their_own() {
        for (identifier, name) in [("ws.example", "ws.example"), ("*.ws.example", "_.ws.example")] {
            let identifier = Identifier::parse(identifier).unwrap();
            assert_eq!(certificate_name(&identifier), name);
            Entry::State(certificate_name(&identifier)).check().unwrap();
        }
    }
}
