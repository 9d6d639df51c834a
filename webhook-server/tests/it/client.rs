//! A client with or without a certificate.

use std::sync::Arc;

use reqwest::Method;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use crate::pki::{Ca, Identity};

pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Client {
    /// A client that trusts `root` and shows `identity`, on new connections only.
    pub(crate) fn new(base: &str, root: &Ca, identity: Option<&Identity>) -> Self {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(root, identity, &[b"h2", b"http/1.1"]))
            .no_proxy()
            .build()
            .unwrap();
        Self { http, base: base.to_owned() }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, "").await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("Content-Type", "application/json"));
        self.send(Method::POST, path, &headers, body).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_owned()).send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The message of a `Status`, which every answer but a success has to be.
    pub(crate) fn message(&self) -> String {
        let status = self.json();
        assert_eq!(status["kind"], "Status", "{status}");
        assert_eq!(status["code"], self.status, "{status}");
        status["message"].as_str().unwrap().to_owned()
    }
}

/// What trusts the certificates of `bundle` in PEM.
pub(crate) fn tls_by_bundle(bundle: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for block in pem::parse_many(bundle).unwrap() {
        roots.add(block.into_contents().into()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

pub(crate) fn tls(root: &Ca, identity: Option<&Identity>, protocols: &[&[u8]]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root.der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        Some(identity) => {
            config.with_client_auth_cert(identity.chain(), identity.private_key()).unwrap()
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}
