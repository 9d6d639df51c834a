//! Values that cannot work are refused before anything is installed, in a sentence that names them.

use e2e::chart::Rendered;
use e2e::harness::Test;
use e2e::real_part::RealPart;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [RealPart::Helm] groups_of_others_and_what_is_no_group;
        [RealPart::Helm] credentials_that_are_mixed_or_half;
        [RealPart::Helm] a_cluster_issuer_that_could_not_work;
        [RealPart::Helm] a_serving_certificate_that_nobody_could_trust;
        [RealPart::Helm] values_of_the_wrong_type_and_misspelt_ones;
    }
}

/// Each of these values is refused, and Helm's message holds the sentence.
async fn refused(cases: Vec<(Value, &str)>) {
    for (values, sentence) in cases {
        match Rendered::with(values.clone()).await {
            Ok(_) => panic!("accepted: {values}"),
            Err(reason) => assert!(reason.contains(sentence), "{values}: {reason}"),
        }
    }
}

async fn groups_of_others_and_what_is_no_group() {
    refused(vec![
        (
            json!({"groupName": "dnspod.cert-manager.io"}),
            "groupName \"dnspod.cert-manager.io\" is below cert-manager.io",
        ),
        (
            json!({"groupName": "cert-manager.io"}),
            "groupName \"cert-manager.io\" is below cert-manager.io",
        ),
        (json!({"groupName": "dnspod.k8s.io"}), "groupName \"dnspod.k8s.io\" is below k8s.io"),
        (
            json!({"groupNames": ["a.example", "b.kubernetes.io"]}),
            "groupName \"b.kubernetes.io\" is below kubernetes.io",
        ),
        (json!({"groupName": "mycompany"}), "groupName \"mycompany\" is no API group"),
        (
            json!({"groupName": "Acme.mycompany.example"}),
            "it has to be a lower-case domain name with a dot",
        ),
        (
            json!({"groupName": "a.example,b.example"}),
            "groupName \"a.example,b.example\" is no API group",
        ),
    ])
    .await;
    Rendered::with(json!({"groupName": "webhook-dnspod.cert-manager.com"})).await.unwrap();
}

async fn credentials_that_are_mixed_or_half() {
    refused(vec![
        (
            json!({"secrets": {"apiID": 1, "apiToken": "t", "secretId": "i", "secretKey": "k"}}),
            "two kinds of credentials are set",
        ),
        (
            json!({"secrets": {"apiID": 1, "apiToken": "t"}, "clusterIssuer": {"secretId": "i", "secretKey": "k"}}),
            "two kinds of credentials are set",
        ),
        (json!({"secrets": {"existingSecret": "mine", "apiToken": "t"}}), "secrets.existingSecret is \"mine\""),
        (json!({"secrets": {"secretId": "i"}}), "a secretId is set without a secretKey"),
        (json!({"clusterIssuer": {"secretKey": "k"}}), "a secretKey is set without a secretId"),
        (
            json!({"secrets": {"secretId": "i", "secretKey": "k"}, "clusterIssuer": {"secretId": "j"}}),
            "secrets.secretId and clusterIssuer.secretId are set and differ",
        ),
        (json!({"secrets": {"apiID": "12a", "apiToken": "t"}}), "secrets.apiID \"12a\" is no number"),
        (json!({"secrets": {"apiID": 1}}), "secrets.apiID is set without secrets.apiToken"),
    ])
    .await;
}

async fn a_cluster_issuer_that_could_not_work() {
    let issuer = |issuer: Value| {
        let mut values = json!({
            "secrets": {"secretId": "i", "secretKey": "k"},
            "clusterIssuer": {"enabled": true, "email": "ops@mycompany.example"},
        });
        for (key, value) in issuer.as_object().unwrap() {
            values["clusterIssuer"][key] = value.clone();
        }
        values
    };
    refused(vec![
        (issuer(json!({"email": ""})), "clusterIssuer.email is empty"),
        (issuer(json!({"email": "nobody"})), "clusterIssuer.email \"nobody\" is no address"),
        (issuer(json!({"staging": true, "server": "https://ca.example"})), "clusterIssuer.staging is Let's Encrypt's"),
        (issuer(json!({"externalAccountBinding": {"keyID": "k"}})), "needs both keyID and keySecretRef.name"),
        (issuer(json!({"waitInsteadOfSelfCheck": "1s"})), "then nobody would look whether the record can be seen"),
        (
            json!({"clusterIssuer": {"enabled": true, "email": "ops@mycompany.example"}}),
            "clusterIssuer.enabled is true and no credentials are set",
        ),
        (
            json!({"secrets": {"apiToken": "t"}, "clusterIssuer": {"enabled": true, "email": "a@b.example"}}),
            "secrets.apiToken is set without secrets.apiID",
        ),
    ])
    .await;
}

async fn a_serving_certificate_that_nobody_could_trust() {
    refused(vec![
        (
            json!({"tls": {"mode": "caInjector"}}),
            "tls.mode is caInjector and tls.secretName is empty",
        ),
        (
            json!({"tls": {"mode": "ownCA", "secretName": "mine"}}),
            "tls.mode is ownCA and tls.caBundle is empty",
        ),
        (json!({"tls": {"caBundle": "AA=="}}), "tls.caBundle is set and tls.mode is certManager"),
        (
            json!({"tls": {"mode": "selfSigned", "issuerRef": {"name": "a"}}}),
            "tls.issuerRef is set and tls.mode is selfSigned",
        ),
        (
            json!({"tls": {"mode": "selfSigned"}, "rbac": {"create": false}}),
            "tls.mode is selfSigned and rbac.create is false",
        ),
        (
            json!({"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}}),
            "podDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable are both set",
        ),
    ])
    .await;
}

async fn values_of_the_wrong_type_and_misspelt_ones() {
    refused(vec![
        (json!({"groupname": "a.example"}), "additional properties 'groupname' not allowed"),
        (
            json!({"clusterIssuer": {"eMail": "a@b.example"}}),
            "additional properties 'eMail' not allowed",
        ),
        (json!({"secrets": {"apiToken": 12345}}), "at '/secrets/apiToken': got number, want"),
        (
            json!({"tls": {"mode": "none"}}),
            "at '/tls/mode': value must be one of 'certManager', 'caInjector'",
        ),
        (json!({"compatibility": "kaelzhang"}), "at '/compatibility': value must be one of"),
        (json!({"logLevel": "verbose"}), "at '/logLevel': value must be one of"),
        (json!({"clusterIssuer": {"ttl": "ten"}}), "at '/clusterIssuer/ttl'"),
        (json!({"tls": {"duration": "1y"}}), "at '/tls/duration': '1y' does not match pattern"),
        (json!({"service": {"port": 0}}), "at '/service/port'"),
        (
            json!({"dns01RecursiveNameservers": ["dns.example:53"]}),
            "at '/dns01RecursiveNameservers/0': 'dns.example:53' does not match pattern",
        ),
        (
            json!({"dnspod": {"contactEmail": "ops, dns@mycompany.example"}}),
            "dnspod.contactEmail \"ops, dns@mycompany.example\" is not one mail address",
        ),
    ])
    .await;
}
