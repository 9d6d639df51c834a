//! Our webhook behind a real kube-apiserver: found, allowed, refused, and left alone by who has no business with it.

use std::sync::Arc;
use std::time::Duration;

use e2e::control_plane::{CONFIG_MAPS, ControlPlane, KubeClient, KubeError, Pair, secret, shared};
use e2e::harness::Test;
use e2e::helm::{self, Release};
use e2e::real_part::RealPart::{Helm, KubeApiserver};
use e2e::webhook::{Challenge, Webhook, challenge_path};
use reqwest::Method;
use sandbox::Sandbox;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [KubeApiserver, Helm] two_groups_are_available_and_helm_discovers_them;
        [KubeApiserver] what_an_administrator_presents_is_at_dnspod_until_it_is_cleaned_up;
        [KubeApiserver] who_may_not_create_is_refused_on_every_way;
        [KubeApiserver] who_shows_no_certificate_gets_nothing;
        [KubeApiserver] headers_count_from_the_front_proxy_only;
    }
}

const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);

/// A webhook for one group, with a zone and a credential.
struct Scene {
    plane: Arc<ControlPlane>,
    sandbox: Sandbox,
    namespace: String,
    group: String,
    webhook: Webhook,
}

impl Scene {
    async fn new(prefix: &str) -> Self {
        let plane = shared().await.unwrap();
        let namespace = plane.namespace(prefix).await.unwrap();
        let group = format!("acme.{namespace}.example");
        let sandbox = Sandbox::start().await.unwrap();
        let credential = [("id", sandbox.secret_id()), ("key", sandbox.secret_key())];
        plane.admin().create(&secret(&namespace, "dnspod", &credential)).await.unwrap();
        let webhook = Webhook::start(&plane, &namespace, &[&group], &sandbox).await.unwrap();
        Self { plane, sandbox, namespace, group, webhook }
    }

    fn challenge(&self) -> Challenge {
        Challenge {
            name: "_acme-challenge.ws.example".to_owned(),
            zone: "ws.example".to_owned(),
            key: "value-of-the-record".to_owned(),
            namespace: self.namespace.clone(),
            config: json!({
                "secretIdRef": { "name": "dnspod", "key": "id" },
                "secretKeyRef": { "name": "dnspod", "key": "key" },
            }),
        }
    }

    async fn end(self) {
        self.webhook.unregister(&self.plane).await.unwrap();
    }

    /// What is at DNSPod.
    fn values(&self) -> Vec<String> {
        self.sandbox.txt_values("_acme-challenge.ws.example")
    }

    /// Asks through kube-apiserver.
    async fn ask(&self, client: &KubeClient, action: &str) -> Result<Value, KubeError> {
        let body = self.challenge().body(action);
        let path = challenge_path(&self.group);
        client.request(Method::POST, &path, Some(("application/json", body))).await
    }
}

async fn two_groups_are_available_and_helm_discovers_them() {
    let plane = shared().await.unwrap();
    let namespace = plane.namespace("two-groups").await.unwrap();
    let groups = [format!("acme.{namespace}.example"), format!("dns.{namespace}.example")];
    let sandbox = Sandbox::start().await.unwrap();
    // Returns once kube-apiserver finds both available.
    let webhook =
        Webhook::start(&plane, &namespace, &[&groups[0], &groups[1]], &sandbox).await.unwrap();

    let chart = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(chart.path().join(name), text).unwrap();
    std::fs::create_dir(chart.path().join("templates")).unwrap();
    write("Chart.yaml", "apiVersion: v2\nname: discovery\nversion: 1.0.0\n");
    // The kinds and versions that Helm's client has discovered.
    write(
        "templates/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: discovered\ndata:\n{{- range $index, $group := .Values.groups }}\n  \"{{ $index }}\": \"{{ $.Capabilities.APIVersions.Has (printf \"%s/v1alpha1/ChallengePayload\" $group) }}\"\n{{- end }}\n",
    );
    let release = Release {
        chart: chart.path().to_owned(),
        name: "discovery".to_owned(),
        namespace: namespace.clone(),
        values: json!({ "groups": [groups[0], groups[1], "acme.absent.example"] }),
    };
    helm::install(&plane, &release).await.unwrap();
    let found = plane.admin().get(&CONFIG_MAPS.within(&namespace, "discovered")).await.unwrap();
    assert_eq!(found["data"], json!({ "0": "true", "1": "true", "2": "false" }));
    webhook.unregister(&plane).await.unwrap();
}

