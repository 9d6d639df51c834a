//! The chart with `tls.mode: selfSigned`, without cert-manager: the webhook makes the certificate of all its replicas and
//! tells kube-apiserver whom to believe, with no other rights than the chart gives it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::chart::release;
use e2e::control_plane::{
    API_SERVICES, ControlPlane, ControlPlaneOptions, DEPLOYMENTS, ObjectPath, Routing, SECRETS,
    secret,
};
use e2e::harness::Test;
use e2e::helm;
use e2e::real_part::RealPart::{Helm, KubeApiserver, PodRoot, RoutableAddress};
use e2e::real_part::routable_address;
use e2e::webhook::{Caller, Challenge, Pod, challenge_path};
use reqwest::Method;
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::webhook_chart::free_port;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [KubeApiserver, Helm, RoutableAddress, PodRoot] replicas_share_a_certificate_that_they_made;
        [KubeApiserver, Helm, RoutableAddress, PodRoot] a_deleted_secret_becomes_another_ca;
    }
}

/// The webhook looks at its Secret every minute.
const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);
const NAME: &str = "cert-manager-webhook-dnspod";
const NAMESPACE: &str = "cert-manager";
const GROUP: &str = "acme.mycompany.example";
const RECORD: &str = "_acme-challenge.ws.example";

/// A release whose pods are started one by one.
struct Scene {
    plane: ControlPlane,
    sandbox: Sandbox,
    deployment: Value,
}

impl Scene {
    async fn new() -> Self {
        let options = ControlPlaneOptions { routing: Routing::Endpoints };
        let plane = ControlPlane::start(options).await.unwrap();
        let sandbox = Sandbox::start().await.unwrap();
        let values = json!({
            "groupName": GROUP,
            "tls": { "mode": "selfSigned" },
            "dnspod": { "endpoint": sandbox.dnspod_endpoint() },
        });
        helm::install(&plane, &release(values)).await.unwrap();
        let credential = [("id", sandbox.secret_id()), ("key", sandbox.secret_key())];
        plane.admin().create(&secret(NAMESPACE, "dnspod", &credential)).await.unwrap();
        let deployment = plane.admin().get(&DEPLOYMENTS.within(NAMESPACE, NAME)).await.unwrap();
        Self { plane, sandbox, deployment }
    }

    /// Starts a pod. All pods have this machine's network, and so each a port of its own.
    async fn replica(&self) -> Replica {
        let port = free_port();
        let mut deployment = self.deployment.clone();
        let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
        let port_argument = container["args"].as_array_mut().unwrap().iter_mut();
        let port_argument = port_argument.filter(|argument| **argument == "--secure-port=8443");
        for argument in port_argument {
            *argument = format!("--secure-port={port}").into();
        }
        let resolver = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut pod = Pod::start(&self.plane, &deployment, resolver).await.unwrap();
        let address = SocketAddr::from((routable_address::find().unwrap(), port));
        let listens = async || tokio::net::TcpStream::connect(address).await.is_ok();
        pod.daemon().until("it listened", LIMIT, listens).await.unwrap();
        Replica { address, pod }
    }

    /// Has the Service lead to this replica alone.
    async fn lead_to(&self, replica: &Replica) {
        self.plane.endpoints(NAMESPACE, NAME, "https", replica.address).await.unwrap();
    }

    /// The CA in the Secret, once kube-apiserver is told of it and of no other.
    async fn published_ca(&self) -> String {
        let admin = self.plane.admin();
        let ca = admin.get(&kept()).await.unwrap()["data"]["ca.crt"].clone();
        let told = |service: Option<&Value>| {
            service.is_some_and(|service| service["spec"]["caBundle"] == ca)
        };
        admin.until(&service(), "told the CA", LIMIT, told).await.unwrap();
        String::from_utf8(STANDARD.decode(ca.as_str().unwrap()).unwrap()).unwrap()
    }

