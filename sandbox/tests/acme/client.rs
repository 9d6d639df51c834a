//! A small ACME client that shows everything an answer holds and lets a test break every rule.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::HeaderMap;
use reqwest::{Certificate, StatusCode};
use sandbox::Sandbox;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Nothing that the sandbox does on loopback takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Base64url without padding.
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An account's key.
pub(crate) enum AccountKey {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl AccountKey {
    pub(crate) fn new() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn p384() -> Self {
        Self::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn alg(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::P384(_) => "ES384",
            Self::Rsa(_) => "RS256",
        }
    }

    /// The public key, its members in the order of RFC 7638.
    pub(crate) fn jwk(&self) -> Value {
        let elliptic = |curve: &str, pair: &EcdsaKeyPair| {
            let point = pair.public_key().as_ref();
            let (x, y) = point[1..].split_at(point.len() / 2);
            json!({ "crv": curve, "kty": "EC", "x": base64url(x), "y": base64url(y) })
        };
        match self {
            Self::P256(pair) => elliptic("P-256", pair),
            Self::P384(pair) => elliptic("P-384", pair),
            Self::Rsa(pair) => {
                let key = pair.public_key();
                let (e, n) = (key.exponent(), key.modulus());
                json!({
                    "e": base64url(e.big_endian_without_leading_zero()),
                    "kty": "RSA",
                    "n": base64url(n.big_endian_without_leading_zero()),
                })
            }
        }
    }

    pub(crate) fn thumbprint(&self) -> String {
        base64url(Sha256::digest(self.jwk().to_string()))
    }

    /// A flattened JWS; a payload of `None` is that of a POST-as-GET. The algorithm is added where there is none.
    pub(crate) fn sign(&self, protected: &Value, payload: Option<&Value>) -> Value {
        let mut protected = protected.clone();
        if protected["alg"].is_null() {
            protected["alg"] = json!(self.alg());
        }
        let protected = base64url(protected.to_string());
        let payload = payload.map_or_else(String::new, |payload| base64url(payload.to_string()));
        let message = format!("{protected}.{payload}");
        let signature = self.sign_bytes(message.as_bytes());
        json!({ "protected": protected, "payload": payload, "signature": base64url(signature) })
    }

    fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::P256(pair) | Self::P384(pair) => {
                pair.sign(&random, message).unwrap().as_ref().to_vec()
            }
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// An answer of the CA.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// A header's first value, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The target of the `Link` header with this relation.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let wanted = format!(">;rel=\"{relation}\"");
        self.headers.get_all("link").iter().find_map(|link| {
            let target = link.to_str().unwrap().strip_suffix(&wanted)?;
            target.strip_prefix('<').map(str::to_owned)
        })
    }

    /// The answer, if it is a success.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        assert!(self.status.is_success(), "{self:#?}");
        self
    }

    /// Checks that this is a problem document of this type and HTTP status.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, kind: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:#?}");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:ietf:params:acme:error:{kind}"), "{problem:#}");
        assert_eq!(self.status, status, "{problem:#}");
        assert_eq!(problem["status"], status, "{problem:#}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        problem
    }
}

/// An ACME client with one account.
pub(crate) struct Client {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) http: reqwest::Client,
    pub(crate) directory: Value,
    pub(crate) key: AccountKey,
    pub(crate) account: String,
    nonce: Mutex<Option<String>>,
}

impl Client {
    /// A client without an account.
    pub(crate) async fn without_account(sandbox: &Arc<Sandbox>) -> Self {
        // Which of several tests is the first does not matter.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let root = Certificate::from_pem(sandbox.root_pem().as_bytes()).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([root])
            .user_agent("sandbox-tests")
            .timeout(PATIENCE)
            .build()
            .unwrap();
        let directory = http.get(sandbox.directory_url()).send().await.unwrap();
        let directory = directory.json().await.unwrap();
        Self {
            sandbox: Arc::clone(sandbox),
            http,
            directory,
            key: AccountKey::new(),
            account: String::new(),
            nonce: Mutex::default(),
        }
    }

