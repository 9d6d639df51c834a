//! Who a caller is: each row of what the Go library does.

use webhook_server::TrustSources;

use crate::pki::Ca;
use crate::scene::{
    CERT_MANAGER, CERT_MANAGER_HEADERS, Choices, SOLVER, Scene, payload, publish, until,
};

const ADMIN: [(&str, &str); 2] =
    [("X-Remote-User", "kubernetes-admin"), ("X-Remote-Group", "system:masters")];

#[tokio::test]
async fn the_front_proxy_is_believed_about_a_user() {
    let scene = Scene::start().await;
    assert_eq!(scene.solve("Present", "value").await.status, 201);
    let call = scene.cluster.calls("access").remove(0);
    let spec = &call.body["spec"];
    assert_eq!(spec["user"], CERT_MANAGER);
    assert_eq!(spec["uid"], "138ef7c1-077e-4aba-8507-e21c9c6d99c9");
    assert_eq!(spec["groups"].as_array().map(Vec::len), Some(3));
    let credential = &spec["extra"]["authentication.kubernetes.io/credential-id"][0];
    assert_eq!(credential, "JTI=800fc2b2-ff8f-47dc-9c60-d0c2fcbb0765");
    let answer = scene.front_proxy().post(SOLVER, &ADMIN, &payload("CleanUp", "value")).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn headers_without_a_certificate_are_ignored() {
    let scene = Scene::start().await;
    let answer = scene.client(None).post(SOLVER, &ADMIN, "{}").await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.message(),
        "dnspod.acme.a.example is forbidden: User \"system:anonymous\" cannot create resource \"dnspod\" in API \
         group \"acme.a.example\" at the cluster scope"
    );
}

#[tokio::test]
async fn headers_of_a_client_that_is_no_front_proxy_are_ignored() {
    let scene = Scene::start().await;
    let jane = scene.client_ca.client("jane", &[]);
    let answer = scene.client(Some(&jane)).post(SOLVER, &ADMIN, "{}").await;
    assert_eq!(answer.status, 403);
    assert!(answer.message().contains("User \"jane\""), "{}", answer.text);
}

#[tokio::test]
async fn a_front_proxy_that_is_none_is_refused() {
    let scene = Scene::start().await;
    for (what, identity) in [
        ("expired", scene.front_proxy_ca.expired_client("front-proxy-client")),
        ("another name", scene.front_proxy_ca.client("somebody", &[])),
        ("another CA", Ca::new("front-proxy-ca").client("front-proxy-client", &[])),
        ("a server's", scene.front_proxy_ca.server("front-proxy-client")),
    ] {
        let answer = scene.client(Some(&identity)).post(SOLVER, &ADMIN, "{}").await;
        assert_eq!((answer.status, answer.message().as_str()), (401, "Unauthorized"), "{what}");
    }
    let nobody = scene.front_proxy().post(SOLVER, &[], "{}").await;
    assert_eq!(nobody.status, 401, "a front proxy that names nobody");
}

#[tokio::test]
async fn a_client_certificate_names_its_user() {
    let scene = Scene::start().await;
    let admin = scene.client_ca.client("kubernetes-admin", &["system:masters"]);
    let answer = scene.client(Some(&admin)).post(SOLVER, &[], &payload("Present", "value")).await;
    assert_eq!(answer.status, 201);
    assert_eq!(scene.cluster.calls("access").len(), 0);
}

#[tokio::test]
async fn the_client_ca_alone_is_enough() {
    let choices = Choices { published: false, ..Choices::default() };
    let scene = Scene::start_with(choices).await;
    scene.cluster.publish(&[("client-ca-file", &scene.client_ca.pem())]);
    scene.wait_until_ready().await;
    let admin = scene.client_ca.client("kubernetes-admin", &["system:masters"]);
    let answer = scene.client(Some(&admin)).post(SOLVER, &[], &payload("Present", "value")).await;
    assert_eq!(answer.status, 201);
    assert_eq!(scene.front_proxy().post(SOLVER, &ADMIN, "{}").await.status, 401);
}

#[tokio::test]
async fn a_bearer_token_is_reviewed_once_in_a_while() {
    let scene = Scene::start().await;
    scene.cluster.put_token("good", "system:serviceaccount:a:b");
    scene.cluster.allow("system:serviceaccount:a:b");
    let client = scene.client(None);
    for _ in 0..3 {
        let headers = [("Authorization", "Bearer good")];
        let answer = client.post(SOLVER, &headers, &payload("Present", "value")).await;
        assert_eq!(answer.status, 201);
        let answer = client.post(SOLVER, &[("Authorization", "Bearer bogus")], "{}").await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(scene.cluster.calls("token").len(), 2);
    let spec = &scene.cluster.calls("access")[0].body["spec"];
    assert_eq!((&spec["uid"], &spec["extra"]["a"][0]), (&"7".into(), &"b".into()));
}

#[tokio::test]
async fn a_token_that_nobody_could_judge_is_asked_about_again() {
    let scene = Scene::start().await;
    scene.cluster.put_token("good", CERT_MANAGER);
    scene.cluster.break_calls("token", 500);
    let headers = [("Authorization", "Bearer good")];
    let client = scene.client(None);
    assert_eq!(client.post(SOLVER, &headers, "{}").await.status, 401);
    scene.cluster.mend_calls("token");
    assert_eq!(client.post(SOLVER, &headers, &payload("Present", "value")).await.status, 201);
}

#[tokio::test]
async fn it_is_not_ready_before_it_knows_the_cas_of_callers() {
    let scene = Scene::start_with(Choices { published: false, ..Choices::default() }).await;
    let client = scene.client(None);
    for (path, status) in [("/livez", 200), ("/healthz", 500), ("/readyz", 500)] {
        assert_eq!(client.get(path, &[]).await.status, status, "{path}");
    }
    let answer =
        scene.front_proxy().post(SOLVER, &CERT_MANAGER_HEADERS, &payload("Present", "value")).await;
    assert_eq!(answer.status, 503);
    assert!(!answer.headers.contains_key("retry-after"));
    assert!(answer.message().contains("not ready"), "{}", answer.text);
    publish(&scene.cluster, &scene.client_ca, &scene.front_proxy_ca);
    scene.wait_until_ready().await;
    assert_eq!(scene.solve("Present", "value").await.status, 201);
}

#[tokio::test]
async fn a_lookup_that_fails_can_be_tolerated_or_left_out() {
    let tolerant = TrustSources { tolerate_lookup_failure: true, ..TrustSources::default() };
    let scene =
        Scene::start_with(Choices { trust: tolerant, published: false, ..Choices::default() })
            .await;
    scene.wait_until_ready().await;
    assert!(!scene.cluster.calls("list").is_empty());

    let none = TrustSources { skip_lookup: true, ..TrustSources::default() };
    let scene = Scene::start_with(Choices { trust: none, ..Choices::default() }).await;
    scene.wait_until_ready().await;
    assert!(scene.cluster.calls("list").is_empty());
    let anonymous = scene.front_proxy().post(SOLVER, &ADMIN, "{}").await;
    assert_eq!(anonymous.status, 403, "nobody's certificate is believed");
}

#[tokio::test]
async fn the_lookup_is_repeated_until_it_succeeds() {
    let scene = Scene::start_with(Choices { published: false, ..Choices::default() }).await;
    scene.cluster.break_calls("list", 403);
    publish(&scene.cluster, &scene.client_ca, &scene.front_proxy_ca);
    until("it was refused twice", async || scene.cluster.calls("list").len() >= 2).await;
    scene.cluster.mend_calls("list");
    scene.wait_until_ready().await;
}
