//! Each cause, by breaking one thing in a cluster whose Certificate is on its way.

use acme_core::dns01::DnsProviderError;
use serde_json::{Value, json};

use super::cause::{Cause, TABLE};
use super::challenge::classify;
use super::snapshot::{Kind, Snapshot};
use super::walk::{self, Diagnosis};

/// Objects of a cluster, to be broken.
struct Cluster(Vec<Value>);

impl Cluster {
    fn stuck() -> Self {
        Self(serde_json::from_str(include_str!("tests/stuck.json")).unwrap())
    }

    fn object(&mut self, kind: &str) -> &mut Value {
        self.0.iter_mut().find(|object| object["kind"] == kind).unwrap()
    }

    fn set(&mut self, kind: &str, pointer: &str, value: Value) {
        let parent = pointer.rsplit_once('/').unwrap();
        let object = self.object(kind).pointer_mut(parent.0).unwrap();
        match object.as_array_mut() {
            Some(list) => list[parent.1.parse::<usize>().unwrap()] = value,
            None => object[parent.1] = value,
        }
    }

    fn remove(&mut self, kind: &str) {
        self.0.retain(|object| object["kind"] != kind);
    }

    fn reason(&mut self, reason: &str) {
        self.set("Challenge", "/status/reason", reason.into());
    }

    /// The APIService is not available, as the aggregator says it.
    fn unavailable(&mut self, reason: &str, message: &str) {
        let condition =
            json!({ "type": "Available", "status": "False", "reason": reason, "message": message });
        self.set("APIService", "/status/conditions/0", condition);
        self.reason(
            "the server is currently unable to handle the request (post dnspod.acme.dnspod.com)",
        );
    }

    fn snapshot(self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for object in self.0 {
            let kind = KINDS.into_iter().find(|kind| object["kind"] == kind.name()).unwrap();
            snapshot.add(kind, [object]);
        }
        snapshot
    }

    fn diagnosis(self) -> Diagnosis {
        walk::all(&self.snapshot()).into_iter().next().unwrap()
    }
}

const KINDS: [Kind; 10] = [
    Kind::ApiService,
    Kind::Certificate,
    Kind::CertificateRequest,
    Kind::Challenge,
    Kind::ClusterIssuer,
    Kind::Deployment,
    Kind::EndpointSlice,
    Kind::Issuer,
    Kind::Order,
    Kind::Service,
];

