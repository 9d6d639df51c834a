//! What the chart makes of its values.

use e2e::chart::{Object, Rendered, merge, release};
use e2e::harness::Test;
use e2e::helm;
use e2e::real_part::RealPart;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPart::Helm] lint_finds_nothing;
        [RealPart::Helm] a_token_and_a_cluster_issuer_that_uses_it;
        [RealPart::Helm] a_key_of_api_3_is_taken_from_either_place;
        [RealPart::Helm] an_existing_secret_is_named_and_none_is_made;
        [RealPart::Helm] ambient_credentials_need_no_secret;
        [RealPart::Helm] numbers_of_a_file_stay_whole;
        [RealPart::Helm] an_issuer_says_everything_that_was_asked_for;
        [RealPart::Helm] nothing_waits_for_propagation_unless_asked;
        [RealPart::Helm] every_group_reaches_the_one_service_by_its_port;
        [RealPart::Helm] objects_go_where_namespace_says;
        [RealPart::Helm] the_notes_print_the_solver_of_the_cluster_issuer;
        [RealPart::Helm] other_objects_are_added_and_may_be_templates;
    }
}

const NAME: &str = "cert-manager-webhook-dnspod";

/// The values of the walk in the chart's README.
fn walk() -> Value {
    json!({
        "groupName": "acme.mycompany.example",
        "secrets": {"apiID": 12345, "apiToken": "0123456789abcdef"},
        "clusterIssuer": {"enabled": true, "email": "ops@mycompany.example"},
    })
}

/// The values of a `ClusterIssuer` with a key of API 3.0, and `more`.
fn with_key(more: &Value) -> Value {
    let mut values = json!({
        "secrets": {"secretId": "AKIDexample", "secretKey": "key"},
        "clusterIssuer": {"enabled": true, "email": "ops@mycompany.example"},
    });
    merge(&mut values, more);
    values
}

fn solver(rendered: &Rendered) -> &Value {
    rendered.only("ClusterIssuer").unwrap().at("/spec/acme/solvers/0")
}

fn config(rendered: &Rendered) -> &Value {
    &solver(rendered)["dns01"]["webhook"]["config"]
}

async fn lint_finds_nothing() {
    let everything = with_key(&json!({
        "replicaCount": 2,
        "networkPolicy": {"enabled": true},
        "serviceMonitor": {"enabled": true, "serviceAccount": {"name": "prometheus"}},
        "tls": {"mode": "selfSigned"},
    }));
    for values in [Value::Null, walk(), everything] {
        let said = helm::lint(&release(values)).await.unwrap();
        assert!(said.contains("0 chart(s) failed") && !said.contains("[WARNING]"), "{said}");
    }
}

async fn a_token_and_a_cluster_issuer_that_uses_it() {
    let rendered = Rendered::with(walk()).await.unwrap();
    let issuer = rendered.only("ClusterIssuer").unwrap();
    assert_eq!(issuer.name(), "cert-manager-webhook-dnspod-cluster-issuer");
    assert_eq!(issuer.text("/spec/acme/email"), "ops@mycompany.example");
    assert_eq!(issuer.text("/spec/acme/server"), "https://acme-v02.api.letsencrypt.org/directory");
    assert_eq!(
        *solver(&rendered),
        json!({"dns01": {"webhook": {
            "groupName": "acme.mycompany.example",
            "solverName": "dnspod",
            "config": {
                "apiID": 12345,
                "apiTokenSecretRef": {"name": "cert-manager-webhook-dnspod-secret", "key": "api-token"},
                "ttl": 600,
            },
        }}})
    );
    let secret = rendered.only("Secret").unwrap();
    assert_eq!(
        (secret.namespace(), secret.name()),
        ("cert-manager", "cert-manager-webhook-dnspod-secret")
    );
    assert_eq!(*secret.at("/data"), json!({"api-token": "MDEyMzQ1Njc4OWFiY2RlZg=="}));
}

async fn a_key_of_api_3_is_taken_from_either_place() {
    let there = with_key(&json!({"secrets": {"secretId": " AKIDexample\n"}}));
    let here = json!({"clusterIssuer": {
        "enabled": true, "email": "ops@mycompany.example", "secretId": "AKIDexample", "secretKey": "key",
    }});
    for values in [there, here] {
        let rendered = Rendered::with(values).await.unwrap();
        let data = rendered.only("Secret").unwrap().at("/data");
        assert_eq!(*data, json!({"secretId": "QUtJRGV4YW1wbGU=", "secretKey": "a2V5"}));
        let secret = "cert-manager-webhook-dnspod-secret";
        assert_eq!(
            *config(&rendered),
            json!({
                "secretIdRef": {"name": secret, "key": "secretId"},
                "secretKeyRef": {"name": secret, "key": "secretKey"},
                "ttl": 600,
            })
        );
    }
}

