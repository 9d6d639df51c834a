//! A release of either Go chart becomes one of ours: their values are taken, what Kubernetes lets nobody change is the
//! same, and what Issuers and Certificates refer to stays.

use std::fs;
use std::path::Path;

use e2e::chart::{Object, Recorded, Rendered, directory, release, release_of};
use e2e::harness::Test;
use e2e::helm::Release;
use e2e::real_part::RealPart;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPart::Helm] imrocs_values_make_the_same_objects;
        [RealPart::Helm] qqshfoxs_values_make_the_same_objects;
        [RealPart::Helm] values_that_were_copied_whole_are_taken;
        [RealPart::Helm] reused_values_of_another_chart_lack_nothing;
        [RealPart::Helm] compatibility_takes_the_defaults_of_either;
        [RealPart::Helm] values_of_older_charts_are_taken;
    }
}

/// What Kubernetes refuses to change in an object that is there.
fn immutable(object: &Object) -> Vec<&Value> {
    match object.kind() {
        "Deployment" => vec![object.at("/spec/selector")],
        "RoleBinding" | "ClusterRoleBinding" => vec![object.at("/roleRef")],
        "Secret" => vec![object.at("/type"), object.at("/immutable")],
        "Service" => vec![object.at("/spec/clusterIP"), object.at("/spec/type")],
        _ => Vec::new(),
    }
}

/// Compares ours with every recorded object of the same identity, and returns the kinds of recorded objects that an
/// upgrade removes.
fn compare<'a>(recorded: &'a Recorded, ours: &Rendered) -> Vec<&'a str> {
    let mut removed = Vec::new();
    for theirs in &recorded.objects {
        match ours.0.iter().find(|object| same(object, theirs)) {
            Some(object) => assert_eq!(immutable(object), immutable(theirs), "{theirs}"),
            None => removed.push(theirs.kind()),
        }
    }
    removed
}

/// Whether Helm sees the same object in both: it knows by the kind where a namespace counts.
fn same(ours: &Object, theirs: &Object) -> bool {
    let namespace = |object: &Object| {
        let within = !object.kind().starts_with("Cluster") && object.kind() != "APIService";
        within.then(|| {
            if object.namespace().is_empty() { "cert-manager" } else { object.namespace() }
                .to_owned()
        })
    };
    (ours.kind(), ours.name(), namespace(ours)) == (theirs.kind(), theirs.name(), namespace(theirs))
}

/// What Issuers, Certificates and cert-manager know by name.
fn referred_to(objects: &[Object]) -> Value {
    let find = |kind: &str| objects.iter().find(|object| object.kind() == kind).unwrap();
    let secret = find("Secret");
    let issuer = find("ClusterIssuer");
    let mut certificates: Vec<(&str, &str)> = objects
        .iter()
        .filter(|object| object.kind() == "Certificate")
        .map(|object| (object.name(), object.text("/spec/secretName")))
        .collect();
    certificates.sort_unstable();
    json!({
        "secret": secret.name(),
        "data": secret.at("/data"),
        "issuer": issuer.name(),
        "account": issuer.at("/spec/acme/privateKeySecretRef"),
        "server": issuer.at("/spec/acme/server"),
        "email": issuer.at("/spec/acme/email"),
        "group": issuer.at("/spec/acme/solvers/0/dns01/webhook/groupName"),
        "solver": issuer.at("/spec/acme/solvers/0/dns01/webhook/solverName"),
        "service": find("Service").at("/spec/selector"),
        "certificates": certificates,
    })
}

fn config(objects: &[Object]) -> &Value {
    let issuer = objects.iter().find(|object| object.kind() == "ClusterIssuer").unwrap();
    issuer.at("/spec/acme/solvers/0/dns01/webhook/config")
}

async fn imrocs_values_make_the_same_objects() {
    let recorded = Recorded::imroc().unwrap();
    let mut values = recorded.values.clone();
    values["compatibility"] = "imroc".into();
    let ours = Rendered::with(values).await.unwrap();
    // Its right to read every Secret, and the binding whose role differs between the two charts.
    assert_eq!(compare(&recorded, &ours), ["ClusterRole", "ClusterRoleBinding", "RoleBinding"]);
    assert_eq!(referred_to(&ours.0), referred_to(&recorded.objects));
    assert_eq!(config(&ours.0), config(&recorded.objects));
}

