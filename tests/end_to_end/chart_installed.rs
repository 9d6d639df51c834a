//! The chart on a real kube-apiserver: installed, upgraded, in another chart's place, and removed.

use std::path::Path;
use std::time::Duration;

use e2e::cert_manager::{CertManager, define_kinds};
use e2e::chart::{Recorded, release, release_of};
use e2e::control_plane::{
    API_SERVICES, CLUSTER_ISSUERS, ControlPlane, ControlPlaneOptions, DEPLOYMENTS, ObjectPath,
    Resource, SECRETS,
};
use e2e::dns_relay::DnsRelay;
use e2e::harness::Test;
use e2e::helm;
use e2e::real_part::RealPart;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPart::KubeApiserver, RealPart::CertManager, RealPart::Helm]
            an_installed_release_is_known_by_its_certificate;
        [RealPart::KubeApiserver, RealPart::CertManager, RealPart::Helm] releases_of_both_go_charts_become_ours;
        [RealPart::KubeApiserver, RealPart::CertManager] the_bundle_is_taken_as_it_is;
    }
}

const LIMIT: Duration = Duration::from_secs(60);
const NAME: &str = "cert-manager-webhook-dnspod";
const ROLE_BINDINGS: Resource =
    Resource { api_version: "rbac.authorization.k8s.io/v1", plural: "rolebindings" };

/// A control plane of its own: as nothing runs the pods, the group has no server, and no namespace can be deleted.
async fn plane() -> ControlPlane {
    ControlPlane::start(ControlPlaneOptions::default()).await.unwrap()
}

async fn an_installed_release_is_known_by_its_certificate() {
    let plane = plane().await;
    let admin = plane.admin();
    let dns = DnsRelay::start().await.unwrap();
    let _cert_manager = CertManager::start(&plane, dns.address(), &[]).await.unwrap();
    let mut release = release(json!({
        "groupName": "acme.mycompany.example",
        "secrets": {"apiID": 12345, "apiToken": "0123456789abcdef"},
        "clusterIssuer": {
            "enabled": true,
            "email": "ops@mycompany.example",
            // Nobody is asked for an account.
            "server": "https://127.0.0.1:1/directory",
            "waitForPropagation": true,
        },
    }));

    let said = helm::install(&plane, &release).await.unwrap();
    assert!(said.contains("kubectl get apiservice v1alpha1.acme.mycompany.example"), "{said}");

    let serving = SECRETS.within("cert-manager", &format!("{NAME}-webhook-tls"));
    let issued =
        |object: Option<&Value>| object.is_some_and(|secret| secret["data"]["ca.crt"].is_string());
    let serving = admin.until(&serving, "issued", LIMIT, issued).await.unwrap().unwrap();
    let service = API_SERVICES.named("v1alpha1.acme.mycompany.example");
    let injected = |object: Option<&Value>| {
        object.is_some_and(|service| service["spec"]["caBundle"] == serving["data"]["ca.crt"])
    };
    admin.until(&service, "told the CA", LIMIT, injected).await.unwrap();
    let cluster_issuer =
        admin.get(&CLUSTER_ISSUERS.named(&format!("{NAME}-cluster-issuer"))).await.unwrap();
    let solver = &cluster_issuer["spec"]["acme"]["solvers"][0];
    let expected = if knows_wait_instead_of_self_check().await { json!("1s") } else { Value::Null };
    assert_eq!(solver["waitInsteadOfSelfCheck"], expected, "{cluster_issuer:#}");

    release.values["groupNames"] = json!(["acme.other.example"]);
    release.values["service"] = json!({"port": 8443});
    release.values["replicaCount"] = 2.into();
    release.values["networkPolicy"] = json!({"enabled": true});
    helm::upgrade(&plane, &release).await.unwrap();
    for group in ["acme.mycompany.example", "acme.other.example"] {
        let service = API_SERVICES.named(&format!("v1alpha1.{group}"));
        let service = admin.until(&service, "told the CA", LIMIT, injected).await.unwrap().unwrap();
        assert_eq!(service["spec"]["service"]["port"], 8443);
    }

    helm::uninstall(&plane, &release).await.unwrap();
    admin.until_gone(&service, LIMIT).await.unwrap();
}