async fn an_existing_secret_is_named_and_none_is_made() {
    let keys = json!({"apiToken": "token", "secretId": "id", "secretKey": "key"});
    let issuer = json!({"enabled": true, "email": "ops@mycompany.example"});
    let key = json!({"secrets": {"existingSecret": "mine", "keys": keys}, "clusterIssuer": issuer});
    let rendered = Rendered::with(key.clone()).await.unwrap();
    assert_eq!(rendered.names("Secret"), [""; 0]);
    assert_eq!(config(&rendered)["secretKeyRef"], json!({"name": "mine", "key": "key"}));
    let mut token = key;
    token["secrets"]["apiID"] = "12345".into();
    let rendered = Rendered::with(token).await.unwrap();
    assert_eq!(rendered.names("Secret"), [""; 0]);
    assert_eq!(
        *config(&rendered),
        json!({"apiID": 12345, "apiTokenSecretRef": {"name": "mine", "key": "token"}, "ttl": 600})
    );
}

async fn ambient_credentials_need_no_secret() {
    let rendered = Rendered::with(json!({
        "ambientCredentials": true,
        "clusterIssuer": {"enabled": true, "email": "ops@mycompany.example"},
    }))
    .await
    .unwrap();
    assert_eq!(*config(&rendered), json!({"ttl": 600}));
    assert_eq!(rendered.names("Secret"), [""; 0]);
    assert!(arguments(&rendered).contains(&"--ambient-credentials"));
}

async fn numbers_of_a_file_stay_whole() {
    let mut values = walk();
    values["secrets"]["apiID"] = 123_456_789.into();
    values["clusterIssuer"]["ttl"] = 1_234_567.into();
    let rendered = Rendered::with(values).await.unwrap();
    assert_eq!(config(&rendered)["apiID"], 123_456_789);
    assert_eq!(config(&rendered)["ttl"], 1_234_567);
}

async fn an_issuer_says_everything_that_was_asked_for() {
    let rendered = Rendered::with(with_key(&json!({"clusterIssuer": {
        "name": "production",
        "staging": true,
        "profile": "shortlived",
        "preferredChain": "ISRG Root X1",
        "externalAccountBinding": {"keyID": "kid", "keySecretRef": {"name": "eab"}},
        "privateKeySecretName": "account",
        "cnameStrategy": "Follow",
        "selector": {"dnsZones": ["mycompany.example"]},
        "recordLine": "境外",
        "ttl": "120",
        "waitForPropagation": true,
        "waitInsteadOfSelfCheck": "90s",
        "extraSolvers": [{"http01": {"ingress": {}}}],
    }})))
    .await
    .unwrap();
    let issuer = rendered.only("ClusterIssuer").unwrap();
    assert_eq!(issuer.name(), "production");
    let secret = "cert-manager-webhook-dnspod-secret";
    assert_eq!(
        *issuer.at("/spec/acme"),
        json!({
            "server": "https://acme-staging-v02.api.letsencrypt.org/directory",
            "email": "ops@mycompany.example",
            "profile": "shortlived",
            "preferredChain": "ISRG Root X1",
            "externalAccountBinding": {"keyID": "kid", "keySecretRef": {"name": "eab", "key": "secret"}},
            "privateKeySecretRef": {"name": "account"},
            "solvers": [
                {
                    "dns01": {
                        "cnameStrategy": "Follow",
                        "webhook": {
                            "groupName": "acme.dnspod.com",
                            "solverName": "dnspod",
                            "config": {
                                "secretIdRef": {"name": secret, "key": "secretId"},
                                "secretKeyRef": {"name": secret, "key": "secretKey"},
                                "ttl": 120,
                                "recordLine": "境外",
                                "waitForPropagation": true,
                            },
                        },
                    },
                    "waitInsteadOfSelfCheck": "1m30s",
                    "selector": {"dnsZones": ["mycompany.example"]},
                },
                {"http01": {"ingress": {}}},
            ],
        })
    );
}

async fn nothing_waits_for_propagation_unless_asked() {
    let waits = async |issuer: Value| {
        let rendered = Rendered::with(with_key(&json!({"clusterIssuer": issuer}))).await.unwrap();
        (
            config(&rendered)["waitForPropagation"].clone(),
            solver(&rendered)["waitInsteadOfSelfCheck"].clone(),
        )
    };
    assert_eq!(waits(json!({})).await, (Value::Null, Value::Null));
    // Without a cluster nobody knows whether its cert-manager has the field.
    assert_eq!(waits(json!({"waitForPropagation": true})).await, (true.into(), Value::Null));
    let both = json!({"waitForPropagation": true, "waitInsteadOfSelfCheck": "1s"});
    assert_eq!(waits(both).await, (true.into(), "1s".into()));
}