async fn what_an_administrator_presents_is_at_dnspod_until_it_is_cleaned_up() {
    let scene = Scene::new("presented").await;
    for _ in 0..2 {
        let answer = scene.ask(scene.plane.admin(), "Present").await.unwrap();
        assert_eq!(answer["response"]["success"], true, "{answer:#}");
        assert_eq!(scene.values(), ["value-of-the-record"]);
    }
    for _ in 0..2 {
        let answer = scene.ask(scene.plane.admin(), "CleanUp").await.unwrap();
        assert_eq!(answer["response"]["success"], true, "{answer:#}");
        assert_eq!(scene.values(), [""; 0]);
    }
    scene.end().await;
}

async fn who_may_not_create_is_refused_on_every_way() {
    let scene = Scene::new("denied").await;
    let caller = scene.plane.service_account(&scene.namespace, "caller").await.unwrap();
    let token = scene.plane.service_account_token(&scene.namespace, "caller").await.unwrap();
    let bearer = zeroize::Zeroizing::new(format!("Bearer {}", token.as_str()));
    let direct = scene.webhook.caller(None).unwrap().header("authorization", &bearer);
    let path = challenge_path(&scene.group);

    let refused = scene.ask(&caller, "Present").await.unwrap_err();
    assert_eq!(refused.code(), Some(403), "{refused}");
    // The webhook asks too: who it is by a TokenReview, what they may do by a SubjectAccessReview.
    let refused = direct.post(&path, scene.challenge().body("Present")).await.unwrap();
    assert_eq!(refused.code, 403, "{refused:?}");
    let message = refused.body["message"].as_str().unwrap();
    let user = format!("system:serviceaccount:{}:caller", scene.namespace);
    assert!(message.contains(&user) && message.contains("cannot create"), "{message}");
    assert_eq!(scene.values(), [""; 0]);

    scene.plane.allow_create(&scene.group, &scene.namespace, "caller").await.unwrap();
    let allowed = async {
        while scene.ask(&caller, "Present").await.is_err() {
            tokio::time::sleep(POLL).await;
        }
        assert_eq!(scene.values(), ["value-of-the-record"]);
        // The webhook remembers for ten seconds that it refused this token.
        while direct.post(&path, scene.challenge().body("CleanUp")).await.unwrap().code != 201 {
            tokio::time::sleep(POLL).await;
        }
        assert_eq!(scene.values(), [""; 0]);
    };
    tokio::time::timeout(LIMIT, allowed).await.expect("the new right counts");
    scene.end().await;
}

async fn who_shows_no_certificate_gets_nothing() {
    let scene = Scene::new("anonymous").await;
    let nobody = scene.webhook.caller(None).unwrap();
    let liar = scene
        .webhook
        .caller(None)
        .unwrap()
        .header("x-remote-user", "admin")
        .header("x-remote-group", "system:masters");
    let group = format!("/apis/{}/v1alpha1", scene.group);
    for caller in [&nobody, &liar] {
        let body = scene.challenge().body("Present");
        let refused = caller.post(&challenge_path(&scene.group), body).await.unwrap();
        assert_eq!(refused.code, 403, "{refused:?}");
        assert!(refused.body["message"].as_str().unwrap().contains("system:anonymous"));
        for path in [&group, "/metrics"] {
            assert_eq!(caller.get(path).await.unwrap().code, 403, "{path}");
        }
        assert_eq!(caller.get("/readyz").await.unwrap().code, 200);
    }
    assert_eq!(scene.values(), [""; 0]);
    assert_eq!(scene.sandbox.dnspod_calls(), [""; 0]);
    scene.end().await;
}

async fn headers_count_from_the_front_proxy_only() {
    let scene = Scene::new("headers").await;
    let path = challenge_path(&scene.group);
    let claims = |own: &Pair| {
        let caller = scene.webhook.caller(Some(own)).unwrap();
        caller.header("x-remote-user", "admin").header("x-remote-group", "system:masters")
    };
    let front_proxy = |name: &str| scene.plane.front_proxy_certificate(name).unwrap();
    let user = scene.plane.client_certificate("somebody", &[]).unwrap();

    for (own, code, named) in [
        // A client's own certificate says who it is.
        (&user, 403, "somebody"),
        // A name that `requestheader-allowed-names` does not have.
        (&front_proxy("another-proxy"), 401, ""),
    ] {
        let refused = claims(own).post(&path, scene.challenge().body("Present")).await.unwrap();
        assert_eq!(refused.code, code, "{refused:?}");
        assert!(refused.body["message"].as_str().unwrap().contains(named), "{refused:?}");
    }
    assert_eq!(scene.values(), [""; 0]);
    let own = front_proxy("front-proxy-client");
    let answer = claims(&own).post(&path, scene.challenge().body("Present")).await.unwrap();
    assert_eq!(answer.code, 201, "{answer:?}");
    assert_eq!(scene.values(), ["value-of-the-record"]);
    scene.end().await;
}
