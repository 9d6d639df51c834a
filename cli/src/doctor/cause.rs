//! Every cause the walk can end at. The table in docs/doctor.md is [`TABLE`].

use crate::exit_code::Exit;

/// What keeps a Certificate from being ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    ApiServiceMissing,
    ApiServiceUnavailable,
    ChallengeFailed,
    ChallengeQueued,
    CredentialMissing,
    CredentialRefused,
    DnspodBusy,
    DnspodUnavailable,
    Forbidden,
    GroupNotServed,
    InProgress,
    IssuerConfig,
    IssuerMissing,
    IssuerNotReady,
    NoEndpoints,
    NoRequest,
    NoSuchCertificate,
    NotPermitted,
    NotPropagated,
    OrderFailed,
    OrderNotCreated,
    RateLimited,
    RequestDenied,
    RequestFailed,
    RequestNotApproved,
    SecretUnusable,
    ServiceMissing,
    ServicePort,
    SolverError,
    SolverNotServed,
    ZoneNotFound,
    ZoneUnusable,
}

/// One cause.
pub(crate) struct Row {
    pub(crate) cause: Cause,
    /// How `--json` names it.
    pub(crate) name: &'static str,
    /// How the process ends for it.
    pub(crate) exit: Exit,
    /// How it is recognised.
    pub(crate) seen: &'static str,
    /// What to do.
    pub(crate) remedy: &'static str,
}

const fn row(
    cause: Cause,
    name: &'static str,
    exit: Exit,
    seen: &'static str,
    remedy: &'static str,
) -> Row {
    Row { cause, name, exit, seen, remedy }
}

