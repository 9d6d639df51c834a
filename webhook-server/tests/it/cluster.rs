//! A kube-apiserver as far as a webhook sees it: one ConfigMap that can be watched, reviews, and Secrets.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::pki::Ca;

pub(crate) struct Cluster {
    pub(crate) url: String,
    pub(crate) root: Ca,
    state: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    config_map: watch::Sender<ConfigMap>,
    objects: Mutex<Objects>,
}

/// Data and resource version.
#[derive(Clone, Default)]
struct ConfigMap {
    version: u64,
    data: Option<BTreeMap<String, String>>,
}

#[derive(Default)]
struct Objects {
    /// By namespace and name.
    secrets: BTreeMap<String, Secret>,
    /// `caBundle`, decoded, by name.
    ca_bundles: BTreeMap<String, String>,
    /// Challenges of cert-manager, whole.
    challenges: Vec<Value>,
    /// User name by token.
    tokens: BTreeMap<String, String>,
    /// Who may do everything.
    allowed: Vec<String>,
    /// Kinds of calls that are refused with a status, instead of an answer.
    broken: BTreeMap<&'static str, u16>,
    calls: Vec<Call>,
}

#[derive(Default)]
struct Secret {
    version: u64,
    /// In base64.
    data: BTreeMap<String, String>,
}

/// A call that was received.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) kind: &'static str,
    pub(crate) body: Value,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let root = Ca::new("kubernetes");
        let identity = root.server("kube-apiserver");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(identity.chain(), identity.private_key())
            .unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let state =
            Arc::new(Shared { config_map: watch::Sender::default(), objects: Mutex::default() });
        let router = Router::new()
            .route("/api/v1/namespaces/kube-system/configmaps", get(config_maps))
            .route("/api/v1/namespaces/{namespace}/secrets", post(create_secret))
            .route("/api/v1/namespaces/{namespace}/secrets/{name}", get(secret).patch(patch_secret))
            .route(
                "/apis/apiregistration.k8s.io/v1/apiservices/{name}",
                axum::routing::patch(patch_api_service),
            )
            .route("/apis/acme.cert-manager.io/v1/challenges", get(challenges))
            .route(
                "/apis/acme.cert-manager.io/v1/namespaces/{namespace}/challenges",
                get(challenges_of_namespace),
            )
            .route("/api/v1/namespaces/{namespace}/events", post(event))
            .route("/apis/authentication.k8s.io/v1/tokenreviews", post(token_review))
            .route("/apis/authorization.k8s.io/v1/subjectaccessreviews", post(access_review))
            .with_state(Arc::clone(&state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(tls)), router));
        Self { url, root, state, server }
    }

    /// What a client of it is configured with.
    pub(crate) fn config(&self) -> kube::Config {
        let mut config = kube::Config::new(self.url.parse().unwrap());
        config.root_cert = Some(vec![self.root.der().to_vec()]);
        config
    }

    /// Sets the ConfigMap `extension-apiserver-authentication`; who watches hears of it.
    pub(crate) fn publish(&self, data: &[(&str, &str)]) {
        let data = data.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        self.state.config_map.send_modify(|map| {
            map.version += 1;
            map.data = Some(data);
        });
    }

    pub(crate) fn put_secret(&self, path: &str, values: &[(&str, &str)]) {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), STANDARD.encode(value)));
        let secret = Secret { version: 1, data: values.collect() };
        self.objects().secrets.insert(path.to_owned(), secret);
    }

    /// A value of a Secret, if it is there.
    pub(crate) fn secret_value(&self, path: &str, key: &str) -> Option<String> {
        let objects = self.objects();
        let encoded = objects.secrets.get(path)?.data.get(key)?;
        Some(String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap())
    }

    /// What the APIService believes in, if anybody said so.
    pub(crate) fn ca_bundle(&self, api_service: &str) -> Option<String> {
        self.objects().ca_bundles.get(api_service).cloned()
    }

    /// Makes a Challenge with this value of its TXT record.
    pub(crate) fn put_challenge(&self, namespace: &str, name: &str, dns_name: &str, key: &str) {
        let challenge = json!({
            "apiVersion": "acme.cert-manager.io/v1", "kind": "Challenge",
            "metadata": { "name": name, "namespace": namespace, "uid": format!("uid of {name}") },
            "spec": { "type": "DNS-01", "dnsName": dns_name, "key": key },
        });
        self.objects().challenges.push(challenge);
    }

    pub(crate) fn put_token(&self, token: &str, user: &str) {
        self.objects().tokens.insert(token.to_owned(), user.to_owned());
    }

    pub(crate) fn allow(&self, user: &str) {
        self.objects().allowed.push(user.to_owned());
    }

    pub(crate) fn forbid(&self, user: &str) {
        self.objects().allowed.retain(|allowed| allowed != user);
    }

    /// Answers calls of this kind with a status.
    pub(crate) fn break_calls(&self, kind: &'static str, status: u16) {
        self.objects().broken.insert(kind, status);
    }

    pub(crate) fn mend_calls(&self, kind: &str) {
        self.objects().broken.remove(kind);
    }

    /// The calls of this kind so far.
    pub(crate) fn calls(&self, kind: &str) -> Vec<Call> {
        self.objects().calls.iter().filter(|call| call.kind == kind).cloned().collect()
    }

    fn objects(&self) -> std::sync::MutexGuard<'_, Objects> {
        self.state.objects.lock().unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = TowerToHyperService::new(router);
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Shared {
    /// Notes the call, and says with what it is refused, if it is.
    fn receive(&self, kind: &'static str, body: Value) -> Option<Response> {
        let mut objects = self.objects.lock().unwrap();
        objects.calls.push(Call { kind, body });
        let code = *objects.broken.get(kind)?;
        let reason = if code == 403 { "Forbidden" } else { "InternalError" };
        Some(status(code, reason, &format!("{kind} is refused by the test")))
    }
}

