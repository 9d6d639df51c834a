//! What the walk looks at, as it was when it was read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::object::is_named;

/// A kind of objects on the way from a Certificate to the webhook. Secrets are not among them: nothing here reads one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    ApiService,
    Certificate,
    CertificateRequest,
    Challenge,
    ClusterIssuer,
    Deployment,
    EndpointSlice,
    Issuer,
    Order,
    Service,
}

impl Kind {
    /// As people write it.
    pub(super) fn name(self) -> &'static str {
        self.row().0
    }

    /// The path of all objects, or of those of one namespace; of a kind that is in none it is always all.
    pub(super) fn path(self, namespace: Option<&str>) -> String {
        let (_, root, plural) = self.row();
        match namespace {
            Some(namespace) if !matches!(self, Self::ApiService | Self::ClusterIssuer) => {
                format!("{root}/namespaces/{namespace}/{plural}")
            }
            _ => format!("{root}/{plural}"),
        }
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        const ACME: &str = "/apis/acme.cert-manager.io/v1";
        const CERT_MANAGER: &str = "/apis/cert-manager.io/v1";
        match self {
            Self::ApiService => ("APIService", "/apis/apiregistration.k8s.io/v1", "apiservices"),
            Self::Certificate => ("Certificate", CERT_MANAGER, "certificates"),
            Self::CertificateRequest => ("CertificateRequest", CERT_MANAGER, "certificaterequests"),
            Self::Challenge => ("Challenge", ACME, "challenges"),
            Self::ClusterIssuer => ("ClusterIssuer", CERT_MANAGER, "clusterissuers"),
            Self::Deployment => ("Deployment", "/apis/apps/v1", "deployments"),
            Self::EndpointSlice => ("EndpointSlice", "/apis/discovery.k8s.io/v1", "endpointslices"),
            Self::Issuer => ("Issuer", CERT_MANAGER, "issuers"),
            Self::Order => ("Order", ACME, "orders"),
            Self::Service => ("Service", "/api/v1", "services"),
        }
    }
}

/// Objects by kind, and of what there are none because they may not be read.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    objects: BTreeMap<Kind, Vec<Value>>,
    unread: BTreeMap<Kind, String>,
}

impl Snapshot {
    pub(super) fn add(&mut self, kind: Kind, objects: impl IntoIterator<Item = Value>) {
        self.objects.entry(kind).or_default().extend(objects);
    }

    /// Notes that the kind cannot be read and what the kube-apiserver says.
    pub(super) fn add_unread(&mut self, kind: Kind, reason: String) {
        self.unread.insert(kind, reason);
    }

    /// Why the kind could not be read, where that is so.
    pub(super) fn unread(&self, kind: Kind) -> Option<&str> {
        self.unread.get(&kind).map(String::as_str)
    }

    pub(super) fn all(&self, kind: Kind) -> &[Value] {
        self.objects.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The object of this name; of a kind that is in no namespace, `namespace` is empty.
    pub(super) fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Value> {
        self.all(kind).iter().find(|object| is_named(object, namespace, name))
    }
}
