//! Whether a user may do what a request asks for: the kube-apiserver decides (`SubjectAccessReview` of
//! `authorization.k8s.io/v1`).
//!
//! It has decided once before it forwarded the request; this holds those back who reach the pod directly.

use std::time::Duration;

use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;
use tokio::sync::Semaphore;

use crate::api::{RequestInfo, Resource, Status, Target};
use crate::authentication::User;
use crate::expiring_cache::ExpiringCache;
use crate::kubernetes::call;

/// How long an answer, yes or no, counts; as in Kubernetes' own aggregated servers.
const LIFETIME: Duration = Duration::from_secs(10);
/// Who may do everything without a question, so that the kube-apiserver can tell that we are there.
const ALWAYS_ALLOWED_GROUP: &str = "system:masters";

/// Questions at once: somebody who sends many requests must not have us flood the kube-apiserver.
const QUESTIONS: usize = 32;

/// Asks whether users may do things, and remembers the answers.
pub(crate) struct Authorizer {
    client: kube::Client,
    questions: Semaphore,
    answers: ExpiringCache<Answer>,
}

#[derive(Clone)]
struct Answer {
    is_allowed: bool,
    reason: String,
}

impl Authorizer {
    pub(crate) fn new(client: kube::Client) -> Self {
        Self { client, questions: Semaphore::new(QUESTIONS), answers: ExpiringCache::new(LIFETIME) }
    }

    /// Succeeds where `user` may do what `request` says.
    pub(crate) async fn authorize(&self, user: &User, request: &RequestInfo) -> Result<(), Status> {
        if user.is_in(ALWAYS_ALLOWED_GROUP) {
            return Ok(());
        }
        let spec = specification(user, request);
        let question = serde_json::to_vec(&spec).expect("a review has string keys only");
        let answer = match self.answers.find(&question) {
            Some(answer) => answer,
            None => self.ask(spec, &question).await?,
        };
        if answer.is_allowed {
            return Ok(());
        }
        let mut message = refusal(user, request);
        if !answer.reason.is_empty() {
            message.push_str(": ");
            message.push_str(&answer.reason);
        }
        Err(Status::forbidden(message))
    }

    async fn ask(&self, spec: SubjectAccessReviewSpec, question: &[u8]) -> Result<Answer, Status> {
        let api: Api<SubjectAccessReview> = Api::all(self.client.clone());
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        let asking = async {
            let _place = self.questions.acquire().await;
            api.create(&PostParams::default(), &review).await
        };
        let status = match call(asking).await {
            Ok(SubjectAccessReview { status: Some(status), .. }) => status,
            // What was not answered is not remembered.
            Ok(_) => return Err(unanswered("the answer has no status")),
            Err(error) if error.code() == Some(403) => {
                return Err(unanswered(&format!(
                    "{error}; bind the ClusterRole system:auth-delegator to its ServiceAccount"
                )));
            }
            Err(error) => return Err(unanswered(&error.to_string())),
        };
        let is_allowed = status.allowed && status.denied != Some(true);
        let answer = Answer { is_allowed, reason: status.reason.unwrap_or_default() };
        self.answers.remember(question, answer.clone());
        Ok(answer)
    }
}

fn unanswered(error: &str) -> Status {
    Status::internal(format!(
        "Internal error occurred: the webhook cannot ask the kube-apiserver who may do this: {error}"
    ))
}

fn specification(user: &User, request: &RequestInfo) -> SubjectAccessReviewSpec {
    let verb = Some(request.verb.to_owned());
    let mut spec = SubjectAccessReviewSpec {
        user: Some(user.name.clone()),
        uid: some(&user.uid),
        groups: (!user.groups.is_empty()).then(|| user.groups.clone()),
        extra: (!user.extra.is_empty()).then(|| user.extra.clone()),
        ..SubjectAccessReviewSpec::default()
    };
    match &request.target {
        Target::Path(path) => {
            spec.non_resource_attributes =
                Some(NonResourceAttributes { path: Some(path.clone()), verb });
        }
        Target::Resource(target) => {
            spec.resource_attributes = Some(ResourceAttributes {
                verb,
                group: some(&target.group),
                version: some(&target.version),
                resource: some(&target.resource),
                subresource: some(&target.subresource),
                name: some(&target.name),
                namespace: some(&target.namespace),
                ..ResourceAttributes::default()
            });
        }
    }
    spec
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The sentence that every Kubernetes API server refuses with.
fn refusal(user: &User, request: &RequestInfo) -> String {
    let (user, verb) = (&user.name, request.verb);
    match &request.target {
        Target::Path(path) => format!("forbidden: User {user:?} cannot {verb} path {path:?}"),
        Target::Resource(target) => {
            let Resource { group, resource, name, namespace, subresource, .. } = target;
            let name = if name.is_empty() { String::new() } else { format!(" {name:?}") };
            let full = if subresource.is_empty() {
                resource.clone()
            } else {
                format!("{resource}/{subresource}")
            };
            let scope = if namespace.is_empty() {
                "at the cluster scope".to_owned()
            } else {
                format!("in the namespace {namespace:?}")
            };
            format!(
                "{resource}.{group}{name} is forbidden: User {user:?} cannot {verb} resource {full:?} in API group \
                 {group:?} {scope}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;

    fn user() -> User {
        let mut user = User { name: "jane".to_owned(), ..User::default() };
        user.extra.insert("scopes".to_owned(), vec!["a".to_owned()]);
        user.authenticated()
    }

    #[test]
    fn a_challenge_is_the_creation_of_a_solver() {
        let request = RequestInfo::new(&Method::POST, "/apis/acme.a.example/v1alpha1/dnspod");
        let spec = serde_json::to_value(specification(&user(), &request)).unwrap();
        let expected = json!({
            "user": "jane", "groups": ["system:authenticated"], "extra": { "scopes": ["a"] },
            "resourceAttributes":
                { "group": "acme.a.example", "version": "v1alpha1", "resource": "dnspod", "verb": "create" },
        });
        assert_eq!(spec, expected);
        assert_eq!(
            refusal(&user(), &request),
            "dnspod.acme.a.example is forbidden: User \"jane\" cannot create resource \"dnspod\" in API group \
             \"acme.a.example\" at the cluster scope"
        );
    }

    #[test]
    fn a_path_is_asked_as_a_path() {
        let request = RequestInfo::new(&Method::GET, "/metrics");
        let spec = serde_json::to_value(specification(&user(), &request)).unwrap();
        assert_eq!(spec["nonResourceAttributes"], json!({ "path": "/metrics", "verb": "get" }));
        assert_eq!(
            refusal(&user(), &request),
            "forbidden: User \"jane\" cannot get path \"/metrics\""
        );
    }
}