fn status(code: u16, reason: &str, message: &str) -> Response {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    (StatusCode::from_u16(code).unwrap(), Json(body)).into_response()
}

async fn config_maps(
    State(state): State<Arc<Shared>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    assert_eq!(query["fieldSelector"], "metadata.name=extension-apiserver-authentication");
    let watches = query.get("watch").is_some_and(|watch| watch != "false");
    let kind = if watches { "watch" } else { "list" };
    if let Some(refusal) = state.receive(kind, json!({})) {
        return refusal;
    }
    let mut current = state.config_map.subscribe();
    if !watches {
        let map = current.borrow().clone();
        let items: Vec<Value> = map.object().into_iter().collect();
        let metadata = json!({ "resourceVersion": map.version.to_string() });
        return Json(json!({
            "kind": "ConfigMapList", "apiVersion": "v1", "metadata": metadata, "items": items,
        }))
        .into_response();
    }
    let since: u64 = query["resourceVersion"].parse().unwrap();
    let events = stream::unfold((current.clone(), since), |(mut current, since)| async move {
        let map = current.wait_for(|map| map.version > since).await.ok()?.clone();
        let event = json!({ "type": "MODIFIED", "object": map.object() });
        let line = Bytes::from(format!("{event}\n"));
        Some((Ok::<_, Infallible>(line), (current, map.version)))
    });
    current.mark_unchanged();
    Body::from_stream(events).into_response()
}

impl ConfigMap {
    fn object(&self) -> Option<Value> {
        let data = self.data.as_ref()?;
        let metadata = json!({
            "name": "extension-apiserver-authentication", "namespace": "kube-system",
            "resourceVersion": self.version.to_string(),
        });
        Some(json!({ "kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": data }))
    }
}

async fn secret(
    State(state): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
) -> Response {
    let path = format!("{namespace}/{name}");
    if let Some(refusal) = state.receive("secret", json!(path)) {
        return refusal;
    }
    match state.objects.lock().unwrap().secrets.get(&path) {
        None => status(404, "NotFound", &format!("secrets {name:?} not found")),
        Some(secret) => {
            let metadata = json!({
                "name": name, "namespace": namespace, "resourceVersion": secret.version.to_string(),
            });
            Json(json!({
                "kind": "Secret", "apiVersion": "v1", "metadata": metadata, "data": secret.data,
            }))
            .into_response()
        }
    }
}

