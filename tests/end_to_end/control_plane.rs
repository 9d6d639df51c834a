//! etcd, kube-apiserver, kube-controller-manager and Helm do what tests of the webhook and its chart take for granted.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use e2e::control_plane::{
    CONFIG_MAPS, ControlPlane, ControlPlaneOptions, KubeControllerManager as Controllers,
    NAMESPACES, Routing, SECRETS, secret, shared,
};
use e2e::harness::Test;
use e2e::helm::{self, Release};
use e2e::real_part::RealPart::{Helm, KubeApiserver, KubeControllerManager, RoutableAddress};
use e2e::real_part::routable_address;
use serde_json::{Value, json};

use crate::aggregated_server::AggregatedServer;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [KubeApiserver] secrets_are_kept_changed_and_deleted;
        [KubeApiserver] a_service_account_may_do_what_it_was_granted_and_no_more;
        [KubeApiserver] what_was_stored_survives_a_crash_of_kube_apiserver;
        [KubeApiserver] a_server_on_loopback_is_reached_by_an_external_name;
        [KubeApiserver, RoutableAddress] a_server_behind_an_ordinary_service_is_reached_by_its_endpoints;
        [KubeApiserver] a_new_front_proxy_ca_is_published_and_used;
        [KubeControllerManager] a_namespace_is_deleted_with_what_is_in_it;
        [KubeApiserver, Helm] a_chart_is_checked_installed_upgraded_and_removed;
    }
}

const LIMIT: Duration = Duration::from_secs(60);

async fn secrets_are_kept_changed_and_deleted() {
    let plane = shared().await.unwrap();
    let namespace = plane.namespace("secrets").await.unwrap();
    let path = SECRETS.within(&namespace, "credentials");
    assert!(plane.admin().find(&path).await.unwrap().is_none());

    plane.admin().apply(&secret(&namespace, "credentials", &[("key", "old")])).await.unwrap();
    let changed = plane.admin().until(&path, "changed", LIMIT, |object| {
        object.is_some_and(|object| object["data"]["key"] == STANDARD.encode("new"))
    });
    let change = async {
        plane.admin().merge(&path, &json!({ "stringData": { "key": "new" } })).await.unwrap();
    };
    let (changed, ()) = tokio::join!(changed, change);
    assert_eq!(changed.unwrap().unwrap()["metadata"]["name"], "credentials");
    assert_eq!(plane.admin().list(&SECRETS.all_within(&namespace)).await.unwrap().len(), 1);

    plane.admin().delete(&path).await.unwrap();
    plane.admin().until_gone(&path, LIMIT).await.unwrap();
}