/// What is broken, the cause, and words of the line.
type Case = (fn(&mut Cluster), Cause, &'static str);

/// The causes that stand in the objects of Kubernetes and cert-manager.
const BROKEN: [Case; 24] = [
    (
        |cluster| cluster.remove("ClusterIssuer"),
        Cause::IssuerMissing,
        "there is no ClusterIssuer le, which Certificate shop/ws names",
    ),
    (
        |cluster| cluster.set("Certificate", "/spec/issuerRef/kind", "Issuer".into()),
        Cause::IssuerMissing,
        "there is no Issuer le in namespace shop",
    ),
    (
        |cluster| {
            let says = "Failed to register ACME account: Get \"https://acme.example/dir\": dial tcp: no such host";
            let condition = json!({ "type": "Ready", "status": "False", "reason": "ErrRegisterACMEAccount", "message": says });
            cluster.set("ClusterIssuer", "/status/conditions/0", condition);
        },
        Cause::IssuerNotReady,
        "ClusterIssuer le is not ready: Failed to register ACME account: Get \"https://acme.example/dir\": dial tcp: no such host",
    ),
    (
        |cluster| {
            let says = "Failed to register ACME account: 429 urn:ietf:params:acme:error:rateLimited: too many registrations";
            cluster.set(
                "ClusterIssuer",
                "/status/conditions/0",
                json!({ "type": "Ready", "status": "False", "message": says }),
            );
        },
        Cause::RateLimited,
        "too many registrations",
    ),
    (
        |cluster| cluster.remove("CertificateRequest"),
        Cause::NoRequest,
        "cert-manager made no CertificateRequest for Certificate shop/ws: Issuing certificate as Secret does not exist",
    ),
    (
        |cluster| {
            cluster.remove("CertificateRequest");
            let condition = json!({ "type": "Issuing", "status": "False", "reason": "Failed", "message": "The certificate request has failed to complete and will be retried: no" });
            cluster.set("Certificate", "/status/conditions/1", condition);
        },
        Cause::RequestFailed,
        "will be retried: no",
    ),
    (
        |cluster| {
            let condition = json!({ "type": "Denied", "status": "True", "reason": "policy.cert-manager.io", "message": "No policy approved this request" });
            cluster.set("CertificateRequest", "/status/conditions/0", condition);
        },
        Cause::RequestDenied,
        "CertificateRequest shop/ws-1 was denied: No policy approved this request",
    ),
    (
        |cluster| {
            cluster.remove("Order");
            cluster.set("CertificateRequest", "/status/conditions", json!([]));
        },
        Cause::RequestNotApproved,
        "CertificateRequest shop/ws-1 is neither approved nor denied",
    ),
    (
        |cluster| {
            cluster.remove("Order");
            let condition = json!({ "type": "Ready", "status": "False", "reason": "Failed", "message": "The CSR PEM requests a commonName that is not present in the list of dnsNames" });
            cluster.set("CertificateRequest", "/status/conditions/1", condition);
        },
        Cause::RequestFailed,
        "commonName that is not present",
    ),
    (
        |cluster| cluster.remove("Order"),
        Cause::InProgress,
        "CertificateRequest shop/ws-1 is under way",
    ),
    (
        |cluster| {
            cluster.remove("Challenge");
            cluster.set("Order", "/status", json!({}));
        },
        Cause::OrderNotCreated,
        "the CA has not taken Order shop/ws-1-2409087251 yet",
    ),
    (
        |cluster| {
            cluster.remove("Challenge");
            let reason = "Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited: too many certificates";
            cluster.set("Order", "/status", json!({ "state": "errored", "reason": reason }));
        },
        Cause::RateLimited,
        "too many certificates",
    ),
    (
        |cluster| {
            cluster.remove("Challenge");
            let reason = "Failed to create Order: 400 urn:ietf:params:acme:error:rejectedIdentifier: forbidden by policy";
            cluster.set("Order", "/status", json!({ "state": "errored", "reason": reason }));
        },
        Cause::OrderFailed,
        "Order shop/ws-1-2409087251 is errored: Failed to create Order: 400 urn:ietf:params:acme:error:rejectedIdentifier: forbidden by policy",
    ),
    (
        |cluster| {
            cluster.set("Order", "/status/state", "invalid".into());
            let reason = "Error accepting authorization: acme: authorization error for ws.example: 403 urn:ietf:params:acme:error:unauthorized: wrong TXT";
            cluster.set(
                "Challenge",
                "/status",
                json!({ "state": "invalid", "presented": true, "reason": reason }),
            );
        },
        Cause::ChallengeFailed,
        "for ws.example is invalid: Error accepting authorization: acme:",
    ),
    (
        |cluster| {
            let wrong = "acme.example.com".into();
            cluster.set("Challenge", "/spec/solver/dns01/webhook/groupName", wrong);
            cluster.reason(
                "the server could not find the requested resource (post dnspod.acme.example.com)",
            );
        },
        Cause::GroupNotServed,
        "no APIService serves the group acme.example.com, which ClusterIssuer le names as groupName; webhooks here serve: acme.dnspod.com",
    ),
    (
        |cluster| {
            cluster.0.retain(|object| object["spec"]["group"] != "acme.dnspod.com");
            cluster.reason(
                "the server could not find the requested resource (post dnspod.acme.dnspod.com)",
            );
        },
        Cause::ApiServiceMissing,
        "no APIService serves the group acme.dnspod.com, which ClusterIssuer le names as groupName",
    ),
    (
        |cluster| {
            cluster.unavailable(
                "ServiceNotFound",
                "service/dnspod-webhook in \"cert-manager\" is not present",
            );
            cluster.remove("Service");
        },
        Cause::ServiceMissing,
        "there is no Service cert-manager/dnspod-webhook, which APIService v1alpha1.acme.dnspod.com names",
    ),
    (
        |cluster| {
            cluster.unavailable(
                "ServicePortError",
                "service/dnspod-webhook in \"cert-manager\" is not listening on port 443",
            );
            cluster.set("Service", "/spec/ports/0/port", 8443.into());
        },
        Cause::ServicePort,
        "Service cert-manager/dnspod-webhook has the ports [8443], and APIService v1alpha1.acme.dnspod.com names port 443",
    ),
    (
        |cluster| {
            cluster.unavailable(
                "MissingEndpoints",
                "endpoints for service/dnspod-webhook in \"cert-manager\" have no addresses",
            );
            cluster.set("EndpointSlice", "/endpoints/0/conditions/ready", false.into());
            cluster.set("Deployment", "/status", json!({
                "replicas": 1,
                "conditions": [{ "type": "Available", "status": "False", "message": "Deployment does not have minimum availability." }],
            }));
        },
        Cause::NoEndpoints,
        "has no ready endpoint; Deployment cert-manager/dnspod-webhook has 0 of 1 pods available (Deployment does not have minimum availability.)",
    ),
    (
        |cluster| {
            cluster.unavailable("MissingEndpoints", "no addresses");
            cluster.remove("EndpointSlice");
            cluster.remove("Deployment");
        },
        Cause::NoEndpoints,
        "no Deployment has pods with the labels that it selects",
    ),
    (
        |cluster| {
            cluster.unavailable("FailedDiscoveryCheck", "failing or missing response from https://10.0.0.9:443/apis/acme.dnspod.com/v1alpha1: x509: certificate signed by unknown authority");
        },
        Cause::ApiServiceUnavailable,
        "APIService v1alpha1.acme.dnspod.com is not available: failing or missing response",
    ),
    (
        |cluster| cluster.set("Challenge", "/status/processing", false.into()),
        Cause::ChallengeQueued,
        "Challenge shop/ws-1-2409087251-1 for ws.example waits for its turn",
    ),
    (
        |_| {},
        Cause::InProgress,
        "Challenge shop/ws-1-2409087251-1 for ws.example is being worked on",
    ),
    (
        |cluster| {
            cluster.set("Challenge", "/status/presented", true.into());
            cluster.reason("Waiting for DNS-01 challenge propagation: DNS record for \"ws.example\" not yet propagated");
        },
        Cause::NotPropagated,
        "is presented and not seen: Waiting for DNS-01 challenge propagation",
    ),
];

/// What a Challenge says, and what that means.
const SAID: [(&str, Cause); 9] = [
    (
        "dnspod.acme.dnspod.com is forbidden: User \"system:serviceaccount:cert-manager:cert-manager\" cannot create resource \"dnspod\" in API group \"acme.dnspod.com\" at the cluster scope",
        Cause::Forbidden,
    ),
    (
        "the server could not find the requested resource (post dnspot.acme.dnspod.com)",
        Cause::SolverNotServed,
    ),
    ("the Issuer's webhook config: ttl: 0 is less than 1", Cause::IssuerConfig),
    (
        "the Issuer's webhook config names no credential, and the webhook has none of its own: set secretIdRef and secretKeyRef, or start the webhook with --ambient-credentials",
        Cause::CredentialMissing,
    ),
    (
        "Secret cert-manager/dnspod does not exist, and the Issuer asks for it (secretIdRef): create it in namespace cert-manager, or correct the Issuer",
        Cause::SecretUnusable,
    ),
    (
        "Secret cert-manager/dnspod has the keys [id]; the Issuer asks for [secretId]: correct one of them",
        Cause::SecretUnusable,
    ),
    (
        "the TXT record _acme-challenge.ws.example is at DNSPod, and these name servers of its zone are behind: 192.0.2.1 (cert-manager asks again)",
        Cause::NotPropagated,
    ),
    ("DNSPod did not answer in time (cert-manager asks again)", Cause::DnspodUnavailable),
    ("something that another webhook says", Cause::SolverError),
];

#[test]
fn each_cause_is_found_by_the_one_thing_that_is_broken() {
    for (number, (breaks, cause, words)) in BROKEN.iter().enumerate() {
        let mut cluster = Cluster::stuck();
        breaks(&mut cluster);
        let diagnosis = cluster.diagnosis();
        let found = diagnosis.found.unwrap();
        assert_eq!(found.cause, *cause, "{number}: {}", found.what);
        assert!(found.what.contains(words), "{number}: {}", found.what);
    }
}

#[test]
fn what_the_webhook_says_is_shown_as_it_stands() {
    for (reason, cause) in SAID {
        let mut cluster = Cluster::stuck();
        cluster.reason(reason);
        let found = cluster.diagnosis().found.unwrap();
        assert_eq!(found.cause, cause, "{reason}");
        assert!(found.what.ends_with(&format!("is not presented: {reason}")), "{}", found.what);
    }
}

#[test]
fn the_providers_errors_are_told_apart_by_their_own_text() {
    for (error, cause) in provider_errors() {
        assert_eq!(classify(&error.to_string()), cause, "{error}");
    }
}

fn provider_errors() -> [(DnsProviderError, Cause); 8] {
    let text = str::to_owned;
    let (provider, reason) = (text("Tencent Cloud DNS"), text("Secret Id: because"));
    [
        (
            DnsProviderError::CredentialRefused {
                provider: provider.clone(),
                reason: reason.clone(),
            },
            Cause::CredentialRefused,
        ),
        (
            DnsProviderError::NoCredential { provider: provider.clone(), reason: reason.clone() },
            Cause::CredentialMissing,
        ),
        (
            DnsProviderError::NotPermitted {
                provider: provider.clone(),
                zone: text("ws.example"),
                reason: reason.clone(),
            },
            Cause::NotPermitted,
        ),
        (
            DnsProviderError::Rejected {
                provider: provider.clone(),
                name: text("_acme-challenge.ws.example"),
                reason: text("because"),
            },
            Cause::SolverError,
        ),
        (
            DnsProviderError::Throttled {
                provider: provider.clone(),
                reason: reason.clone(),
                retry_after: None,
            },
            Cause::DnspodBusy,
        ),
        (
            DnsProviderError::Unavailable { provider: provider.clone(), reason: reason.clone() },
            Cause::DnspodUnavailable,
        ),
        (
            DnsProviderError::ZoneNotFound {
                provider: provider.clone(),
                name: text("_acme-challenge.ws.example"),
                tried: text("ws.example, example"),
            },
            Cause::ZoneNotFound,
        ),
        (
            DnsProviderError::ZoneUnusable { provider, zone: text("ws.example"), reason },
            Cause::ZoneUnusable,
        ),
    ]
}

#[test]
fn every_cause_of_the_table_is_shown_by_a_test() {
    let shown: Vec<Cause> = BROKEN
        .iter()
        .map(|(_, cause, _)| *cause)
        .chain(SAID.iter().map(|(_, cause)| *cause))
        .chain(provider_errors().into_iter().map(|(_, cause)| cause))
        .chain([Cause::NoSuchCertificate])
        .collect();
    for row in &TABLE {
        assert!(shown.contains(&row.cause), "{}", row.name);
    }
}

#[test]
fn every_cause_is_seen_at_a_real_cert_manager() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/end_to_end/doctor");
    let files = std::fs::read_dir(dir).unwrap();
    let text: String =
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    for row in &TABLE {
        assert!(text.contains(&format!("\"{}\"", row.name)), "{}", row.name);
    }
}

