//! From a Certificate to what keeps it from being ready, one object after the other, until the first cause.

use serde_json::Value;

use super::cause::Cause;
use super::challenge;
use super::object::{condition, full_name, holds, is_owned, message, name, namespace, text};
use super::snapshot::{Kind, Snapshot};

/// What was found out about one Certificate.
#[derive(Debug)]
pub(super) struct Diagnosis {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Whether what it names can be used.
    pub(super) ready: bool,
    /// Until when, as cert-manager writes it; empty where there is no certificate.
    pub(super) not_after: String,
    /// `None` where it is ready and its renewal, if there is one, meets no trouble.
    pub(super) found: Option<Found>,
    /// What was looked at, a line each.
    pub(super) steps: Vec<String>,
}

/// The first cause.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) cause: Cause,
    /// What is wrong, on which object, and why.
    pub(super) what: String,
}

impl Found {
    pub(super) fn new(cause: Cause, what: impl Into<String>) -> Self {
        Self { cause, what: what.into() }
    }
}

/// Each Certificate.
pub(super) fn all(snapshot: &Snapshot) -> Vec<Diagnosis> {
    snapshot.all(Kind::Certificate).iter().map(|one| diagnosis(snapshot, one)).collect()
}

/// The Certificate of this name.
pub(super) fn named(snapshot: &Snapshot, namespace: &str, name: &str) -> Diagnosis {
    if let Some(certificate) = snapshot.find(Kind::Certificate, namespace, name) {
        return diagnosis(snapshot, certificate);
    }
    let what = format!("namespace {namespace} has no Certificate {name}");
    Diagnosis {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ready: false,
        not_after: String::new(),
        found: Some(Found::new(Cause::NoSuchCertificate, what)),
        steps: Vec::new(),
    }
}

fn diagnosis(snapshot: &Snapshot, certificate: &Value) -> Diagnosis {
    let mut walk = Walk { snapshot, steps: Vec::new() };
    let found = walk.certificate(certificate);
    Diagnosis {
        namespace: namespace(certificate).to_owned(),
        name: name(certificate).to_owned(),
        ready: holds(certificate, "Ready"),
        not_after: text(&certificate["status"]["notAfter"]).to_owned(),
        found,
        steps: walk.steps,
    }
}

/// A walk under way.
pub(super) struct Walk<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) steps: Vec<String>,
}

impl<'a> Walk<'a> {
    /// Notes what an object says.
    pub(super) fn step(&mut self, kind: Kind, object: &Value, says: &str) {
        self.steps.push(format!("{} {}: {says}", kind.name(), full_name(object)));
    }

