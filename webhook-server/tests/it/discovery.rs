//! What the kube-apiserver asks of every aggregated server, as version 1.36 asks it.

use crate::scene::{CERT_MANAGER, GROUP, Scene};

const AGGREGATOR: [(&str, &str); 2] =
    [("X-Remote-User", "system:kube-aggregator"), ("X-Remote-Group", "system:masters")];

#[tokio::test]
async fn the_availability_probe_is_answered() {
    let scene = Scene::start().await;
    let answer = scene.front_proxy().get("/apis/acme.a.example/v1alpha1", &AGGREGATOR).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["groupVersion"], format!("{GROUP}/v1alpha1"));
    assert_eq!(scene.cluster.calls("access").len(), 0, "system:masters is asked about");
}

#[tokio::test]
async fn discovery_is_aggregated_for_who_asks_for_it() {
    let scene = Scene::start().await;
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
        application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
    let mut headers = AGGREGATOR.to_vec();
    headers.push(("Accept", accept));
    let answer = scene.front_proxy().get("/apis", &headers).await;
    assert_eq!(
        answer.headers["content-type"],
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    );
    assert_eq!(answer.json()["items"].as_array().map(Vec::len), Some(2));
    let etag = answer.headers["etag"].to_str().unwrap().to_owned();
    headers.push(("If-None-Match", &etag));
    assert_eq!(scene.front_proxy().get("/apis", &headers).await.status, 304);
}

#[tokio::test]
async fn users_without_a_group_are_asked_about_as_authenticated_ones() {
    let scene = Scene::start().await;
    for (user, path) in [
        ("system:kube-aggregator", "/apis/acme.a.example/v1alpha1"),
        ("system:aggregator", "/openapi/v2"),
        ("system:aggregator", "/openapi/v3"),
    ] {
        scene.cluster.allow(user);
        let answer = scene.front_proxy().get(path, &[("X-Remote-User", user)]).await;
        assert_eq!(answer.status, 200, "{user} {path}");
    }
    for call in scene.cluster.calls("access") {
        assert_eq!(call.body["spec"]["groups"], serde_json::json!(["system:authenticated"]));
    }
}

#[tokio::test]
async fn health_is_told_to_everybody() {
    let scene = Scene::start().await;
    let client = scene.client(None);
    for path in ["/healthz", "/livez", "/readyz"] {
        let answer = client.get(path, &[]).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "ok"), "{path}");
    }
    let verbose = client.get("/readyz?verbose", &[]).await.text;
    assert!(verbose.ends_with("readyz check passed\n"), "{verbose}");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let scene = Scene::start().await;
    let proxy = scene.front_proxy();
    for path in [
        "/apis/acme.a.example/v1",
        "/apis/acme.other.example/v1alpha1/dnspod",
        "/apis/acme.a.example/v1/dnspod",
        "/apis/acme.a.example/v1alpha1/other",
        "/apis/acme.a.example/v1alpha1/dnspod/name",
        "/apis/acme.a.example/v1alpha1/namespaces/default/dnspod",
        "/apis/acme%2ea.example/v1alpha1/dnspod",
        "/nothing",
    ] {
        let answer = proxy.post(path, &AGGREGATOR, "{}").await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.message(), "the server could not find the requested resource");
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let scene = Scene::start().await;
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let method: reqwest::Method = method.parse().unwrap();
        let answer = scene.front_proxy().send(method, crate::scene::SOLVER, &AGGREGATOR, "").await;
        assert_eq!(answer.status, 405);
    }
    let answer = scene.front_proxy().post("/apis", &[("X-Remote-User", CERT_MANAGER)], "{}").await;
    assert_eq!(answer.status, 405);
}
