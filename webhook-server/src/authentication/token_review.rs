//! Users by bearer token: the kube-apiserver is asked whose it is (`TokenReview` of `authentication.k8s.io/v1`).

use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec};
use kube::Api;
use kube::api::PostParams;
use tokio::sync::Semaphore;

use super::user::User;
use crate::expiring_cache::ExpiringCache;
use crate::kubernetes::call;

/// How long an answer counts, as in Kubernetes' own aggregated servers: a revoked token works so much longer.
const LIFETIME: Duration = Duration::from_secs(10);

/// Questions at once: somebody who sends many tokens must not have us flood the kube-apiserver.
const QUESTIONS: usize = 32;

/// Asks about tokens, and remembers the answers.
pub(crate) struct TokenReviews {
    client: kube::Client,
    questions: Semaphore,
    answers: ExpiringCache<Result<User, String>>,
}

impl TokenReviews {
    pub(crate) fn new(client: kube::Client) -> Self {
        Self { client, questions: Semaphore::new(QUESTIONS), answers: ExpiringCache::new(LIFETIME) }
    }

    /// The user whose `token` this is, or why there is none.
    pub(super) async fn authenticate(&self, token: &str) -> Result<User, String> {
        if let Some(answer) = self.answers.find(token.as_bytes()) {
            return answer;
        }
        let api: Api<TokenReview> = Api::all(self.client.clone());
        let review = TokenReview {
            spec: TokenReviewSpec { token: Some(token.to_owned()), audiences: None },
            ..TokenReview::default()
        };
        let asking = async {
            let _place = self.questions.acquire().await;
            api.create(&PostParams::default(), &review).await
        };
        let answer = match call(asking).await {
            Ok(review) => user(review),
            // What was not answered is not remembered.
            Err(error) => return Err(format!("cannot ask about the bearer token: {error}")),
        };
        self.answers.remember(token.as_bytes(), answer.clone());
        answer
    }
}

fn user(review: TokenReview) -> Result<User, String> {
    let refused = || "the bearer token is not accepted".to_owned();
    let status = review.status.ok_or_else(refused)?;
    let user = status.user.filter(|_| status.authenticated == Some(true)).ok_or_else(refused)?;
    let name = user.username.filter(|name| !name.is_empty()).ok_or_else(refused)?;
    Ok(User {
        name,
        uid: user.uid.unwrap_or_default(),
        groups: user.groups.unwrap_or_default(),
        extra: user.extra.unwrap_or_default(),
    })
}