async fn a_service_account_may_do_what_it_was_granted_and_no_more() {
    let plane = shared().await.unwrap();
    let namespace = plane.namespace("rights").await.unwrap();
    let account = plane.service_account(&namespace, "reader").await.unwrap();
    plane.admin().create(&secret(&namespace, "one", &[])).await.unwrap();
    let path = SECRETS.within(&namespace, "one");

    let denied = account.get(&path).await.unwrap_err();
    assert_eq!(denied.code(), Some(403));
    let text = denied.to_string();
    assert!(text.contains("cannot get resource \"secrets\""), "{text}");

    let rules =
        json!([{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"] }]);
    plane.grant_cluster_role(&namespace, &rules, &namespace, "reader").await.unwrap();
    // kube-apiserver learns of new rights by a watch of its own.
    account.until(&path, "readable", LIMIT, |object| object.is_some()).await.unwrap();
    assert_eq!(account.delete(&path).await.unwrap_err().code(), Some(403));
}

async fn what_was_stored_survives_a_crash_of_kube_apiserver() {
    let mut plane = ControlPlane::start(ControlPlaneOptions::default()).await.unwrap();
    plane.admin().create(&secret("default", "kept", &[("key", "value")])).await.unwrap();
    plane.crash_apiserver();
    let path = SECRETS.within("default", "kept");
    assert_eq!(plane.admin().get(&path).await.unwrap_err().code(), None);
    plane.start_apiserver().await.unwrap();
    let kept = plane.admin().get(&path).await.unwrap();
    assert_eq!(kept["data"]["key"], STANDARD.encode("value"));
}

async fn a_server_on_loopback_is_reached_by_an_external_name() {
    let plane = shared().await.unwrap();
    assert_eq!(plane.routing(), Routing::ServiceAddress);
    reach_a_server(&plane, Ipv4Addr::LOCALHOST.into()).await;
}

async fn a_server_behind_an_ordinary_service_is_reached_by_its_endpoints() {
    let options = ControlPlaneOptions { routing: Routing::Endpoints };
    let plane = ControlPlane::start(options).await.unwrap();
    reach_a_server(&plane, routable_address::find().unwrap().into()).await;
}

async fn reach_a_server(plane: &ControlPlane, address: IpAddr) {
    let namespace = plane.namespace("aggregated").await.unwrap();
    let group = format!("{namespace}.e2e.example");
    let server = AggregatedServer::start(plane, &namespace, &group, address).await.unwrap();

    // Rights are asked of kube-apiserver before the server hears of a call.
    let caller = plane.service_account(&namespace, "caller").await.unwrap();
    let path = format!("/apis/{group}/v1alpha1/echo");
    let call = || {
        caller.request(reqwest::Method::POST, &path, Some(("application/json", "{}".to_owned())))
    };
    assert_eq!(call().await.unwrap_err().code(), Some(403));
    plane.allow_create(&group, &namespace, "caller").await.unwrap();
    let allowed = async {
        while call().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, allowed).await.unwrap();

    let seen = server.last("POST");
    assert_eq!(seen.peer_issuer, "front-proxy-ca");
    assert!(
        seen.head.contains(&format!("X-Remote-User: system:serviceaccount:{namespace}:caller")),
        "{}",
        seen.head
    );
    plane.unregister(&group).await.unwrap();
}

async fn a_new_front_proxy_ca_is_published_and_used() {
    let mut plane = ControlPlane::start(ControlPlaneOptions::default()).await.unwrap();
    let group = "rotated.e2e.example";
    let server = AggregatedServer::start(&plane, "default", group, Ipv4Addr::LOCALHOST.into())
        .await
        .unwrap();
    let old = plane.front_proxy_ca_pem();
    let path = format!("/apis/{group}/v1alpha1");
    plane.admin().request(reqwest::Method::GET, &path, None).await.unwrap();
    assert_eq!(server.last("GET").peer_issuer, "front-proxy-ca");

    let new = plane.rotate_front_proxy_ca().await.unwrap();

    let published = CONFIG_MAPS.within("kube-system", "extension-apiserver-authentication");
    let published = plane.admin().get(&published).await.unwrap();
    let published = published["data"]["requestheader-client-ca-file"].as_str().unwrap();
    for ca in [&old, &new] {
        assert!(published.contains(ca.replace('\r', "").trim()), "{published}");
    }
    let used = async {
        while server.last("GET").peer_issuer == "front-proxy-ca" {
            plane.admin().request(reqwest::Method::GET, &path, None).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), used).await.unwrap();
}

async fn a_namespace_is_deleted_with_what_is_in_it() {
    // One of its own: an APIService whose server has gone holds up every deletion.
    let plane = ControlPlane::start(ControlPlaneOptions::default()).await.unwrap();
    let controllers = Controllers::start(&plane).await.unwrap();
    let admin = plane.admin();
    let namespace = plane.namespace("deleted").await.unwrap();
    admin.create(&secret(&namespace, "one", &[])).await.unwrap();
    admin.delete(&NAMESPACES.named(&namespace)).await.unwrap();
    let gone = admin.until_gone(&NAMESPACES.named(&namespace), LIMIT).await;
    gone.unwrap_or_else(|error| panic!("{error}\n{}", controllers.log()));
    assert!(admin.find(&SECRETS.within(&namespace, "one")).await.unwrap().is_none());
}

/// A chart with one `ConfigMap`, and rules about Kubernetes' version and about values.
fn write_chart(dir: &Path) {
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).unwrap();
    std::fs::create_dir(dir.join("templates")).unwrap();
    write(
        "Chart.yaml",
        "apiVersion: v2\nname: trivial\nversion: 1.0.0\nkubeVersion: \">=1.30.0-0\"\nicon: https://chart.example/icon.svg\n",
    );
    write("values.yaml", "word: default\n");
    write("values.schema.json", r#"{ "properties": { "word": { "type": "string" } } }"#);
    write(
        "templates/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  word: {{ .Values.word | quote }}\n",
    );
}

async fn a_chart_is_checked_installed_upgraded_and_removed() {
    let plane = shared().await.unwrap();
    let chart = tempfile::tempdir().unwrap();
    write_chart(chart.path());
    let release = |values: Value| Release {
        chart: chart.path().to_owned(),
        name: "trivial".to_owned(),
        namespace: "charts".to_owned(),
        values,
    };

    helm::lint(&release(Value::Null)).await.unwrap();
    let complaint = helm::lint(&release(json!({ "word": 5 }))).await.unwrap_err();
    assert!(complaint.contains("got number, want string"), "{complaint}");
    let rendered = helm::template(&release(json!({ "word": "rendered" }))).await.unwrap();
    assert!(rendered.contains("word: \"rendered\""), "{rendered}");

    helm::install(&plane, &release(Value::Null)).await.unwrap();
    let path = CONFIG_MAPS.within("charts", "trivial");
    assert_eq!(plane.admin().get(&path).await.unwrap()["data"]["word"], "default");
    helm::upgrade(&plane, &release(json!({ "word": "new" }))).await.unwrap();
    assert_eq!(plane.admin().get(&path).await.unwrap()["data"]["word"], "new");
    helm::uninstall(&plane, &release(Value::Null)).await.unwrap();
    assert!(plane.admin().find(&path).await.unwrap().is_none());
}