async fn releases_of_both_go_charts_become_ours() {
    let plane = plane().await;
    define_kinds(&plane).await.unwrap();
    plane
        .admin()
        .create(&json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cert-manager"},
        }))
        .await
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let imroc = Recorded::imroc().unwrap();
    let qqshfox = Recorded::qqshfox().unwrap();
    for (number, (recorded, namespace, issuer, group)) in [
        (&imroc, "cert-manager", "dnspod", "acme.dnspod.com"),
        // Its objects are in cert-manager wherever the release is.
        (&imroc, "elsewhere", "dnspod", "acme.dnspod.com"),
        (
            &qqshfox,
            "cert-manager",
            "cert-manager-webhook-dnspod-cluster-issuer",
            "acme.mycompany.com",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let kept = [
            DEPLOYMENTS.within("cert-manager", NAME),
            SECRETS.within("cert-manager", &format!("{NAME}-secret")),
            CLUSTER_ISSUERS.named(issuer),
            API_SERVICES.named(&format!("v1alpha1.{group}")),
        ];
        let chart = dir.path().join(number.to_string());
        recorded.write_chart(&chart).unwrap();
        for reuse in [false, true] {
            take_over(&plane, recorded, &chart, namespace, &kept, reuse).await;
        }
    }
}

async fn the_bundle_is_taken_as_it_is() {
    let plane = plane().await;
    define_kinds(&plane).await.unwrap();
    create_namespace(&plane).await;
    let bundle =
        std::fs::read_to_string(e2e::chart::directory().with_file_name("bundle.yaml")).unwrap();
    for object in e2e::chart::objects(&bundle).unwrap() {
        plane.admin().apply(&object.0).await.unwrap();
        if object.kind() == "Deployment" {
            let metadata = json!({"name": "webhook", "namespace": "cert-manager"});
            let spec = object.at("/spec/template/spec");
            // The namespace admits only what the restricted Pod Security Standard allows.
            let pod =
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
            plane.admin().create(&pod).await.unwrap();
        }
    }
    plane.admin().get(&API_SERVICES.named("v1alpha1.acme.dnspod.com")).await.unwrap();
}

/// Whether this cert-manager has the field, which is new in 1.21.
async fn knows_wait_instead_of_self_check() -> bool {
    let version = &RealPart::CertManager.obtain().await.unwrap().version;
    let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
    minor >= 21
}

async fn create_namespace(plane: &ControlPlane) {
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "cert-manager", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    });
    plane.admin().create(&namespace).await.unwrap();
}

/// Installs the recorded release and upgrades it to ours, twice. `kept` are objects that have to stay what they are.
async fn take_over(
    plane: &ControlPlane,
    recorded: &Recorded,
    chart: &Path,
    namespace: &str,
    kept: &[ObjectPath],
    reuse: bool,
) {
    let admin = plane.admin();
    let mut theirs = release_of(chart.to_owned(), recorded.values.clone());
    theirs.namespace = namespace.to_owned();
    let mut ours = release(if reuse { Value::Null } else { recorded.values.clone() });
    ours.namespace = namespace.to_owned();
    helm::install(plane, &theirs).await.unwrap();
    let before = identifiers(plane, kept).await;
    for _ in 0..2 {
        let said = if reuse {
            helm::upgrade_reusing_values(plane, &ours).await.unwrap()
        } else {
            helm::upgrade(plane, &ours).await.unwrap()
        };
        assert_eq!(identifiers(plane, kept).await, before, "{said}");
    }
    let deployment = admin.get(&kept[0]).await.unwrap();
    let containers = &deployment["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers.as_array().unwrap().len(), 1, "{containers:#}");
    assert_eq!(containers[0]["image"], "cert-manager-webhook-dnspod:0.1.0");
    assert_eq!(
        containers[0]["ports"],
        json!([{"name": "https", "containerPort": 8443, "protocol": "TCP"}])
    );
    let binding = |name: &str| ROLE_BINDINGS.within("kube-system", &format!("{NAME}:{name}"));
    assert!(admin.find(&binding("webhook-authentication-reader")).await.unwrap().is_none());
    admin.get(&binding("authentication-reader")).await.unwrap();

    helm::uninstall(plane, &ours).await.unwrap();
    for object in kept {
        admin.until_gone(object, LIMIT).await.unwrap();
    }
}

/// What tells an object from another that was made in its place.
async fn identifiers(plane: &ControlPlane, objects: &[ObjectPath]) -> Vec<Value> {
    let mut identifiers = Vec::new();
    for object in objects {
        identifiers.push(plane.admin().get(object).await.unwrap()["metadata"]["uid"].clone());
    }
    identifiers
}
