//! What the webhook answers cert-manager stands in the Challenge, and the doctor tells what it means.

use std::collections::BTreeMap;

use e2e::cert_manager::NAMESPACE;
use e2e::control_plane::secret;
use e2e::harness::Test;
use e2e::real_part::RealPart::{CertManager, Pebble};
use e2e::webhook::{SOLVER, Webhook};
use sandbox::{Sandbox, ZoneStatus};
use serde_json::{Value, json};

use super::stage::Stage;

pub(super) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Pebble] the_doctor_tells_what_the_webhook_means;
        [CertManager, Pebble] the_doctor_tells_what_dnspod_keeps_from_the_webhook;
    }
}

async fn the_doctor_tells_what_the_webhook_means() {
    let stage = Stage::new("doctor-says").await;
    let zone = &stage.zone;
    assert!(stage.sandbox.set_zone_status(&format!("locked-{zone}"), ZoneStatus::Lock));
    let webhook = start(&stage).await;
    let none = Credential { secret: format!("{}-none", stage.namespace), ..credential(&stage) };
    let wrong = Credential { secret: format!("{}-wrong", stage.namespace), ..credential(&stage) };
    credential(&stage).write(&stage, stage.sandbox.secret_key()).await;
    wrong.write(&stage, "0123456789abcdef0123456789abcdef").await;
    let good = credential(&stage).config();
    let mut bad_ttl = good.clone();
    bad_ttl["ttl"] = json!([600]);

    // Each with a name of its own: cert-manager works on one challenge for a name at a time.
    let cases = [
        ("credential_missing", SOLVER, json!({}), zone.clone()),
        ("credential_refused", SOLVER, wrong.config(), zone.clone()),
        ("issuer_config", SOLVER, bad_ttl, zone.clone()),
        ("secret_unusable", SOLVER, none.config(), zone.clone()),
        ("solver_not_served", "dnspot", good.clone(), zone.clone()),
        ("zone_not_found", SOLVER, good.clone(), format!("foreign-{zone}")),
        ("zone_unusable", SOLVER, good, format!("locked-{zone}")),
    ];
    stage.shared.dns.serve(&format!("locked-{zone}"), stage.sandbox.resolver());
    let elsewhere = Sandbox::builder().zone(format!("foreign-{zone}")).start().await.unwrap();
    stage.shared.dns.serve(&format!("foreign-{zone}"), elsewhere.resolver());
    for (cause, solver, config, zone) in &cases {
        let name = cause.replace('_', "-");
        stage.issuer(&name, stage.solver(solver, config)).await;
        stage.ask(&name, &name, &format!("{name}.{zone}")).await;
    }
    let mut hints = BTreeMap::new();
    for (cause, ..) in &cases {
        let found = stage.until(&cause.replace('_', "-"), cause).await;
        assert_eq!(found["ready"], false, "{found}");
        hints.insert(found["hint"].as_str().unwrap().to_owned(), found["what"].clone());
    }
    assert_eq!(hints.len(), cases.len(), "each has a remedy of its own: {hints:#?}");
    webhook.unregister(&stage.shared.plane).await.unwrap();
}

async fn the_doctor_tells_what_dnspod_keeps_from_the_webhook() {
    let stage = Stage::new("doctor-dnspod").await;
    let webhook = start(&stage).await;
    let credential = credential(&stage);
    credential.write(&stage, stage.sandbox.secret_key()).await;
    stage.issuer("ours", stage.solver(SOLVER, &credential.config())).await;

    let nothing = json!({ "version": "2.0", "statement": [
        { "effect": "allow", "action": ["cos:*"], "resource": ["*"] },
    ] });
    stage.sandbox.set_cam_policy(&nothing.to_string()).unwrap();
    stage.ask("ws", "ours", &stage.zone).await;
    stage.until("ws", "not_permitted").await;
    let everything = nothing.to_string().replace("cos:*", "*");
    stage.sandbox.set_cam_policy(&everything).unwrap();

    // Longer than anything waits.
    for (fault, cause) in [
        ("dnspod-html-502=100000", "dnspod_unavailable"),
        ("dnspod-throttled=100000", "dnspod_busy"),
    ] {
        stage.sandbox.set_fault(fault).unwrap();
        stage.until("ws", cause).await;
        stage.sandbox.clear_fault(fault.split_once('=').unwrap().0).unwrap();
    }
    // While it is being worked on, there is no reason to show.
    stage.sandbox.set_fault("dnspod-hang=100000").unwrap();
    stage.ask("www", "ours", &format!("www.{}", stage.zone)).await;
    stage.until("www", "in_progress").await;
    webhook.unregister(&stage.shared.plane).await.unwrap();
}

async fn start(stage: &Stage) -> Webhook {
    let (plane, group) = (&stage.shared.plane, stage.group.as_str());
    let webhook = Webhook::start(plane, &stage.namespace, &[group], &stage.sandbox).await.unwrap();
    webhook.allow_secrets(plane, NAMESPACE).await.unwrap();
    webhook
}

/// A Secret for a `ClusterIssuer`, and how the Issuer names it.
struct Credential {
    secret: String,
    id: String,
}

fn credential(stage: &Stage) -> Credential {
    Credential { secret: stage.namespace.clone(), id: stage.sandbox.secret_id().to_owned() }
}

impl Credential {
    fn config(&self) -> Value {
        json!({
            "secretIdRef": { "name": self.secret, "key": "id" },
            "secretKeyRef": { "name": self.secret, "key": "key" },
        })
    }

    async fn write(&self, stage: &Stage, key: &str) {
        let object = secret(NAMESPACE, &self.secret, &[("id", &self.id), ("key", key)]);
        stage.admin().apply(&object).await.unwrap();
    }
}
