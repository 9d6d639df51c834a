//! How the chart runs the webhook: its pods, its serving certificate and its rights.

use e2e::chart::Rendered;
use e2e::harness::Test;
use e2e::real_part::RealPart;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPart::Helm] pods_are_restricted;
        [RealPart::Helm] two_replicas_spread_and_outlive_a_drain;
        [RealPart::Helm] what_a_pod_is_given_is_passed_on;
        [RealPart::Helm] dnspod_is_told_the_contact_that_there_is;
        [RealPart::Helm] cert_manager_issues_the_serving_certificate;
        [RealPart::Helm] durations_are_as_cert_manager_writes_them;
        [RealPart::Helm] an_issuer_of_ones_own_issues_the_serving_certificate;
        [RealPart::Helm] a_certificate_of_ones_own_is_injected_or_named;
        [RealPart::Helm] a_webhook_that_signs_for_itself_may_do_so;
        [RealPart::Helm] secrets_are_read_where_it_is_said;
        [RealPart::Helm] no_rights_are_given_where_others_give_them;
        [RealPart::Helm] metrics_are_scraped_by_the_serving_certificates_name;
        [RealPart::Helm] the_network_policy_opens_what_is_needed;
        [RealPart::Helm] helm_test_asks_for_every_group;
    }
}

const NAME: &str = "cert-manager-webhook-dnspod";

async fn rendered(values: Value) -> Rendered {
    Rendered::with(values).await.unwrap()
}

fn arguments(pod: &Value) -> Vec<&str> {
    let arguments = pod["containers"][0]["args"].as_array().unwrap();
    arguments.iter().map(|argument| argument.as_str().unwrap()).collect()
}

/// What the Deployment's pods are.
fn pod(rendered: &Rendered) -> Value {
    rendered.only("Deployment").unwrap().at("/spec/template/spec").clone()
}

async fn pods_are_restricted() {
    let rendered = rendered(Value::Null).await;
    for pod in [pod(&rendered), rendered.only("Pod").unwrap().at("/spec").clone()] {
        let user = &pod["securityContext"];
        assert_eq!(user["runAsNonRoot"], true);
        assert!(user["runAsUser"].as_u64().unwrap() > 0);
        assert_eq!(user["seccompProfile"]["type"], "RuntimeDefault");
        for container in pod["containers"].as_array().unwrap() {
            let context = &container["securityContext"];
            assert_eq!(context["allowPrivilegeEscalation"], false);
            assert_eq!(context["readOnlyRootFilesystem"], true);
            assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}));
        }
    }
    let pod = pod(&rendered);
    let container = &pod["containers"][0];
    assert_eq!(
        container["ports"],
        json!([{"name": "https", "containerPort": 8443, "protocol": "TCP"}])
    );
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/livez");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
    assert_eq!(
        container["args"],
        json!([
            "--secure-port=8443",
            "--tls-cert-file=/tls/tls.crt",
            "--tls-private-key-file=/tls/tls.key"
        ])
    );
    // Root owns the files of a Secret; the group may read them.
    assert_eq!(pod["securityContext"]["fsGroup"], pod["securityContext"]["runAsGroup"]);
    assert_eq!(pod["volumes"][0]["secret"]["defaultMode"], 0o440);
}