    /// A client with a new account.
    pub(crate) async fn new(sandbox: &Arc<Sandbox>) -> Self {
        Self::with_key(sandbox, AccountKey::new()).await
    }

    /// A client with a new account for this key.
    pub(crate) async fn with_key(sandbox: &Arc<Sandbox>, key: AccountKey) -> Self {
        let mut client = Self::without_account(sandbox).await;
        client.key = key;
        let answer = client.new_account(&json!({ "termsOfServiceAgreed": true })).await.success();
        answer.header("location").clone_into(&mut client.account);
        client
    }

    /// The URL that the directory gives for `resource`.
    pub(crate) fn url(&self, resource: &str) -> String {
        self.directory[resource].as_str().unwrap().to_owned()
    }

    /// A nonce, the one of the last answer if it is not used yet.
    pub(crate) async fn nonce(&self) -> String {
        if let Some(nonce) = self.nonce.lock().unwrap().take() {
            return nonce;
        }
        let answer = self.http.head(self.url("newNonce")).send().await.unwrap();
        answer.headers()["replay-nonce"].to_str().unwrap().to_owned()
    }

    /// Posts a body as it is.
    pub(crate) async fn post_body(&self, url: &str, body: &Value) -> Answer {
        let request = self.http.post(url).header("content-type", "application/jose+json");
        self.send(request.body(body.to_string())).await
    }

    /// Sends a request and keeps the nonce of its answer.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.unwrap();
        if let Some(nonce) = headers.get("replay-nonce") {
            *self.nonce.lock().unwrap() = Some(nonce.to_str().unwrap().to_owned());
        }
        Answer { status, headers, body }
    }

    /// Signs with the key itself (`jwk`) and posts, again where only the nonce is refused.
    pub(crate) async fn post_by_key(&self, url: &str, payload: &Value) -> Answer {
        self.post_signed(url, "jwk", &self.key.jwk(), Some(payload)).await
    }

    /// Posts as the account (`kid`), again where only the nonce is refused.
    pub(crate) async fn post(&self, url: &str, payload: &Value) -> Answer {
        self.post_signed(url, "kid", &json!(self.account), Some(payload)).await
    }

    /// Fetches as the account.
    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.post_signed(url, "kid", &json!(self.account), None).await
    }

    async fn post_signed(
        &self,
        url: &str,
        by: &str,
        signer: &Value,
        payload: Option<&Value>,
    ) -> Answer {
        loop {
            let protected = json!({ "url": url, "nonce": self.nonce().await, by: signer });
            let answer = self.post_body(url, &self.key.sign(&protected, payload)).await;
            let is_bad_nonce = answer.body.contains("urn:ietf:params:acme:error:badNonce");
            if !(is_bad_nonce && answer.headers.contains_key("replay-nonce")) {
                return answer;
            }
        }
    }

    pub(crate) async fn new_account(&self, payload: &Value) -> Answer {
        self.post_by_key(&self.url("newAccount"), payload).await
    }

    /// Posts a new order for these names.
    pub(crate) async fn new_order(&self, names: &[&str]) -> Answer {
        self.post(&self.url("newOrder"), &json!({ "identifiers": identifiers(names) })).await
    }

    /// Makes an order that has to be accepted.
    pub(crate) async fn order(&self, names: &[&str]) -> Order<'_> {
        let answer = self.new_order(names).await.success();
        Order { client: self, url: answer.header("location").to_owned() }
    }

    /// The order at this URL.
    pub(crate) fn existing_order(&self, url: &str) -> Order<'_> {
        Order { client: self, url: url.to_owned() }
    }

    /// Fetches `url` until its status is not `pending` or `processing`.
    pub(crate) async fn settled(&self, url: &str) -> Value {
        let settle = async {
            loop {
                let object = self.get(url).await.success().json();
                if object["status"] != "pending" && object["status"] != "processing" {
                    return object;
                }
            }
        };
        tokio::time::timeout(PATIENCE, settle).await.expect("nothing stays pending for so long")
    }
}

