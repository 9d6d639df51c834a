//! What keeps a Challenge from being valid.

use serde_json::Value;

use super::cause::Cause;
use super::object::{full_name, text};
use super::snapshot::Kind;
use super::walk::{Found, RATE_LIMITED, Walk};

/// What a reason contains, and what that means: cert-manager's and Kubernetes' words first, then the webhook's, whose
/// line stands in the reason as the webhook wrote it.
const REASONS: [(&str, Cause); 18] = [
    (RATE_LIMITED, Cause::RateLimited),
    ("cannot create resource", Cause::Forbidden),
    ("could not find the requested resource", Cause::SolverNotServed),
    ("currently unable to handle the request", Cause::ApiServiceUnavailable),
    ("error trying to reach service", Cause::ApiServiceUnavailable),
    (" refused the credential: ", Cause::CredentialRefused),
    ("no credential for ", Cause::CredentialMissing),
    ("webhook config names no credential", Cause::CredentialMissing),
    ("the Issuer's webhook config: ", Cause::IssuerConfig),
    (" does not permit this on zone ", Cause::NotPermitted),
    ("no zone for ", Cause::ZoneNotFound),
    (" cannot be used at ", Cause::ZoneUnusable),
    (" is limiting the rate of calls: ", Cause::DnspodBusy),
    (" is unavailable: ", Cause::DnspodUnavailable),
    ("DNSPod did not answer in time", Cause::DnspodUnavailable),
    ("these name servers of its zone are behind", Cause::NotPropagated),
    ("its name servers cannot be asked", Cause::NotPropagated),
    ("Secret ", Cause::SecretUnusable),
];

/// What a reason that a Challenge gives means.
pub(super) fn classify(reason: &str) -> Cause {
    let found = REASONS.iter().find(|(words, _)| reason.contains(words));
    found.map_or(Cause::SolverError, |(_, cause)| *cause)
}

/// Whether it is over.
pub(super) fn has_failed(challenge: &Value) -> bool {
    matches!(text(&challenge["status"]["state"]), "invalid" | "errored" | "expired")
}

impl Walk<'_> {
    /// The cause, of a Challenge that is not valid.
    pub(super) fn challenge(&mut self, challenge: &Value) -> Found {
        let status = &challenge["status"];
        let (state, reason) = (text(&status["state"]), text(&status["reason"]));
        let presented = status["presented"] == true;
        let says = format!("{state}{} {reason}", if presented { ", presented:" } else { "" });
        self.step(Kind::Challenge, challenge, says.trim());
        let of = format!(
            "Challenge {} for {}",
            full_name(challenge),
            text(&challenge["spec"]["dnsName"])
        );
        if has_failed(challenge) {
            let cause = if reason.contains(RATE_LIMITED) {
                Cause::RateLimited
            } else {
                Cause::ChallengeFailed
            };
            return Found::new(cause, format!("{of} is {state}: {reason}"));
        }
        let webhook = &challenge["spec"]["solver"]["dns01"]["webhook"];
        if !presented
            && webhook.is_object()
            && let Some(found) = self.webhook(challenge, webhook)
        {
            return found;
        }
        if reason.is_empty() {
            return if status["processing"] == true {
                Found::new(Cause::InProgress, format!("{of} is being worked on"))
            } else {
                Found::new(Cause::ChallengeQueued, format!("{of} waits for its turn"))
            };
        }
        match classify(reason) {
            // What cert-manager says of a record that is there is about seeing it.
            Cause::SolverError if presented => Found::new(
                Cause::NotPropagated,
                format!("{of} is presented and not seen: {reason}"),
            ),
            cause => Found::new(cause, format!("{of} is not presented: {reason}")),
        }
    }
}
