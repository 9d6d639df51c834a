//! What a caller may do.

use crate::scene::{CERT_MANAGER, CERT_MANAGER_HEADERS, SOLVER, Scene, payload};

#[tokio::test]
async fn who_may_not_create_the_solver_is_told_so() {
    let scene = Scene::start().await;
    scene.cluster.forbid(CERT_MANAGER);
    let answer = scene.solve("Present", "value").await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.message(),
        "dnspod.acme.a.example is forbidden: User \"system:serviceaccount:cert-manager:cert-manager\" cannot create \
         resource \"dnspod\" in API group \"acme.a.example\" at the cluster scope"
    );
    assert!(scene.sandbox.dnspod_calls().is_empty());
}

#[tokio::test]
async fn an_answer_is_remembered_for_the_same_question_only() {
    let scene = Scene::start().await;
    for key in ["a", "b", "c"] {
        assert_eq!(scene.solve("Present", key).await.status, 201);
    }
    assert_eq!(scene.cluster.calls("access").len(), 1);
    scene.cluster.forbid(CERT_MANAGER);
    assert_eq!(scene.solve("Present", "d").await.status, 201, "what was allowed a moment ago");
    let other = "/apis/acme.b.example/v1alpha1/dnspod";
    let answer =
        scene.front_proxy().post(other, &CERT_MANAGER_HEADERS, &payload("Present", "e")).await;
    assert_eq!(answer.status, 403);
    let spec = &scene.cluster.calls("access")[1].body["spec"]["resourceAttributes"];
    assert_eq!(spec["group"], "acme.b.example");
}

#[tokio::test]
async fn a_question_without_an_answer_permits_nothing_and_is_asked_again() {
    let scene = Scene::start().await;
    scene.cluster.break_calls("access", 500);
    let mut texts = Vec::new();
    for _ in 0..2 {
        let answer = scene.solve("Present", "value").await;
        assert_eq!(answer.status, 500);
        assert!(!answer.headers.contains_key("retry-after"));
        texts.push(answer.message());
    }
    assert_eq!(texts[0], texts[1]);
    scene.cluster.mend_calls("access");
    assert_eq!(scene.solve("Present", "value").await.status, 201);
}

#[tokio::test]
async fn health_needs_no_permission_and_metrics_do() {
    let scene = Scene::start().await;
    assert_eq!(scene.client(None).get("/healthz", &[]).await.status, 200);
    let answer = scene.client(None).get("/metrics", &[]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.message(),
        "forbidden: User \"system:anonymous\" cannot get path \"/metrics\""
    );
    assert_eq!(scene.front_proxy().get(SOLVER, &[("X-Remote-User", "jane")]).await.status, 403);
}
