//! cert-manager's conformance suite, strict, for each form that an Issuer's config may have.

use e2e::conformance::Conformance;
use e2e::harness::Test;
use e2e::real_part::RealPart::Conformance as Suite;
use e2e::webhook::{SOLVER, conformance_command};
use sandbox::Sandbox;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [Suite] api_keys_of_which_both_parts_are_secret_pass_the_conformance_suite;
        [Suite] api_keys_with_a_plain_id_pass_the_conformance_suite;
        [Suite] login_tokens_pass_the_conformance_suite;
    }
}

async fn api_keys_of_which_both_parts_are_secret_pass_the_conformance_suite() {
    let sandbox = Sandbox::start().await.unwrap();
    let config = json!({
        "secretIdRef": { "name": "dnspod", "key": "id" },
        "secretKeyRef": { "name": "dnspod", "key": "key" },
        "ttl": 600,
    });
    let secrets = json!({ "dnspod": { "id": sandbox.secret_id(), "key": sandbox.secret_key() } });
    passes(&sandbox, config, secrets).await;
}

async fn api_keys_with_a_plain_id_pass_the_conformance_suite() {
    let sandbox = Sandbox::start().await.unwrap();
    let config = json!({
        "secretId": sandbox.secret_id(),
        "secretKeyRef": { "name": "dnspod", "key": "key" },
    });
    passes(&sandbox, config, json!({ "dnspod": { "key": sandbox.secret_key() } })).await;
}

async fn login_tokens_pass_the_conformance_suite() {
    let sandbox = Sandbox::start().await.unwrap();
    let (id, token) = sandbox.login_token().split_once(',').unwrap();
    let config = json!({
        "apiID": id.parse::<u64>().unwrap(),
        "apiTokenSecretRef": { "name": "dnspod", "key": "api-token" },
    });
    passes(&sandbox, config, json!({ "dnspod": { "api-token": token } })).await;
}

async fn passes(sandbox: &Sandbox, config: Value, secrets: Value) {
    let suite = Conformance {
        webhook: conformance_command(sandbox).await.unwrap(),
        group: "conformance.e2e.example".to_owned(),
        solver: SOLVER.to_owned(),
        config,
        secrets,
        zone: "ws.example".to_owned(),
        dns: sandbox.resolver(),
    };
    let log = suite.run().await.unwrap();
    for test in ["Basic/PresentRecord", "Extended/DeletingOneRecordRetainsOthers"] {
        assert!(log.contains(&format!("--- PASS: TestConformance/{test}")), "{log}");
    }
    let name = "cert-manager-dns01-tests.ws.example";
    assert_eq!(sandbox.txt_values(name), [""; 0], "nothing is left behind");
}