async fn create_secret(
    State(state): State<Arc<Shared>>,
    Path(namespace): Path<String>,
    Json(secret): Json<Value>,
) -> Response {
    if let Some(refusal) = state.receive("create secret", json!({})) {
        return refusal;
    }
    let name = secret["metadata"]["name"].as_str().unwrap();
    let mut objects = state.objects.lock().unwrap();
    let path = format!("{namespace}/{name}");
    if objects.secrets.contains_key(&path) {
        return status(409, "AlreadyExists", &format!("secrets {name:?} already exists"));
    }
    objects.secrets.entry(path).or_default().set(&secret["stringData"]);
    (StatusCode::CREATED, Json(json!({ "kind": "Secret" }))).into_response()
}

async fn patch_secret(
    State(state): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    if let Some(refusal) = state.receive("patch secret", json!({})) {
        return refusal;
    }
    let patch: Value = serde_json::from_slice(&body).unwrap();
    let mut objects = state.objects.lock().unwrap();
    let Some(secret) = objects.secrets.get_mut(&format!("{namespace}/{name}")) else {
        return status(404, "NotFound", "not found");
    };
    if patch["metadata"]["resourceVersion"].as_str() != Some(&secret.version.to_string()) {
        return status(409, "Conflict", "the object has been modified");
    }
    secret.set(&patch["stringData"]);
    Json(json!({ "kind": "Secret" })).into_response()
}

impl Secret {
    fn set(&mut self, values: &Value) {
        self.version += 1;
        for (key, value) in values.as_object().unwrap() {
            self.data.insert(key.clone(), STANDARD.encode(value.as_str().unwrap()));
        }
    }
}

async fn patch_api_service(
    State(state): State<Arc<Shared>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    if let Some(refusal) = state.receive("patch apiservice", json!({})) {
        return refusal;
    }
    let patch: Value = serde_json::from_slice(&body).unwrap();
    let bundle = STANDARD.decode(patch["spec"]["caBundle"].as_str().unwrap()).unwrap();
    let mut objects = state.objects.lock().unwrap();
    objects.ca_bundles.insert(name, String::from_utf8(bundle).unwrap());
    Json(json!({ "kind": "APIService" })).into_response()
}

async fn challenges(State(state): State<Arc<Shared>>) -> Response {
    challenge_list(&state, "challenges", |_| true)
}

async fn challenges_of_namespace(
    State(state): State<Arc<Shared>>,
    Path(namespace): Path<String>,
) -> Response {
    challenge_list(&state, "challenges of a namespace", |challenge| {
        challenge["metadata"]["namespace"] == *namespace
    })
}

fn challenge_list(state: &Shared, kind: &'static str, wanted: impl Fn(&Value) -> bool) -> Response {
    if let Some(refusal) = state.receive(kind, json!({})) {
        return refusal;
    }
    let objects = state.objects.lock().unwrap();
    let items: Vec<&Value> =
        objects.challenges.iter().filter(|challenge| wanted(challenge)).collect();
    Json(json!({ "kind": "ChallengeList", "items": items })).into_response()
}

async fn event(
    State(state): State<Arc<Shared>>,
    Path(namespace): Path<String>,
    Json(event): Json<Value>,
) -> Response {
    assert_eq!(event["metadata"]["namespace"], *namespace);
    match state.receive("event", event.clone()) {
        Some(refusal) => refusal,
        None => (StatusCode::CREATED, Json(event)).into_response(),
    }
}

async fn token_review(State(state): State<Arc<Shared>>, Json(review): Json<Value>) -> Response {
    if let Some(refusal) = state.receive("token", review.clone()) {
        return refusal;
    }
    let token = review["spec"]["token"].as_str().unwrap();
    let status = match state.objects.lock().unwrap().tokens.get(token) {
        None => json!({ "authenticated": false, "user": {}, "error": "invalid bearer token" }),
        Some(user) => json!({
            "authenticated": true,
            "user": { "username": user, "uid": "7", "groups": ["system:authenticated"], "extra": { "a": ["b"] } },
        }),
    };
    created(review, status)
}

async fn access_review(State(state): State<Arc<Shared>>, Json(review): Json<Value>) -> Response {
    if let Some(refusal) = state.receive("access", review.clone()) {
        return refusal;
    }
    let user = review["spec"]["user"].as_str().unwrap();
    let allowed = state.objects.lock().unwrap().allowed.iter().any(|name| name == user);
    created(review, json!({ "allowed": allowed, "reason": "" }))
}

fn created(mut review: Value, status: Value) -> Response {
    review["status"] = status;
    (StatusCode::CREATED, Json(review)).into_response()
}