    /// The newest object of a kind that belongs to `owner`.
    fn owned(&mut self, kind: Kind, owner: &Value) -> Option<&'a Value> {
        self.note_unread(kind);
        let all = self.snapshot.all(kind).iter().filter(|object| is_owned(object, owner));
        all.max_by_key(|object| (revision(object), text(&object["metadata"]["creationTimestamp"])))
    }

    /// Notes that a kind may not be read, so that what is missing from it is no cause.
    pub(super) fn note_unread(&mut self, kind: Kind) -> bool {
        let unread = self.snapshot.unread(kind);
        self.steps.extend(unread.map(|reason| format!("{} not read: {reason}", kind.name())));
        unread.is_some()
    }

    fn certificate(&mut self, certificate: &Value) -> Option<Found> {
        if !holds(certificate, "Ready") {
            let says = condition(certificate, "Ready").map_or("no condition Ready", message);
            self.step(Kind::Certificate, certificate, says);
            return Some(self.issuance(certificate, says));
        }
        // cert-manager takes it away again with the next success.
        let failed = text(&certificate["status"]["lastFailureTime"]);
        if failed.is_empty() && !holds(certificate, "Issuing") {
            self.step(Kind::Certificate, certificate, "ready");
            return None;
        }
        let says = if failed.is_empty() {
            "ready, and being renewed".to_owned()
        } else {
            format!("ready, and its renewal failed at {failed}")
        };
        self.step(Kind::Certificate, certificate, &says);
        let found = self.issuance(certificate, &says);
        (found.cause != Cause::InProgress || !failed.is_empty()).then_some(found)
    }

    /// What an issuance waits for, or why it has failed; `says` is what the Certificate says of it.
    fn issuance(&mut self, certificate: &Value, says: &str) -> Found {
        if let Some(found) = self.issuer(certificate) {
            return found;
        }
        // That of the certificate in use does not count: cert-manager deletes a failed one before it tries again.
        let is_done = |request: &&Value| holds(certificate, "Ready") && holds(request, "Ready");
        let newest = self.owned(Kind::CertificateRequest, certificate);
        if let Some(request) = newest.filter(|request| !is_done(request)) {
            return self.request(certificate, request);
        }
        if let Some(unread) = self.snapshot.unread(Kind::CertificateRequest) {
            return ends_unread(certificate, Kind::CertificateRequest, unread);
        }
        let failed = condition(certificate, "Issuing").filter(|one| one["status"] == "False");
        let of = full_name(certificate);
        match failed.map(message).filter(|message| !message.is_empty()) {
            Some(message) => {
                Found::new(Cause::RequestFailed, format!("Certificate {of} failed: {message}"))
            }
            None if holds(certificate, "Ready") => {
                Found::new(Cause::InProgress, format!("Certificate {of} is {says}"))
            }
            None => Found::new(
                Cause::NoRequest,
                format!("cert-manager made no CertificateRequest for Certificate {of}: {says}"),
            ),
        }
    }

    /// What is wrong with the Issuer, where cert-manager has it.
    fn issuer(&mut self, certificate: &Value) -> Option<Found> {
        let reference = &certificate["spec"]["issuerRef"];
        if !matches!(text(&reference["group"]), "" | "cert-manager.io") {
            self.steps.push(format!("issuer of {}: not looked at", text(&reference["group"])));
            return None;
        }
        let (kind, of) = match text(&reference["kind"]) {
            "ClusterIssuer" => (Kind::ClusterIssuer, ""),
            _ => (Kind::Issuer, namespace(certificate)),
        };
        let wanted = text(&reference["name"]);
        let Some(issuer) = self.snapshot.find(kind, of, wanted) else {
            if self.note_unread(kind) {
                return None;
            }
            let place = if of.is_empty() { String::new() } else { format!(" in namespace {of}") };
            return Some(Found::new(
                Cause::IssuerMissing,
                format!(
                    "there is no {} {wanted}{place}, which Certificate {} names",
                    kind.name(),
                    full_name(certificate)
                ),
            ));
        };
        if holds(issuer, "Ready") {
            self.step(kind, issuer, "ready");
            return None;
        }
        let says = condition(issuer, "Ready").map_or("cert-manager has not looked at it", message);
        let cause =
            if says.contains(RATE_LIMITED) { Cause::RateLimited } else { Cause::IssuerNotReady };
        self.step(kind, issuer, says);
        Some(Found::new(
            cause,
            format!("{} {} is not ready: {says}", kind.name(), full_name(issuer)),
        ))
    }

    fn request(&mut self, certificate: &Value, request: &Value) -> Found {
        let ready = condition(request, "Ready");
        let says = ready.map_or("no condition Ready", message);
        self.step(Kind::CertificateRequest, request, says);
        let of = full_name(request);
        if holds(request, "Denied") {
            let why = condition(request, "Denied").map_or("", message);
            return Found::new(
                Cause::RequestDenied,
                format!("CertificateRequest {of} was denied: {why}"),
            );
        }
        if let Some(order) = self.owned(Kind::Order, request) {
            return self.order(order);
        }
        if !holds(request, "Approved") {
            return Found::new(
                Cause::RequestNotApproved,
                format!("CertificateRequest {of} is neither approved nor denied"),
            );
        }
        if ready.is_some_and(|ready| ready["reason"] == "Failed") {
            return Found::new(
                Cause::RequestFailed,
                format!("CertificateRequest {of} failed: {says}"),
            );
        }
        if let Some(unread) = self.snapshot.unread(Kind::Order) {
            return ends_unread(certificate, Kind::Order, unread);
        }
        Found::new(Cause::InProgress, format!("CertificateRequest {of} is under way: {says}"))
    }

    fn order(&mut self, order: &Value) -> Found {
        let (state, reason) = (text(&order["status"]["state"]), text(&order["status"]["reason"]));
        let of = full_name(order);
        let says = format!("{} {reason}", if state.is_empty() { "no state" } else { state });
        self.step(Kind::Order, order, says.trim());
        if reason.contains(RATE_LIMITED) {
            return Found::new(Cause::RateLimited, format!("Order {of} failed: {reason}"));
        }
        let challenges = self.snapshot.all(Kind::Challenge);
        let mut open: Vec<&Value> = challenges
            .iter()
            .filter(|one| is_owned(one, order) && one["status"]["state"] != "valid")
            .collect();
        // One that has failed says why the order has, and one with a reason what the others wait for.
        open.sort_by_key(|one| {
            (!challenge::has_failed(one), text(&one["status"]["reason"]).is_empty())
        });
        if let Some(open) = open.first() {
            return self.challenge(open);
        }
        match state {
            "" => {
                Found::new(Cause::OrderNotCreated, format!("the CA has not taken Order {of} yet"))
            }
            "invalid" | "errored" | "expired" => {
                let reason = if reason.is_empty() { "the CA gave no reason" } else { reason };
                Found::new(Cause::OrderFailed, format!("Order {of} is {state}: {reason}"))
            }
            _ if self.note_unread(Kind::Challenge) => {
                let unread = self.snapshot.unread(Kind::Challenge).unwrap_or_default();
                ends_unread(order, Kind::Challenge, unread)
            }
            _ => Found::new(Cause::InProgress, format!("Order {of} is {state}")),
        }
    }
}

/// The walk cannot go on: what comes next may not be read.
fn ends_unread(object: &Value, kind: Kind, reason: &str) -> Found {
    let what =
        format!("what became of {} cannot be seen: {}s: {reason}", full_name(object), kind.name());
    Found::new(Cause::InProgress, what)
}

/// The type of the CA's problem (RFC 8555 §6.7).
pub(super) const RATE_LIMITED: &str = "urn:ietf:params:acme:error:rateLimited";

/// cert-manager counts a Certificate's requests by an annotation.
fn revision(object: &Value) -> u64 {
    let annotation = &object["metadata"]["annotations"]["cert-manager.io/certificate-revision"];
    text(annotation).parse().unwrap_or(0)
}
