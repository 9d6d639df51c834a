//! Requests to a kube-apiserver, with objects as JSON.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use super::object::{ObjectPath, root};
use super::pki::Pair;

/// Longer than kube-apiserver's own bound of 60 s for a request, which it answers itself.
const REQUEST_LIMIT: Duration = Duration::from_secs(70);

/// Who applies objects here (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).
const FIELD_MANAGER: &str = "certctl-e2e";

/// A client of one kube-apiserver, as one user. It keeps no connections, so that tests with runtimes of their own may
/// share it.
#[derive(Clone)]
pub struct KubeClient {
    http: reqwest::Client,
    server: Url,
    token: Option<Zeroizing<String>>,
}

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum KubeError {
    /// There was no answer.
    #[error("{method} {path}: {source}")]
    Unreachable {
        /// The request's method.
        method: Method,
        /// The request's path and query.
        path: String,
        /// What happened instead.
        #[source]
        source: reqwest::Error,
    },
    /// kube-apiserver, or a server behind it, refused.
    #[error("{method} {path}: {code} {message}")]
    Refused {
        /// The request's method.
        method: Method,
        /// The request's path and query.
        path: String,
        /// The HTTP status.
        code: u16,
        /// The `reason` of the answered Status, for example `Forbidden`; empty where the answer was none.
        reason: String,
        /// The `message` of the answered Status, else the whole answer.
        message: String,
    },
}

impl KubeError {
    /// The HTTP status of a refusal.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Unreachable { .. } => None,
            Self::Refused { code, .. } => Some(*code),
        }
    }
}

impl KubeClient {
    pub(super) fn with_certificate(server: &Url, ca: &str, own: &Pair) -> Result<Self, String> {
        Self::new(server, ca, Some(own), None)
    }

    pub(super) fn with_token(
        server: &Url,
        ca: &str,
        token: Zeroizing<String>,
    ) -> Result<Self, String> {
        Self::new(server, ca, None, Some(token))
    }

