//! Temporary credentials that the sandbox issued, as long as they are worth knowing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::distr::{Alphanumeric, SampleString};
use time::OffsetDateTime;

use super::cam::CamPolicy;
use super::signature::Credentials;

/// For how long after its end a credential is told from one that never was.
const REMEMBERED: time::Duration = time::Duration::hours(1);

/// Who signed a request.
pub(super) enum Caller {
    /// The account, with its permanent key or the one that the sandbox was started with.
    Account,
    /// Someone who was given temporary credentials.
    Session(Arc<Session>),
}

/// Temporary credentials and what they are for. Not `Debug`: it holds a key.
pub(super) struct Session {
    pub(super) credentials: Credentials,
    /// The role's resource description, `qcs::cam::uin/…`.
    pub(super) role_arn: String,
    /// The role's number.
    pub(super) role_id: u64,
    /// The `RoleSessionName`.
    pub(super) name: String,
    /// What the caller narrowed the role down to.
    pub(super) policy: Option<CamPolicy>,
    /// When the credentials were issued.
    pub(super) issued_at: OffsetDateTime,
    /// When they end.
    pub(super) ends_at: OffsetDateTime,
}

/// What a session is issued for.
pub(super) struct SessionRequest {
    pub(super) role_arn: String,
    pub(super) role_id: u64,
    pub(super) name: String,
    pub(super) policy: Option<CamPolicy>,
    /// How long the credentials are to be valid, unless the sandbox was told otherwise.
    pub(super) lifetime: Duration,
}

/// All sessions that have not ended long ago.
#[derive(Default)]
pub(super) struct Sessions {
    issued: Mutex<BTreeMap<String, Arc<Session>>>,
    lifetime: Mutex<Option<Duration>>,
}

impl Caller {
    /// Whether the policy of the caller's session, if there is one, allows `action` on `resource`.
    pub(super) fn may(&self, action: &str, resource: &str) -> bool {
        let Self::Session(session) = self else { return true };
        session.policy.as_ref().is_none_or(|policy| policy.allows(action, resource))
    }
}

impl Session {
    /// Whether the credentials are past their end.
    pub(super) fn has_ended(&self, now: OffsetDateTime) -> bool {
        now >= self.ends_at
    }
}

impl Sessions {
    /// Gives credentials issued from now on this lifetime, whatever is asked for.
    pub(super) fn set_lifetime(&self, lifetime: Duration) {
        *self.lifetime.lock().unwrap_or_else(PoisonError::into_inner) = Some(lifetime);
    }

    /// Issues new credentials; those of others stay valid.
    pub(super) fn issue(&self, request: SessionRequest, now: OffsetDateTime) -> Arc<Session> {
        // Times are answered in whole seconds.
        let now = now.replace_nanosecond(0).expect("every second has a beginning");
        let told = *self.lifetime.lock().unwrap_or_else(PoisonError::into_inner);
        let random = |length| Alphanumeric.sample_string(&mut rand::rng(), length);
        let session = Arc::new(Session {
            credentials: Credentials {
                id: format!("AKID{}", random(64)),
                key: random(44),
                token: Some(random(160)),
            },
            role_arn: request.role_arn,
            role_id: request.role_id,
            name: request.name,
            policy: request.policy,
            issued_at: now,
            ends_at: now + told.unwrap_or(request.lifetime),
        });
        let mut issued = self.lock();
        issued.retain(|_, session| now < session.ends_at + REMEMBERED);
        issued.insert(session.credentials.id.clone(), Arc::clone(&session));
        session
    }

    /// The session of this `SecretId`, ended or not.
    pub(super) fn find(&self, secret_id: &str, now: OffsetDateTime) -> Option<Arc<Session>> {
        let session = self.lock().get(secret_id).map(Arc::clone)?;
        (now < session.ends_at + REMEMBERED).then_some(session)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Session>>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> SessionRequest {
        SessionRequest {
            role_arn: "qcs::cam::uin/1:roleName/r".to_owned(),
            role_id: 1,
            name: "test".to_owned(),
            policy: None,
            lifetime: Duration::from_secs(7200),
        }
    }

    #[test]
    fn sessions_are_remembered_for_a_while_after_their_end_and_then_dropped() {
        let sessions = Sessions::default();
        let start = OffsetDateTime::UNIX_EPOCH;
        let first = sessions.issue(request(), start);
        let id = &first.credentials.id;
        assert!(!first.has_ended(start + time::Duration::seconds(7199)));
        let end = start + time::Duration::seconds(7200);
        assert!(first.has_ended(end));
        assert!(sessions.find(id, end).is_some());
        assert!(sessions.find(id, end + REMEMBERED).is_none());

        sessions.issue(request(), end);
        assert_eq!(sessions.lock().len(), 2);
        sessions.issue(request(), end + REMEMBERED);
        assert_eq!(sessions.lock().len(), 2, "the first is dropped");
    }

    #[test]
    fn a_lifetime_that_was_set_wins_over_the_one_asked_for() {
        let sessions = Sessions::default();
        sessions.set_lifetime(Duration::from_secs(5));
        let session = sessions.issue(request(), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(session.ends_at.unix_timestamp(), 5);
    }
}