    /// Presents a challenge through kube-apiserver.
    async fn present(&self, key: &str) -> Result<(), String> {
        let challenge = Challenge {
            name: RECORD.to_owned(),
            zone: "ws.example".to_owned(),
            key: key.to_owned(),
            namespace: NAMESPACE.to_owned(),
            config: json!({
                "secretIdRef": { "name": "dnspod", "key": "id" },
                "secretKeyRef": { "name": "dnspod", "key": "key" },
            }),
        };
        let body = Some(("application/json", challenge.body("Present")));
        let answer = self.plane.admin().request(Method::POST, &challenge_path(GROUP), body).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer["response"]["success"] == true { Ok(()) } else { Err(answer.to_string()) }
    }
}

struct Replica {
    address: SocketAddr,
    pod: Pod,
}

impl Replica {
    /// The serving certificate, where `ca` vouches for it.
    async fn certificate(&self, ca: &str) -> Option<Vec<u8>> {
        let host = format!("{NAME}.{NAMESPACE}.svc");
        let caller = Caller::new(&host, self.address, ca, None).unwrap();
        caller.get("/livez").await.ok().map(|answer| answer.certificate)
    }
}

fn service() -> ObjectPath {
    API_SERVICES.named(&format!("v1alpha1.{GROUP}"))
}

/// Where the certificate is kept.
fn kept() -> ObjectPath {
    SECRETS.within(NAMESPACE, &format!("{NAME}-self-signed"))
}

async fn replicas_share_a_certificate_that_they_made() {
    let scene = Scene::new().await;
    let first = scene.replica().await;
    scene.lead_to(&first).await;
    let available = scene.plane.admin().until_condition(&service(), "Available", LIMIT).await;
    available.unwrap_or_else(|error| panic!("{error}\n{}", first.pod.log()));
    scene.present("by the first").await.unwrap();

    let ca = scene.published_ca().await;
    let second = scene.replica().await;
    let certificate = first.certificate(&ca).await.expect("kube-apiserver believes the first");
    assert_eq!(second.certificate(&ca).await.as_ref(), Some(&certificate));
    drop(first);
    scene.lead_to(&second).await;
    until("the second is called", async || scene.present("by the second").await).await;
    assert_eq!(scene.published_ca().await, ca, "it changed nothing");
    let mut values = scene.sandbox.txt_values(RECORD);
    values.sort_unstable();
    assert_eq!(values, ["by the first", "by the second"]);
}

async fn a_deleted_secret_becomes_another_ca() {
    let scene = Scene::new().await;
    let (first, second) = tokio::join!(scene.replica(), scene.replica());
    scene.lead_to(&second).await;
    scene.plane.admin().until_condition(&service(), "Available", LIMIT).await.unwrap();
    let old = scene.published_ca().await;

    scene.plane.admin().delete(&kept()).await.unwrap();

    let made = scene.plane.admin().until(&kept(), "made anew", LIMIT, |kept| kept.is_some()).await;
    made.unwrap_or_else(|error| panic!("{error}\n{}", first.pod.log()));
    let new = scene.published_ca().await;
    assert_ne!(new, old, "the old CA is believed no more");
    for replica in [&first, &second] {
        until("it serves what was made", async || {
            replica.certificate(&new).await.ok_or_else(|| replica.pod.log())
        })
        .await;
    }
    assert_eq!(first.certificate(&new).await, second.certificate(&new).await);
    assert_eq!(first.certificate(&old).await, None);
    until("kube-apiserver calls it", async || scene.present("after").await).await;
    assert_eq!(scene.sandbox.txt_values(RECORD), ["after"]);
}

/// Tries until it succeeds; `what` is waited for.
async fn until<T>(what: &str, attempt: impl AsyncFn() -> Result<T, String>) {
    let mut last = String::new();
    let succeeded = async {
        while let Err(reason) = attempt().await {
            last = reason;
            tokio::time::sleep(POLL).await;
        }
    };
    let in_time = tokio::time::timeout(LIMIT, succeeded).await;
    assert!(in_time.is_ok(), "{what}: not within {} s: {last}", LIMIT.as_secs());
}