async fn every_group_reaches_the_one_service_by_its_port() {
    let groups = json!({
        "groupName": "acme.mycompany.example",
        "groupNames": ["acme.dnspod.com", "webhook-dnspod.cert-manager.com", "acme.mycompany.example"],
        "service": {"port": 8443},
    });
    let rendered = Rendered::with(groups).await.unwrap();
    let expected = ["acme.mycompany.example", "acme.dnspod.com", "webhook-dnspod.cert-manager.com"];
    let mut served: Vec<&str> =
        rendered.all("APIService").map(|service| service.text("/spec/group")).collect();
    served.sort_by_key(|group| expected.iter().position(|expected| expected == group));
    assert_eq!(served, expected);
    for service in rendered.all("APIService") {
        assert_eq!(service.name(), format!("v1alpha1.{}", service.text("/spec/group")));
        let target = json!({"name": NAME, "namespace": "cert-manager", "port": 8443});
        assert_eq!(*service.at("/spec/service"), target);
    }
    let service = rendered.only("Service").unwrap();
    assert_eq!(
        *service.at("/spec/ports"),
        json!([
            {"name": "https", "port": 8443, "targetPort": "https", "protocol": "TCP"},
        ])
    );
    let pod = rendered.only("Deployment").unwrap();
    let environment = pod.at("/spec/template/spec/containers/0/env");
    assert_eq!(environment[0], json!({"name": "GROUP_NAME", "value": expected.join(",")}));
    let solvers =
        rendered.named("ClusterRole", "cert-manager-webhook-dnspod:domain-solver").unwrap();
    assert_eq!(
        *solvers.at("/rules"),
        json!([
            {"apiGroups": expected, "resources": ["dnspod"], "verbs": ["create"]},
        ])
    );
}

async fn objects_go_where_namespace_says() {
    let elsewhere = json!({"namespace": "dns", "certManager": {"namespace": "cm"}});
    let rendered = Rendered::with(with_key(&elsewhere)).await.unwrap();
    assert_eq!(rendered.only("Deployment").unwrap().namespace(), "dns");
    assert_eq!(rendered.only("Secret").unwrap().namespace(), "cm", "where the ClusterIssuer looks");
    for service in rendered.all("APIService") {
        assert_eq!(service.text("/spec/service/namespace"), "dns");
        let injected = &service.at("/metadata/annotations")["cert-manager.io/inject-ca-from"];
        assert_eq!(injected, "dns/cert-manager-webhook-dnspod-webhook-tls");
    }
    let subject = |name: &str| {
        rendered
            .named("ClusterRoleBinding", &format!("{NAME}:{name}"))
            .unwrap()
            .at("/subjects/0")
            .clone()
    };
    assert_eq!(
        subject("auth-delegator"),
        json!({"kind": "ServiceAccount", "name": NAME, "namespace": "dns"})
    );
    let cert_manager = json!({"kind": "ServiceAccount", "name": "cert-manager", "namespace": "cm"});
    assert_eq!(subject("domain-solver"), cert_manager);
    let strays: Vec<String> = rendered
        .0
        .iter()
        .filter(|object| !["", "dns", "cm", "kube-system"].contains(&object.namespace()))
        .map(Object::to_string)
        .collect();
    assert_eq!(strays, [""; 0]);
}

async fn the_notes_print_the_solver_of_the_cluster_issuer() {
    let notes = helm::notes(&release(walk())).await.unwrap();
    let stanza: String = notes
        .lines()
        .skip_while(|line| !line.starts_with("    - dns01:"))
        .take_while(|line| line.starts_with("    "))
        .flat_map(|line| [line, "\n"])
        .collect();
    let printed = e2e::chart::objects(&stanza).unwrap();
    let rendered = Rendered::with(walk()).await.unwrap();
    assert_eq!(printed[0].0[0], *solver(&rendered), "{notes}");
    assert!(notes.contains("kubectl get apiservice v1alpha1.acme.mycompany.example"), "{notes}");
    assert!(!notes.contains("NOTE:") && !notes.contains("0123456789abcdef"), "{notes}");
    let notes = helm::notes(&release(Value::Null)).await.unwrap();
    assert!(
        notes.contains("kubectl create secret generic cert-manager-webhook-dnspod-secret"),
        "{notes}"
    );
    let foreign =
        json!({"image": {"repository": "imroc/cert-manager-webhook-dnspod", "tag": "1.5.3"}});
    let notes = helm::notes(&release(foreign)).await.unwrap();
    assert!(
        notes.contains("NOTE: image.repository is imroc/cert-manager-webhook-dnspod"),
        "{notes}"
    );
}

async fn other_objects_are_added_and_may_be_templates() {
    let extra = json!({"extraObjects": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "object"}, "data": {"a": "{{ .Release.Name }}"}},
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-text\n",
    ]});
    let rendered = Rendered::with(extra).await.unwrap();
    let mut names = rendered.names("ConfigMap");
    names.sort_unstable();
    assert_eq!(names, ["cert-manager-webhook-dnspod-text", "object"]);
    assert_eq!(rendered.named("ConfigMap", "object").unwrap().text("/data/a"), NAME);
}

fn arguments(rendered: &Rendered) -> Vec<&str> {
    let arguments =
        rendered.only("Deployment").unwrap().at("/spec/template/spec/containers/0/args");
    arguments.as_array().unwrap().iter().map(|argument| argument.as_str().unwrap()).collect()
}
