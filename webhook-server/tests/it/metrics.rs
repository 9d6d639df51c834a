//! What is counted.

use crate::scene::Scene;

#[tokio::test]
async fn challenges_are_counted_by_outcome() {
    let scene = Scene::start().await;
    scene.solve("Present", "value").await;
    scene.cluster.put_secret("cert-manager/dnspod", &[]);
    scene.solve("Present", "value").await;
    let headers = [("X-Remote-User", "prometheus"), ("X-Remote-Group", "system:masters")];
    let answer = scene.front_proxy().get("/metrics", &headers).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "dnspod_webhook_challenges_total{action=\"Present\",outcome=\"solved\"} 1",
        "dnspod_webhook_challenges_total{action=\"Present\",outcome=\"secret\"} 1",
        "dnspod_webhook_challenge_duration_seconds_count{action=\"Present\"} 2",
        "dnspod_webhook_requests_total{code=\"201\"} 2",
    ] {
        assert!(answer.text.lines().any(|found| found == line), "{line} is not in {}", answer.text);
    }
}