async fn two_replicas_spread_and_outlive_a_drain() {
    let one = rendered(Value::Null).await;
    assert_eq!(
        one.names("PodDisruptionBudget"),
        [""; 0],
        "with one replica a node could not be drained"
    );
    assert_eq!(pod(&one)["affinity"], Value::Null);
    let two = rendered(json!({"replicaCount": 2})).await;
    let selector = two.only("Deployment").unwrap().at("/spec/selector").clone();
    let budget = two.only("PodDisruptionBudget").unwrap();
    assert_eq!(*budget.at("/spec"), json!({"maxUnavailable": 1, "selector": selector}));
    let anti =
        pod(&two)["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
            [0]
        .clone();
    assert_eq!(anti["podAffinityTerm"]["labelSelector"], selector);
    let hard = rendered(json!({"replicaCount": 2, "podAntiAffinity": "hard"})).await;
    let anti =
        pod(&hard)["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
            [0]
        .clone();
    assert_eq!(anti["labelSelector"], selector);
    let mine = json!({"nodeAffinity": {}});
    let own = rendered(json!({"replicaCount": 3, "affinity": mine})).await;
    assert_eq!(pod(&own)["affinity"], mine);
    let none = rendered(json!({"replicaCount": 2, "podAntiAffinity": "none"})).await;
    assert_eq!(pod(&none)["affinity"], Value::Null);
}

async fn what_a_pod_is_given_is_passed_on() {
    let given = rendered(json!({
        "image": {"repository": "registry.example/webhook", "tag": "9"},
        "imagePullSecrets": ["plain", {"name": "named"}],
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["192.0.2.1"]},
        "tolerations": [{"operator": "Exists"}],
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "topologySpreadConstraints": [{"maxSkew": 1}],
        "podLabels": {"team": "dns", "app": "not this"},
        "podAnnotations": {"note": "1"},
        "extraArgs": ["--bind-address=::"],
        "extraEnv": [{"name": "A", "value": "b"}],
        "extraVolumes": [{"name": "v", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "v", "mountPath": "/v"}],
        "dnspod": {
            "endpoint": "https://api.example",
            "legacyEndpoint": "https://legacy.example",
            "contactEmail": "dns@mycompany.example",
        },
        "dns01RecursiveNameservers": ["192.0.2.1:53", "[2001:db8::1]:53"],
        "cleanUpWithoutSecret": true,
        "clusterIssuer": {"email": "ops@mycompany.example"},
        "resources": {"limits": {"memory": "1Gi"}},
        "logLevel": "DEBUG",
        "containerPort": 9443,
    }))
    .await;
    let pod = pod(&given);
    assert_eq!(pod["imagePullSecrets"], json!([{"name": "plain"}, {"name": "named"}]));
    assert_eq!(pod["priorityClassName"], "system-cluster-critical");
    assert_eq!(pod["dnsPolicy"], "None");
    assert_eq!(pod["dnsConfig"]["nameservers"][0], "192.0.2.1");
    assert_eq!(pod["tolerations"], json!([{"operator": "Exists"}]));
    assert_eq!(pod["nodeSelector"]["kubernetes.io/arch"], "arm64");
    assert_eq!(pod["topologySpreadConstraints"], json!([{"maxSkew": 1}]));
    assert_eq!(pod["volumes"][1]["name"], "v");
    let container = &pod["containers"][0];
    assert_eq!(container["image"], "registry.example/webhook:9");
    assert_eq!(container["volumeMounts"][1]["mountPath"], "/v");
    assert_eq!(container["env"][1], json!({"name": "LOG_LEVEL", "value": "debug"}));
    assert_eq!(container["env"][2]["name"], "A");
    assert_eq!(container["resources"]["limits"]["memory"], "1Gi");
    let arguments = arguments(&pod);
    assert_eq!(arguments[0], "--secure-port=9443");
    let wanted = [
        "--clean-up-without-secret",
        "--dnspod-endpoint=https://api.example",
        "--dnspod-legacy-endpoint=https://legacy.example",
        "--dnspod-contact-email=dns@mycompany.example",
        "--dns01-recursive-nameservers=192.0.2.1:53,[2001:db8::1]:53",
        "--bind-address=::",
    ];
    assert_eq!(arguments[3..], wanted);
    let metadata = given.only("Deployment").unwrap().at("/spec/template/metadata").clone();
    assert_eq!(metadata["labels"], json!({"app": NAME, "release": NAME, "team": "dns"}));
    assert_eq!(metadata["annotations"], json!({"note": "1"}));
}

async fn dnspod_is_told_the_contact_that_there_is() {
    for (values, expected) in [
        (Value::Null, None),
        (
            json!({"clusterIssuer": {"email": "ops@mycompany.example"}}),
            Some("--dnspod-contact-email=ops@mycompany.example"),
        ),
        // The webhook would not start with it, and nobody has said that it is for DNSPod.
        (json!({"clusterIssuer": {"email": "ops@mycompany.example,dns@mycompany.example"}}), None),
        (json!({"clusterIssuer": {"email": "运维@mycompany.example"}}), None),
    ] {
        let pod = pod(&rendered(values).await);
        let mut arguments = arguments(&pod).into_iter();
        let contact = arguments.find(|argument| argument.starts_with("--dnspod-contact-email"));
        assert_eq!(contact, expected);
    }
}

async fn cert_manager_issues_the_serving_certificate() {
    let rendered = rendered(Value::Null).await;
    let serving = rendered.named("Certificate", &format!("{NAME}-webhook-tls")).unwrap();
    assert_eq!(
        *serving.at("/spec/dnsNames"),
        json!([NAME, format!("{NAME}.cert-manager"), format!("{NAME}.cert-manager.svc")])
    );
    assert_eq!(serving.text("/spec/issuerRef/name"), format!("{NAME}-ca"));
    let ca = rendered.named("Issuer", serving.text("/spec/issuerRef/name")).unwrap();
    let root = rendered.named("Certificate", ca.text("/spec/ca/secretName")).unwrap();
    assert_eq!(*root.at("/spec/isCA"), true);
    let first = rendered.named("Issuer", root.text("/spec/issuerRef/name")).unwrap();
    assert_eq!(*first.at("/spec/selfSigned"), json!({}));
    assert_eq!(
        pod(&rendered)["volumes"][0]["secret"]["secretName"],
        serving.text("/spec/secretName")
    );
    let injected = &rendered.only("APIService").unwrap().at("/metadata/annotations")["cert-manager.io/inject-ca-from"];
    assert_eq!(*injected, format!("{}/{}", serving.namespace(), serving.name()));
}

async fn durations_are_as_cert_manager_writes_them() {
    for (value, expected) in [
        ("43800h", "43800h0m0s"),
        ("90m", "1h30m0s"),
        ("8760h0m0s", "8760h0m0s"),
        ("7201s", "2h0m1s"),
    ] {
        let rendered = rendered(json!({"tls": {"duration": value, "caDuration": value}})).await;
        for certificate in rendered.all("Certificate") {
            assert_eq!(certificate.text("/spec/duration"), expected);
        }
    }
}

async fn an_issuer_of_ones_own_issues_the_serving_certificate() {
    let own = json!({"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "internal"});
    let rendered = rendered(json!({"tls": {"issuerRef": own, "secretName": "mine"}})).await;
    assert_eq!(rendered.names("Issuer"), [""; 0]);
    let serving = rendered.only("Certificate").unwrap();
    assert_eq!(*serving.at("/spec/issuerRef"), own);
    assert_eq!(serving.text("/spec/secretName"), "mine");
    assert_eq!(pod(&rendered)["volumes"][0]["secret"]["secretName"], "mine");
}

async fn a_certificate_of_ones_own_is_injected_or_named() {
    let ca = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    let base64 = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
    for (values, annotation, bundle) in [
        (
            json!({"mode": "caInjector", "secretName": "mine"}),
            json!("cert-manager/mine"),
            Value::Null,
        ),
        (
            json!({"mode": "ownCA", "secretName": "mine", "caBundle": ca}),
            Value::Null,
            json!(base64),
        ),
        (
            json!({"mode": "ownCA", "secretName": "mine", "caBundle": base64}),
            Value::Null,
            json!(base64),
        ),
    ] {
        let rendered = rendered(json!({"tls": values})).await;
        assert_eq!(rendered.names("Certificate"), [""; 0]);
        assert_eq!(rendered.names("Issuer"), [""; 0]);
        let service = rendered.only("APIService").unwrap();
        assert_eq!(
            service.at("/metadata/annotations")["cert-manager.io/inject-ca-from-secret"],
            annotation
        );
        assert_eq!(*service.at("/spec/caBundle"), bundle);
        assert_eq!(pod(&rendered)["volumes"][0]["secret"]["secretName"], "mine");
    }
}

async fn a_webhook_that_signs_for_itself_may_do_so() {
    let rendered =
        rendered(json!({"tls": {"mode": "selfSigned"}, "groupNames": ["a.example", "b.example"]}))
            .await;
    assert_eq!(rendered.names("Certificate"), [""; 0]);
    let pod = pod(&rendered);
    assert_eq!(
        arguments(&pod),
        [
            "--secure-port=8443",
            "--self-signed",
            "--self-signed-secret=cert-manager-webhook-dnspod-self-signed",
            "--service-name=cert-manager-webhook-dnspod",
            "--service-namespace=cert-manager",
        ]
    );
    assert_eq!(
        (&pod["volumes"], &pod["containers"][0]["volumeMounts"]),
        (&Value::Null, &Value::Null)
    );
    let name = format!("{NAME}:serving-certificate");
    let services = rendered.named("ClusterRole", &name).unwrap();
    assert_eq!(
        services.at("/rules/0")["resourceNames"],
        json!(["v1alpha1.a.example", "v1alpha1.b.example"])
    );
    let secrets = rendered.named("Role", &name).unwrap();
    assert_eq!(secrets.at("/rules/1")["resourceNames"], json!([format!("{NAME}-self-signed")]));
    assert_eq!(secrets.at("/rules/0")["verbs"], json!(["create"]));
}

async fn secrets_are_read_where_it_is_said() {
    let reader = format!("{NAME}:secret-reader");
    let places = async |values: Value| {
        let rendered = rendered(values).await;
        assert!(rendered.named("ClusterRole", &reader).is_err(), "not in every namespace");
        let of = |kind: &str| {
            let found = rendered.all(kind).filter(|object| object.name() == reader);
            found.map(|object| object.namespace().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("Role"), of("RoleBinding"));
        of("Role")
    };
    assert_eq!(places(Value::Null).await, ["cert-manager"]);
    assert_eq!(places(json!({"namespace": "dns"})).await, ["cert-manager", "dns"]);
    assert_eq!(places(json!({"rbac": {"secretNamespaces": ["a", "b"]}})).await, ["a", "b"]);
    let named = rendered(json!({"rbac": {"secretNames": ["one"]}})).await;
    let rules = named.named("Role", &reader).unwrap().at("/rules").clone();
    assert_eq!(
        rules,
        json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["get"]}])
    );
    let everywhere = rendered(json!({"rbac": {"clusterWideSecrets": true}})).await;
    assert!(everywhere.named("Role", &reader).is_err());
    let rules = everywhere.named("ClusterRole", &reader).unwrap().at("/rules").clone();
    assert_eq!(rules, json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]));
}