#[test]
fn a_name_that_no_certificate_has_is_said() {
    let diagnosis = walk::named(&Cluster::stuck().snapshot(), "default", "ws");
    let found = diagnosis.found.unwrap();
    assert_eq!(found.cause, Cause::NoSuchCertificate);
    assert_eq!(found.what, "namespace default has no Certificate ws");
}

#[test]
fn a_certificate_that_is_ready_has_no_cause() {
    let mut cluster = Cluster::stuck();
    cluster.set("Certificate", "/status/conditions/0/status", "True".into());
    cluster.set("Certificate", "/status/conditions/1/status", "False".into());
    let diagnosis = cluster.diagnosis();
    assert_eq!((diagnosis.ready, diagnosis.found), (true, None));
}

/// A certificate in use, whose next one is on its way.
fn renewal() -> Cluster {
    let mut cluster = Cluster::stuck();
    cluster.set("Certificate", "/status/conditions/0/status", "True".into());
    cluster.set("Certificate", "/status/notAfter", "2026-12-20T08:00:00Z".into());
    cluster
}

#[test]
fn a_renewal_under_way_is_no_trouble() {
    let diagnosis = renewal().diagnosis();
    assert_eq!((diagnosis.ready, diagnosis.found), (true, None));
    assert!(diagnosis.steps[0].ends_with("ready, and being renewed"), "{:?}", diagnosis.steps);
}