/// Identifiers of type `dns`.
pub(crate) fn identifiers(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "type": "dns", "value": name })).collect()
}

/// An order of a client.
pub(crate) struct Order<'a> {
    client: &'a Client,
    pub(crate) url: String,
}

impl Order<'_> {
    /// The order as it is now.
    pub(crate) async fn fetch(&self) -> Value {
        self.client.get(&self.url).await.success().json()
    }

    /// Its authorizations as they are now.
    pub(crate) async fn authorizations(&self) -> Vec<(String, Value)> {
        let mut authorizations = Vec::new();
        for url in self.fetch().await["authorizations"].as_array().unwrap() {
            let url = url.as_str().unwrap().to_owned();
            let authorization = self.client.get(&url).await.success().json();
            authorizations.push((url, authorization));
        }
        authorizations
    }

    /// Shows the TXT records that the pending challenges ask for.
    pub(crate) async fn publish(&self) {
        for (_, authorization) in self.authorizations().await {
            if authorization["status"] == "pending" {
                let (name, value) = txt_record(&self.client.key, &authorization);
                self.client.sandbox.add_record(&name, "TXT", &value).unwrap();
            }
        }
    }

    /// Says that all pending challenges are ready and returns the settled authorizations.
    pub(crate) async fn respond(&self) -> Vec<Value> {
        let authorizations = self.authorizations().await;
        for (_, authorization) in &authorizations {
            if authorization["status"] == "pending" {
                let challenge = authorization["challenges"][0]["url"].as_str().unwrap();
                self.client.post(challenge, &json!({})).await.success();
            }
        }
        let mut settled = Vec::new();
        for (url, _) in authorizations {
            settled.push(self.client.settled(&url).await);
        }
        settled
    }

    /// Publishes, responds and sees the order become ready.
    pub(crate) async fn authorize(&self) {
        self.publish().await;
        for authorization in self.respond().await {
            assert_eq!(authorization["status"], "valid", "{authorization:#}");
        }
        assert_eq!(self.fetch().await["status"], "ready");
    }

    /// Posts a CSR.
    pub(crate) async fn finalize(&self, csr: &[u8]) -> Answer {
        let url = self.fetch().await["finalize"].as_str().unwrap().to_owned();
        self.client.post(&url, &json!({ "csr": base64url(csr) })).await
    }

    /// Takes the order through to its certificate for `names` and a new key.
    pub(crate) async fn issue(&self, names: &[&str]) -> Issued {
        self.authorize().await;
        let key = rcgen::KeyPair::generate().unwrap();
        let order = self.finalize(&csr(names, &key)).await.success().json();
        let url = order["certificate"].as_str().unwrap().to_owned();
        let answer = self.client.get(&url).await.success();
        Issued { url, chain: pem_chain(&answer.body), answer, key }
    }
}

/// An issued certificate.
pub(crate) struct Issued {
    pub(crate) url: String,
    /// The chain in DER, the certificate first.
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) answer: Answer,
    pub(crate) key: rcgen::KeyPair,
}

/// Where the challenge of an authorization wants its TXT record, and its value.
pub(crate) fn txt_record(key: &AccountKey, authorization: &Value) -> (String, String) {
    let domain = authorization["identifier"]["value"].as_str().unwrap();
    let token = authorization["challenges"][0]["token"].as_str().unwrap();
    let value = base64url(Sha256::digest(format!("{token}.{}", key.thumbprint())));
    (format!("_acme-challenge.{domain}"), value)
}

/// A CSR in DER for `names`.
pub(crate) fn csr(names: &[&str], key: &rcgen::KeyPair) -> Vec<u8> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.serialize_request(key).unwrap().der().to_vec()
}

/// The certificates of a PEM chain, in DER.
pub(crate) fn pem_chain(pem: &str) -> Vec<Vec<u8>> {
    pem::parse_many(pem).unwrap().into_iter().map(pem::Pem::into_contents).collect()
}