async fn no_rights_are_given_where_others_give_them() {
    let rendered = rendered(
        json!({"rbac": {"create": false}, "serviceAccount": {"create": false, "name": "theirs"}}),
    )
    .await;
    for kind in ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ServiceAccount"] {
        assert_eq!(rendered.names(kind), [""; 0]);
    }
    assert_eq!(pod(&rendered)["serviceAccountName"], "theirs");
}

async fn metrics_are_scraped_by_the_serving_certificates_name() {
    let prometheus = json!({"name": "prometheus", "namespace": "monitoring"});
    let rendered = rendered(json!({"serviceMonitor": {
        "enabled": true, "labels": {"prometheus": "main"}, "serviceAccount": prometheus,
    }}))
    .await;
    let monitor = rendered.only("ServiceMonitor").unwrap();
    assert_eq!(monitor.text("/metadata/labels/prometheus"), "main");
    let endpoint = monitor.at("/spec/endpoints/0");
    assert_eq!((&endpoint["port"], &endpoint["scheme"]), (&json!("https"), &json!("https")));
    assert_eq!(endpoint["tlsConfig"]["serverName"], format!("{NAME}.cert-manager.svc"));
    assert_eq!(endpoint["tlsConfig"]["ca"]["secret"]["name"], format!("{NAME}-webhook-tls"));
    let binding = rendered.named("ClusterRoleBinding", &format!("{NAME}:metrics-reader")).unwrap();
    assert_eq!(binding.text("/subjects/0/namespace"), "monitoring");
}