#[test]
fn a_renewal_that_waits_for_somebody_to_act_is_a_finding_while_the_certificate_is_good() {
    let mut cluster = renewal();
    cluster.reason("Secret cert-manager/dnspod does not exist: create it");
    let diagnosis = cluster.diagnosis();
    assert!(diagnosis.ready);
    assert_eq!(diagnosis.not_after, "2026-12-20T08:00:00Z");
    assert_eq!(diagnosis.found.unwrap().cause, Cause::SecretUnusable);
}

#[test]
fn a_renewal_that_has_failed_is_a_finding_whatever_is_left_of_it() {
    let failed = || {
        let mut cluster = renewal();
        cluster.set("Certificate", "/status/lastFailureTime", "2026-11-20T09:00:00Z".into());
        cluster.set(
            "Certificate",
            "/status/conditions/1",
            json!({ "type": "Issuing", "status": "False", "reason": "Failed", "message": "The certificate request has failed to complete and will be retried: no" }),
        );
        cluster
    };
    let mut order = failed();
    order.remove("Challenge");
    order.set("Order", "/status/state", "invalid".into());
    assert_eq!(order.diagnosis().found.unwrap().cause, Cause::OrderFailed);
    // Only the request of the certificate in use is left.
    let mut request = failed();
    request.set("CertificateRequest", "/status/conditions/1/status", "True".into());
    let found = request.diagnosis().found.unwrap();
    assert_eq!(found.cause, Cause::RequestFailed);
    assert!(found.what.ends_with("will be retried: no"), "{}", found.what);
    // It is tried again.
    let mut again = failed();
    again.set("Certificate", "/status/conditions/1/status", "True".into());
    assert_eq!(again.diagnosis().found.unwrap().cause, Cause::InProgress);
}

