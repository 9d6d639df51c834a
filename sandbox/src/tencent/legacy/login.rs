//! Who may call: the login token, and what too many wrong tokens and forbidden user agents lead to.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::edition::Edition;
use super::edits::Edits;
use super::status::Cause;

/// How many logins may fail within [`FAILURES_WITHIN`]; one more bans the account (the manual, `info.rst`).
const LARGEST_FAILURES: usize = 30;
const FAILURES_WITHIN: Duration = Duration::from_secs(5 * 60);

/// How many requests of forbidden agents are refused before the account is banned. The manual gives no number.
const LARGEST_AGENTS: u32 = 10;

/// How long a ban lasts (the manual, `info.rst`).
const BAN: Duration = Duration::from_secs(3600);

/// What browsers call themselves.
const BROWSERS: [&str; 6] =
    ["Mozilla/", "AppleWebKit/", "Chrome/", "Safari/", "Firefox/", "Opera/"];

/// What belongs to the legacy API alone. Not `Debug`: it holds a token.
pub(crate) struct Legacy {
    first_token: String,
    edition: Edition,
    pub(super) edits: Edits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The token that is accepted instead of the first one.
    later_token: Option<String>,
    failures: VecDeque<Instant>,
    banned: Option<(Instant, Cause)>,
    refused_agents: u64,
    agents_until_ban: u32,
}

impl Legacy {
    /// The API for the owner of this token, `ID,Token`. The edition is for clients that name neither's host.
    pub(crate) fn new(login_token: String, edition: Edition) -> Self {
        let first_token = login_token;
        Self { first_token, edition, edits: Edits::default(), state: Mutex::default() }
    }

    /// The token that is accepted from the start.
    pub(crate) fn login_token(&self) -> &str {
        &self.first_token
    }

    /// Makes this the token that is accepted.
    pub(crate) fn set_login_token(&self, token: &str) {
        self.lock().later_token = Some(token.to_owned());
    }

    /// How many requests were refused for their user agent.
    pub(crate) fn refused_agents(&self) -> u64 {
        self.lock().refused_agents
    }

    /// The edition that answers a request to `host`.
    pub(super) fn edition(&self, host: &str) -> Edition {
        Edition::of_host(host, self.edition)
    }

    /// Whether a request with this `User-Agent` and `login_token` may pass.
    pub(super) fn admit(&self, agent: Option<&str>, token: Option<&str>) -> Result<(), Cause> {
        let now = Instant::now();
        let mut state = self.lock();
        if !agent.is_some_and(is_allowed) {
            state.refuse_agent(now);
            return Err(Cause::Agent);
        }
        match state.banned {
            Some((until, cause)) if now < until => return Err(cause),
            _ => state.banned = None,
        }
        let right = state.later_token.as_deref().unwrap_or(&self.first_token);
        if token == Some(right) { Ok(()) } else { Err(state.fail(now)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn refuse_agent(&mut self, now: Instant) {
        self.refused_agents += 1;
        self.agents_until_ban += 1;
        if self.agents_until_ban == LARGEST_AGENTS {
            self.agents_until_ban = 0;
            // [unverified]: abuse leads to a ban of an hour; its code is not documented.
            self.banned = Some((now + BAN, Cause::TooManyRequests));
        }
    }

    fn fail(&mut self, now: Instant) -> Cause {
        self.failures.retain(|failed| now.duration_since(*failed) < FAILURES_WITHIN);
        self.failures.push_back(now);
        if self.failures.len() <= LARGEST_FAILURES {
            return Cause::Login;
        }
        self.failures.clear();
        self.banned = Some((now + BAN, Cause::TooManyLogins));
        Cause::TooManyLogins
    }
}

/// The manual asks for `Name/Version (email)` and threatens those that send none or pose as a browser. Others that do
/// not keep to the form are known to be served.
fn is_allowed(agent: &str) -> bool {
    !agent.trim().is_empty() && !BROWSERS.iter().any(|browser| agent.contains(browser))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: Option<&str> = Some("test/1.0 (ops@example.com)");
    const RIGHT: Option<&str> = Some("1,right");

    fn legacy() -> Legacy {
        Legacy::new("1,right".to_owned(), Edition::Mainland)
    }

    #[tokio::test(start_paused = true)]
    async fn the_thirty_first_wrong_token_in_five_minutes_bans_for_an_hour() {
        let legacy = legacy();
        for _ in 0..30 {
            assert_eq!(legacy.admit(AGENT, Some("1,wrong")), Err(Cause::Login));
        }
        assert_eq!(legacy.admit(AGENT, RIGHT), Ok(()));
        assert_eq!(legacy.admit(AGENT, None), Err(Cause::TooManyLogins));
        tokio::time::advance(Duration::from_secs(3599)).await;
        assert_eq!(legacy.admit(AGENT, RIGHT), Err(Cause::TooManyLogins));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(legacy.admit(AGENT, RIGHT), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_are_forgotten_after_five_minutes() {
        let legacy = legacy();
        for _ in 0..100 {
            assert_eq!(legacy.admit(AGENT, Some("1,wrong")), Err(Cause::Login));
            tokio::time::advance(FAILURES_WITHIN / 30).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn agents_that_are_missing_or_pose_as_a_browser_are_refused_and_lead_to_a_ban() {
        let legacy = legacy();
        let browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0";
        for agent in [None, Some(""), Some(browser)].into_iter().cycle().take(9) {
            assert_eq!(legacy.admit(agent, RIGHT), Err(Cause::Agent));
        }
        assert_eq!(legacy.admit(AGENT, RIGHT), Ok(()));
        assert_eq!(legacy.admit(None, RIGHT), Err(Cause::Agent));
        assert_eq!(legacy.admit(AGENT, RIGHT), Err(Cause::TooManyRequests));
        assert_eq!(legacy.refused_agents(), 10);
        tokio::time::advance(BAN).await;
        assert_eq!(legacy.admit(AGENT, RIGHT), Ok(()));
    }
}