/// All causes, in the order of the walk.
pub(crate) const TABLE: [Row; 32] = [
    row(
        Cause::NoSuchCertificate,
        "no_such_certificate",
        Exit::Configuration,
        "no Certificate has the name",
        "`kubectl get certificates --all-namespaces` shows which there are; give its namespace: --namespace",
    ),
    row(
        Cause::IssuerMissing,
        "issuer_missing",
        Exit::Configuration,
        "the Certificate's `issuerRef` names no Issuer of its namespace, or no ClusterIssuer",
        "create it, or correct name and kind of issuerRef (kind is Issuer unless it says ClusterIssuer)",
    ),
    row(
        Cause::IssuerNotReady,
        "issuer_not_ready",
        Exit::Configuration,
        "the Issuer's condition `Ready` is not `True`",
        "mend what it says: the CA's address, its root (caBundle), the e-mail address or the account's Secret",
    ),
    row(
        Cause::NoRequest,
        "no_request",
        Exit::Configuration,
        "the Certificate is not ready, and has no CertificateRequest",
        "see that cert-manager's controller runs, and read its log: `kubectl -n cert-manager logs deploy/cert-manager`",
    ),
    row(
        Cause::RequestDenied,
        "request_denied",
        Exit::Configuration,
        "the CertificateRequest's condition `Denied` is `True`",
        "change the approver's policy or the Certificate, then `cmctl renew` it",
    ),
    row(
        Cause::RequestNotApproved,
        "request_not_approved",
        Exit::Configuration,
        "the CertificateRequest has neither `Approved` nor `Denied`",
        "see that the approver (approver-policy, or cert-manager's own) runs and may approve for this Issuer",
    ),
    row(
        Cause::RequestFailed,
        "request_failed",
        Exit::Configuration,
        "the CertificateRequest, or the Certificate itself, says that it failed, and there is no Order",
        "mend what it says, then `cmctl renew` the Certificate; by itself it is tried again after an hour",
    ),
    row(
        Cause::OrderNotCreated,
        "order_not_created",
        Exit::Unavailable,
        "the Order has no state: the CA has not taken it yet",
        "see that cert-manager reaches the CA: its log says what each try ends with",
    ),
    row(
        Cause::RateLimited,
        "rate_limited",
        Exit::TryLater,
        "the Issuer, the Order or the Challenge holds the CA's problem `rateLimited`",
        "wait until the time that the CA names; to try things out, use its staging directory",
    ),
    row(
        Cause::OrderFailed,
        "order_failed",
        Exit::CaRefused,
        "the Order is `invalid`, `errored` or `expired`, and no Challenge says why",
        "mend what the CA says, then `cmctl renew` the Certificate; by itself it is tried again after an hour",
    ),
    row(
        Cause::ChallengeFailed,
        "challenge_failed",
        Exit::CaRefused,
        "a Challenge is `invalid`, `errored` or `expired`",
        "ask where the CA asks: `dig +trace TXT _acme-challenge.NAME`; then `cmctl renew` the Certificate",
    ),
    row(
        Cause::GroupNotServed,
        "group_not_served",
        Exit::Configuration,
        "no APIService has the Issuer's `groupName`, and others could be meant",
        "set webhook.groupName of the Issuer to the group that the webhook was installed with (groupName of its chart)",
    ),
    row(
        Cause::ApiServiceMissing,
        "api_service_missing",
        Exit::Configuration,
        "no APIService has the Issuer's `groupName`, and no webhook is registered at all",
        "install the webhook's chart with this groupName",
    ),
    row(
        Cause::ServiceMissing,
        "service_missing",
        Exit::Configuration,
        "the APIService is not available, and the Service it names does not exist",
        "install the webhook's chart again, or delete the APIService that an old one has left",
    ),
    row(
        Cause::ServicePort,
        "service_port",
        Exit::Configuration,
        "the APIService is not available, and its Service has no such port",
        "make the port of the APIService and that of the Service the same: install the webhook's chart again",
    ),
    row(
        Cause::NoEndpoints,
        "no_endpoints",
        Exit::Configuration,
        "the APIService is not available, and no EndpointSlice of its Service has a ready endpoint",
        "see why the webhook's pods do not run: `kubectl describe pods` and their log, in the Service's namespace",
    ),
    row(
        Cause::ApiServiceUnavailable,
        "api_service_unavailable",
        Exit::Configuration,
        "the APIService's condition `Available` is not `True`, for another reason",
        "certificate: compare caBundle with the webhook's; time-out: let the control plane reach its pods (network policy, firewall)",
    ),
    row(
        Cause::Forbidden,
        "forbidden",
        Exit::Configuration,
        "the Challenge says `cannot create resource`",
        "bind the webhook's ClusterRole ...:domain-solver to this ServiceAccount (certManager.* of the webhook's chart)",
    ),
    row(
        Cause::SolverNotServed,
        "solver_not_served",
        Exit::Configuration,
        "the APIService is available, and the Challenge says `could not find the requested resource`",
        "correct webhook.solverName of the Issuer; `kubectl get --raw /apis/GROUP/v1alpha1` shows the names",
    ),
    row(
        Cause::IssuerConfig,
        "issuer_config",
        Exit::Configuration,
        "the webhook's answer in the Challenge: its config in the Issuer is wrong",
        "correct webhook.config of the Issuer",
    ),
    row(
        Cause::CredentialMissing,
        "credential_missing",
        Exit::Configuration,
        "the webhook's answer in the Challenge: there is no credential",
        "set secretIdRef and secretKeyRef in webhook.config of the Issuer",
    ),
    row(
        Cause::SecretUnusable,
        "secret_unusable",
        Exit::Configuration,
        "the webhook's answer in the Challenge: the Secret or a key of it is missing, not readable or not usable",
        "create or correct the Secret, or let the webhook read it; for a ClusterIssuer it is in cert-manager's namespace",
    ),
    row(
        Cause::CredentialRefused,
        "credential_refused",
        Exit::CredentialRefused,
        "the webhook's answer in the Challenge: Tencent Cloud refused the credential",
        "put a key that is enabled into the Secret; compare it with https://console.cloud.tencent.com/cam/capi",
    ),
    row(
        Cause::NotPermitted,
        "not_permitted",
        Exit::Configuration,
        "the webhook's answer in the Challenge: the credential may not do this in the zone",
        "allow its user what `certctl credentials --print-policy NAME` prints, or use a key of the zone's account",
    ),
    row(
        Cause::ZoneNotFound,
        "zone_not_found",
        Exit::Configuration,
        "the webhook's answer in the Challenge: the account has no zone for the name",
        "add the domain at https://console.dnspod.cn, or put a key of the account that has it into the Secret",
    ),
    row(
        Cause::ZoneUnusable,
        "zone_unusable",
        Exit::Configuration,
        "the webhook's answer in the Challenge: the zone is paused, locked or otherwise not usable",
        "look at the zone's status in the DNSPod console",
    ),
    row(
        Cause::DnspodBusy,
        "dnspod_busy",
        Exit::TryLater,
        "the webhook's answer in the Challenge: DNSPod limits the rate of calls",
        "wait: cert-manager asks again by itself",
    ),
    row(
        Cause::DnspodUnavailable,
        "dnspod_unavailable",
        Exit::Unavailable,
        "the webhook's answer in the Challenge: DNSPod did not answer",
        "see that the webhook's pods reach dnspod.tencentcloudapi.com (network policy, proxy); cert-manager asks again",
    ),
    row(
        Cause::NotPropagated,
        "not_propagated",
        Exit::DnsNotVisible,
        "the record is there, and the webhook or cert-manager's self check does not see it at the name servers yet",
        "wait a few minutes; if it stays, check the delegation and cert-manager's --dns01-recursive-nameservers",
    ),
    row(
        Cause::SolverError,
        "solver_error",
        Exit::Configuration,
        "the Challenge gives a reason that is none of the above",
        "mend what it says; the webhook's log says more",
    ),
    row(
        Cause::ChallengeQueued,
        "challenge_queued",
        Exit::TryLater,
        "the Challenge is not being worked on: cert-manager does one for a name at a time, and 60 in all",
        "wait for the others; those that are stuck are `pending` in `kubectl get challenges --all-namespaces`",
    ),
    row(
        Cause::InProgress,
        "in_progress",
        Exit::TryLater,
        "nothing is wrong yet",
        "wait a minute and ask again",
    ),
];