#[test]
fn the_newest_request_counts() {
    let mut cluster = Cluster::stuck();
    let mut older = cluster.object("CertificateRequest").clone();
    older["metadata"]["name"] = "ws-0".into();
    older["metadata"]["uid"] = "uid-older".into();
    older["metadata"]["annotations"]["cert-manager.io/certificate-revision"] = "0".into();
    older["status"]["conditions"][0] = json!({ "type": "Denied", "status": "True" });
    cluster.0.push(older);
    assert_eq!(cluster.diagnosis().found.unwrap().cause, Cause::InProgress);
}

#[test]
fn what_may_not_be_read_is_no_cause_and_is_said() {
    let mut cluster = Cluster::stuck();
    cluster.remove("ClusterIssuer");
    cluster.remove("APIService");
    let mut snapshot = cluster.snapshot();
    snapshot.add_unread(Kind::ClusterIssuer, "clusterissuers is forbidden".to_owned());
    snapshot.add_unread(Kind::ApiService, "apiservices is forbidden".to_owned());
    let diagnosis = walk::all(&snapshot).pop().unwrap();
    assert_eq!(diagnosis.found.unwrap().cause, Cause::InProgress);
    for step in [
        "ClusterIssuer not read: clusterissuers is forbidden",
        "APIService not read: apiservices is forbidden",
    ] {
        assert!(diagnosis.steps.iter().any(|one| one == step), "{:?}", diagnosis.steps);
    }
}