async fn qqshfoxs_values_make_the_same_objects() {
    let recorded = Recorded::qqshfox().unwrap();
    let mut values = recorded.values.clone();
    values["compatibility"] = "qqshfox".into();
    let ours = Rendered::with(values).await.unwrap();
    assert_eq!(
        compare(&recorded, &ours),
        ["Role", "RoleBinding"],
        "its own role for the ConfigMap"
    );
    assert_eq!(referred_to(&ours.0), referred_to(&recorded.objects));
    let mut config = config(&ours.0).clone();
    assert_eq!(config.as_object_mut().unwrap().remove("ttl"), Some(600.into()));
    assert_eq!(config, *self::config(&recorded.objects));
}

async fn values_that_were_copied_whole_are_taken() {
    for recorded in [Recorded::imroc().unwrap(), Recorded::qqshfox().unwrap()] {
        let ours = Rendered::with(recorded.copied_values()).await.unwrap();
        compare(&recorded, &ours);
        assert_eq!(referred_to(&ours.0), referred_to(&recorded.objects));
        assert_eq!(
            image(&ours),
            "cert-manager-webhook-dnspod:0.1.0",
            "not the image of the Go webhook"
        );
    }
}

/// `helm upgrade --reuse-values` puts the values of the chart before in the place of ours.
async fn reused_values_of_another_chart_lack_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for (number, recorded) in
        [Recorded::imroc().unwrap(), Recorded::qqshfox().unwrap()].iter().enumerate()
    {
        let chart = dir.path().join(number.to_string());
        copy(&directory(), &chart);
        fs::write(chart.join("values.yaml"), recorded.defaults.to_string()).unwrap();
        let reused = Rendered::of(&release_of(chart, recorded.values.clone())).await.unwrap();
        let whole = Rendered::with(recorded.copied_values()).await.unwrap();
        assert_eq!(reused.0, whole.0);
    }
}

async fn compatibility_takes_the_defaults_of_either() {
    for (value, issuer, group, namespace) in [
        ("", "cert-manager-webhook-dnspod-cluster-issuer", "acme.dnspod.com", "elsewhere"),
        ("imroc", "dnspod", "acme.dnspod.com", "cert-manager"),
        (
            "qqshfox",
            "cert-manager-webhook-dnspod-cluster-issuer",
            "acme.mycompany.com",
            "elsewhere",
        ),
    ] {
        let made = release(json!({
            "compatibility": value,
            "secrets": {"secretId": "i", "secretKey": "k"},
            "clusterIssuer": {"enabled": true, "email": "ops@mycompany.example"},
        }));
        let elsewhere = Release { namespace: "elsewhere".to_owned(), ..made };
        let rendered = Rendered::of(&elsewhere).await.unwrap();
        assert_eq!(rendered.only("ClusterIssuer").unwrap().name(), issuer);
        assert_eq!(rendered.only("APIService").unwrap().text("/spec/group"), group);
        assert_eq!(rendered.only("Deployment").unwrap().namespace(), namespace);
    }
}

/// Keys that only earlier versions of the charts had, and a section that was left empty.
async fn values_of_older_charts_are_taken() {
    let values = json!({
        "cert-manager": {"enabled": false, "installCRDs": true, "prometheus": {"enabled": false}},
        "groupName": "acme.imroc.cc",
        "image": {"repository": "imroc/cert-manager-webhook-dnspod", "tag": "1.4.0"},
        "secrets": null,
        "resources": {},
    });
    let rendered = Rendered::with(values).await.unwrap();
    assert_eq!(rendered.only("APIService").unwrap().name(), "v1alpha1.acme.imroc.cc");
}

fn image(rendered: &Rendered) -> &str {
    rendered.only("Deployment").unwrap().text("/spec/template/spec/containers/0/image")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
