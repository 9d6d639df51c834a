//! A real Kubernetes control plane: etcd and kube-apiserver as plain processes on loopback, ready in seconds and gone
//! with the test.
//!
//! [`shared`] is one for all tests that need nothing of their own but a namespace; [`ControlPlane::start`] is for those
//! that restart it, turn its keys or need another way of reaching services. Nothing runs pods: what a chart would run is
//! started by the test, and [`ControlPlane::expose`] or [`ControlPlane::endpoints`] puts it behind a Service.

mod aggregation;
mod client;
mod controllers;
mod kubeconfig;
mod object;
mod pki;
mod plane;
mod programs;
mod shared;
mod watch;

pub use client::{KubeClient, KubeError, secret};
pub use controllers::KubeControllerManager;
pub use object::{
    API_SERVICES, CERTIFICATE_REQUESTS, CERTIFICATES, CHALLENGES, CLUSTER_ISSUERS, CONFIG_MAPS,
    CUSTOM_RESOURCE_DEFINITIONS, DEPLOYMENTS, ENDPOINT_SLICES, ISSUERS, NAMESPACES, ORDERS,
    ObjectPath, Resource, SECRETS, SERVICE_ACCOUNTS, SERVICES,
};
pub use pki::Pair;
pub use plane::{ControlPlane, ControlPlaneOptions, Routing};
pub(crate) use programs::{flags, free_port, run};
pub use shared::shared;
pub(crate) use shared::stop_shared;
pub use watch::condition;