impl Cause {
    /// How `--json` names it.
    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    /// How the process ends for it.
    pub(crate) fn exit(self) -> Exit {
        self.row().exit
    }

    /// How it is recognised.
    pub(crate) fn seen(self) -> &'static str {
        self.row().seen
    }

    /// What to do.
    pub(crate) fn remedy(self) -> &'static str {
        self.row().remedy
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.cause == self).expect("a test finds every variant in the table")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_table_of_causes() {
        let rows: Vec<String> = TABLE
            .iter()
            .map(|row| {
                format!(
                    "| `{}` | {} | {} | {} |\n",
                    row.name,
                    row.seen,
                    row.remedy,
                    row.exit.code()
                )
            })
            .collect();
        let table =
            format!("| cause | seen by | remedy | exit |\n|---|---|---|---|\n{}", rows.concat());
        let page = include_str!("../../../docs/doctor.md");
        assert!(page.contains(&table), "docs/doctor.md should contain\n{table}");
    }

    #[test]
    fn names_and_causes_occur_once() {
        for row in &TABLE {
            assert_eq!(
                TABLE.iter().filter(|other| other.name == row.name).count(),
                1,
                "{}",
                row.name
            );
            assert_eq!(
                TABLE.iter().filter(|other| other.cause == row.cause).count(),
                1,
                "{}",
                row.name
            );
        }
        // The last variant by name, so that as many rows as variants means one for each.
        assert_eq!(TABLE.len(), Cause::ZoneUnusable as usize + 1);
    }
}