    fn new(
        server: &Url,
        ca: &str,
        own: Option<&Pair>,
        token: Option<Zeroizing<String>>,
    ) -> Result<Self, String> {
        // The process's provider is set by whoever comes first; they are all the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let build = || {
            let mut builder = reqwest::Client::builder()
                .tls_certs_only([reqwest::Certificate::from_pem(ca.as_bytes())?])
                .user_agent(FIELD_MANAGER)
                .no_proxy()
                .pool_max_idle_per_host(0)
                .http1_only();
            if let Some(own) = own {
                let both = Zeroizing::new(format!("{}{}", own.key.as_str(), own.certificate));
                builder = builder.identity(reqwest::Identity::from_pem(both.as_bytes())?);
            }
            builder.build()
        };
        let http = build().map_err(|error: reqwest::Error| error.to_string())?;
        Ok(Self { http, server: server.clone(), token })
    }

    /// The object.
    pub async fn get(&self, object: &ObjectPath) -> Result<Value, KubeError> {
        self.request(Method::GET, &object.to_string(), None).await
    }

    /// The object, or `None` where there is none.
    pub async fn find(&self, object: &ObjectPath) -> Result<Option<Value>, KubeError> {
        match self.get(object).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects of a collection: [`Resource::all`](super::Resource::all) and
    /// [`all_within`](super::Resource::all_within) name them.
    pub async fn list(&self, collection: &str) -> Result<Vec<Value>, KubeError> {
        let mut list = self.request(Method::GET, collection, None).await?;
        Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// Creates an object, which names its kind itself.
    pub async fn create(&self, object: &Value) -> Result<Value, KubeError> {
        let path = self.path_of(object).await?;
        self.request(Method::POST, &path.collection, Some(("application/json", object.to_string())))
            .await
    }

    /// Creates an object, or makes an existing one have these fields, by force.
    pub async fn apply(&self, object: &Value) -> Result<Value, KubeError> {
        let path = self.path_of(object).await?;
        self.apply_yaml(&path, object.to_string()).await
    }

    /// As [`apply`](Self::apply), for an object in YAML.
    pub async fn apply_yaml(&self, object: &ObjectPath, yaml: String) -> Result<Value, KubeError> {
        let path = format!("{object}?fieldManager={FIELD_MANAGER}&force=true");
        self.request(Method::PATCH, &path, Some(("application/apply-patch+yaml", yaml))).await
    }

    /// Merges fields into an object (RFC 7386): `null` removes one.
    pub async fn merge(&self, object: &ObjectPath, fields: &Value) -> Result<Value, KubeError> {
        let body = Some(("application/merge-patch+json", fields.to_string()));
        self.request(Method::PATCH, &object.to_string(), body).await
    }

    /// Asks for an object's deletion, which finalizers may hold up; its dependents follow in the background.
    pub async fn delete(&self, object: &ObjectPath) -> Result<(), KubeError> {
        self.request(Method::DELETE, &object.to_string(), None).await.map(drop)
    }

    /// Any request: a path with its query, and a body with its media type.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Result<Value, KubeError> {
        let response = self.send(method.clone(), path, body, Some(REQUEST_LIMIT)).await?;
        let unreachable = |source| KubeError::Unreachable { method, path: path.to_owned(), source };
        let text = response.text().await.map_err(unreachable)?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
        limit: Option<Duration>,
    ) -> Result<Response, KubeError> {
        let url = self.server.join(path).expect("a path of the API is part of an URL");
        let mut request = self.http.request(method.clone(), url).header(ACCEPT, "application/json");
        if let Some(limit) = limit {
            request = request.timeout(limit);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.as_str());
        }
        if let Some((media_type, body)) = body {
            request = request.header(CONTENT_TYPE, media_type).body(body);
        }
        let unreachable = |source| KubeError::Unreachable {
            method: method.clone(),
            path: path.to_owned(),
            source,
        };
        let response = request.send().await.map_err(unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let code = response.status().as_u16();
        let text = response.text().await.map_err(unreachable)?;
        let status: Value = serde_json::from_str(&text).unwrap_or_default();
        let field = |name: &str| status[name].as_str().map(ToOwned::to_owned);
        Err(KubeError::Refused {
            method,
            path: path.to_owned(),
            code,
            reason: field("reason").unwrap_or_default(),
            message: field("message").unwrap_or(text),
        })
    }

    /// Where an object belongs: kube-apiserver knows the plural of its kind, and whether it is in a namespace.
    async fn path_of(&self, object: &Value) -> Result<ObjectPath, KubeError> {
        let field = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let root = root(&field(&object["apiVersion"]));
        let kinds = self.request(Method::GET, &root, None).await?;
        let kinds = kinds["resources"].as_array().into_iter().flatten();
        let mut kinds = kinds.filter(|known| known["kind"] == object["kind"]);
        let is_whole =
            |known: &&Value| known["name"].as_str().is_some_and(|name| !name.contains('/'));
        let known = kinds.find(is_whole).ok_or_else(|| KubeError::Refused {
            method: Method::GET,
            path: root.clone(),
            code: 404,
            reason: "NotFound".to_owned(),
            message: format!("there is no kind {}", object["kind"]),
        })?;
        let plural = field(&known["name"]);
        let collection = match known["namespaced"].as_bool() {
            Some(true) => {
                let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
                format!("{root}/namespaces/{namespace}/{plural}")
            }
            _ => format!("{root}/{plural}"),
        };
        Ok(ObjectPath { collection, name: field(&object["metadata"]["name"]) })
    }
}

/// A Secret of kind `Opaque` with text values.
pub fn secret(namespace: &str, name: &str, data: &[(&str, &str)]) -> Value {
    let data: serde_json::Map<String, Value> =
        data.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "namespace": namespace, "name": name },
        "stringData": data,
    })
}