async fn the_network_policy_opens_what_is_needed() {
    assert_eq!(rendered(Value::Null).await.names("NetworkPolicy"), [""; 0]);
    let rendered =
        rendered(json!({"networkPolicy": {"enabled": true, "egressPorts": [443, 16443]}})).await;
    let policy = rendered.only("NetworkPolicy").unwrap();
    assert_eq!(
        *policy.at("/spec/ingress"),
        json!([{"ports": [{"port": "https", "protocol": "TCP"}]}])
    );
    let ports: Vec<u64> = policy
        .at("/spec/egress/0/ports")
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["port"].as_u64().unwrap())
        .collect();
    assert_eq!(ports, [53, 53, 443, 16443]);
    let selector = rendered.only("Deployment").unwrap().at("/spec/selector").clone();
    assert_eq!(*policy.at("/spec/podSelector"), selector);
}

async fn helm_test_asks_for_every_group() {
    let rendered = rendered(json!({"groupNames": ["a.example", "b.example"]})).await;
    let pod = rendered.only("Pod").unwrap();
    assert_eq!(pod.at("/metadata/annotations")["helm.sh/hook"], "test");
    let commands: Vec<&Value> = pod
        .at("/spec/containers")
        .as_array()
        .unwrap()
        .iter()
        .map(|container| &container["command"])
        .collect();
    assert_eq!(
        commands,
        [
            &json!(["kubectl", "get", "--raw", "/apis/a.example/v1alpha1"]),
            &json!(["kubectl", "get", "--raw", "/apis/b.example/v1alpha1"]),
        ]
    );
}
