//! kube-apiserver goes away and comes back while our webhook runs, which is never restarted for it.

use e2e::control_plane::{ControlPlane, Routing};
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, Pebble};
use e2e::webhook::Webhook;
use reqwest::Method;

use crate::webhook_scene::{LIMIT, OwnCluster, POLL, Scene};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Pebble] a_kube_apiserver_that_restarts_in_a_challenge_costs_only_time;
        [CertManager, Pebble] a_kube_apiserver_that_crashes_in_a_challenge_costs_only_time;
    }
}

async fn a_kube_apiserver_that_restarts_in_a_challenge_costs_only_time() {
    goes_away("restart", async |plane| plane.stop_apiserver().await).await;
}

async fn a_kube_apiserver_that_crashes_in_a_challenge_costs_only_time() {
    goes_away("crash", async |plane| plane.crash_apiserver()).await;
}

async fn goes_away(prefix: &str, go_away: impl AsyncFn(&mut ControlPlane)) {
    let mut cluster = OwnCluster::start(Routing::ServiceAddress).await;
    let zones = |all: sandbox::Builder, zone: &str| all.zone(zone);
    let scene = Scene::new(&cluster.plane, &cluster.dns, prefix, "0s", zones).await;
    scene.write_secret(scene.sandbox.secret_key()).await;
    // The webhook waits for the answer of the call that has created the record, and kube-apiserver for the webhook.
    scene.sandbox.set_fault("dnspod-timeout-after-commit").unwrap();
    scene.ask("wanted").await;
    scene.until_committed().await;

    go_away(&mut cluster.plane).await;
    cluster.plane.start_apiserver().await.unwrap();

    scene.until_issued("wanted").await;
    assert_new_front_proxy_ca_is_believed(&mut cluster.plane, &scene.webhook, &scene.group).await;
    let starts = scene.webhook.log().iter().filter(|line| line["message"] == "serving").count();
    assert_eq!(starts, 1, "it has run throughout");
    scene.end(&cluster.plane).await;
}

/// The webhook learns of the CA by its watch of a `ConfigMap`, which has broken off meanwhile.
async fn assert_new_front_proxy_ca_is_believed(
    plane: &mut ControlPlane,
    webhook: &Webhook,
    group: &str,
) {
    plane.rotate_front_proxy_ca().await.unwrap();
    let own = plane.front_proxy_certificate("front-proxy-client").unwrap();
    let caller = webhook.caller(Some(&own)).unwrap();
    let caller = caller.header("x-remote-user", "admin").header("x-remote-group", "system:masters");
    let path = format!("/apis/{group}/v1alpha1");
    let believed = async {
        while caller.get(&path).await.unwrap().code != 200 {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(LIMIT, believed).await.expect("the new CA is believed");
    plane.admin().request(Method::GET, &path, None).await.unwrap();
}
