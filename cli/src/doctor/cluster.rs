//! The cluster, read once.

use std::collections::BTreeSet;

use super::call::{CallError, list};
use super::object::text;
use super::snapshot::{Kind, Snapshot};
use crate::config::DoctorConfig;
use crate::exit_code::Exit;
use crate::report::Report;

/// What is read besides Certificates and what a webhook consists of.
const KINDS: [Kind; 6] = [
    Kind::Issuer,
    Kind::ClusterIssuer,
    Kind::CertificateRequest,
    Kind::Order,
    Kind::Challenge,
    Kind::ApiService,
];

/// A kube-apiserver, and which namespaces are looked at.
pub(super) struct Cluster {
    client: kube::Client,
    url: String,
    namespace: String,
    /// Whether all namespaces are asked for.
    everywhere: bool,
}

impl Cluster {
    /// Reads the kubeconfig. Nothing is asked yet.
    pub(super) async fn connect(config: &DoctorConfig) -> Result<Self, Report> {
        let kubernetes = config.kubernetes().await?;
        let url = kubernetes.cluster_url.to_string();
        let namespace =
            config.namespace.clone().unwrap_or_else(|| kubernetes.default_namespace.clone());
        let everywhere = config.namespace.is_none() && config.certificate.is_none();
        let client = kube::Client::try_from(kubernetes).map_err(|error| {
            Report::configuration(
                format_args!("the kubeconfig cannot be used: {}", CallError::from(error)),
                "see that `kubectl get certificates` works with it",
            )
        })?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), namespace, everywhere })
    }

    /// The namespace that was given, else that of the kubeconfig's context.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Everything that a walk needs. Where Certificates may not be read everywhere, the one namespace is.
    pub(super) async fn read(&self) -> Result<Snapshot, Report> {
        let mut snapshot = Snapshot::default();
        let mut scope = (!self.everywhere).then_some(self.namespace.as_str());
        let mut certificates = list(&self.client, &Kind::Certificate.path(scope)).await;
        if scope.is_none() && matches!(certificates, Err(CallError::Answered { code: 403, .. })) {
            scope = Some(&self.namespace);
            certificates = list(&self.client, &Kind::Certificate.path(scope)).await;
        }
        snapshot
            .add(Kind::Certificate, certificates.map_err(|error| self.no_certificates(&error))?);
        for kind in KINDS {
            self.add(&mut snapshot, kind, scope).await?;
        }
        let services = snapshot.all(Kind::ApiService).iter().map(|one| &one["spec"]["service"]);
        let namespaces: BTreeSet<String> = services
            .map(|service| text(&service["namespace"]).to_owned())
            .filter(|namespace| !namespace.is_empty())
            .collect();
        for namespace in namespaces {
            for kind in [Kind::Service, Kind::EndpointSlice, Kind::Deployment] {
                self.add(&mut snapshot, kind, Some(&namespace)).await?;
            }
        }
        Ok(snapshot)
    }

    async fn add(
        &self,
        snapshot: &mut Snapshot,
        kind: Kind,
        namespace: Option<&str>,
    ) -> Result<(), Report> {
        match list(&self.client, &kind.path(namespace)).await {
            Ok(objects) => snapshot.add(kind, objects),
            Err(CallError::Answered { message, .. }) => snapshot.add_unread(kind, message),
            Err(error @ CallError::NoAnswer { .. }) => return Err(self.unreachable(&error)),
        }
        Ok(())
    }

    fn no_certificates(&self, error: &CallError) -> Report {
        let (what, hint) = match error {
            CallError::Answered { code: 401, .. } => (
                "does not accept the credential of the kubeconfig".to_owned(),
                "log in again as for kubectl, or give another one: --kubeconfig FILE",
            ),
            CallError::Answered { code: 403, message } => (
                format!("does not let this user read Certificates: {message}"),
                "give --namespace with one that this user may read, or a kubeconfig of one who may",
            ),
            CallError::Answered { code: 404, .. } => (
                "does not know Certificates of cert-manager.io/v1".to_owned(),
                "install cert-manager, or choose the cluster that has it: --kubeconfig FILE",
            ),
            CallError::Answered { message, .. } => (
                format!("cannot list Certificates: {message}"),
                "see what `kubectl get certificates` says",
            ),
            CallError::NoAnswer { .. } => return self.unreachable(error),
        };
        Report::configuration(format_args!("the Kubernetes cluster at {} {what}", self.url), hint)
    }

    fn unreachable(&self, error: &CallError) -> Report {
        Report::new(
            Exit::Unavailable,
            format!("cannot reach the Kubernetes cluster at {}: {error}", self.url),
            "check that it runs and that `kubectl version` reaches it; another one: --kubeconfig FILE",
        )
    }
}
