//! CAM, Tencent Cloud's permissions: a policy document, and what it allows
//! (cloud.tencent.com/document/product/598/10604).

use std::sync::{PoisonError, RwLock};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::domains::uin;
use crate::dns::ZoneInfo;

/// What comes before the name of an action in a policy.
const SERVICE: &str = "dnspod:";

/// Why a text is not a policy that the sandbox can evaluate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CamPolicyError {
    /// It is no JSON, or not that of a policy.
    #[error("not a CAM policy: {0}")]
    Syntax(#[from] serde_json::Error),
    /// There is one version of the policy language.
    #[error("a CAM policy has the version \"2.0\", not {0:?}")]
    Version(String),
    /// Conditions depend on what the sandbox does not know: addresses, tags, dates.
    #[error("the sandbox evaluates no conditions of CAM policies; remove \"condition\"")]
    Condition,
}

/// The permissions of the key that the sandbox accepts: everything, until there is a policy.
#[derive(Debug, Default)]
pub(crate) struct Cam {
    policy: RwLock<Option<CamPolicy>>,
}

/// A policy, as the documents of CAM have it.
#[derive(Clone, Debug)]
pub(crate) struct CamPolicy {
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: String,
    statement: OneOrMany<Statement>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
    #[serde(default)]
    condition: Option<IgnoredAny>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl Cam {
    /// The permissions that a policy gives, all where there is none.
    pub(crate) fn new(policy: Option<CamPolicy>) -> Self {
        Self { policy: RwLock::new(policy) }
    }

    /// Makes this the policy from now on.
    pub(crate) fn set(&self, policy: CamPolicy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Some(policy);
    }

    /// Whether `action` on `resource` is allowed.
    pub(super) fn allows(&self, action: &str, resource: &str) -> bool {
        let policy = self.policy.read().unwrap_or_else(PoisonError::into_inner);
        policy.as_ref().is_none_or(|policy| policy.allows(action, resource))
    }
}

impl CamPolicy {
    /// Reads a policy document.
    pub(crate) fn parse(json: &str) -> Result<Self, CamPolicyError> {
        let document: Document = serde_json::from_str(json)?;
        if document.version != "2.0" {
            return Err(CamPolicyError::Version(document.version));
        }
        let statements = document.statement.into_vec();
        if statements.iter().any(|statement| statement.condition.is_some()) {
            return Err(CamPolicyError::Condition);
        }
        Ok(Self { statements })
    }

    /// Whether a statement allows this and none denies it.
    pub(super) fn allows(&self, action: &str, resource: &str) -> bool {
        let concerns = |statement: &&Statement| statement.concerns(action, resource);
        let mut effects = self.statements.iter().filter(concerns).map(|statement| statement.effect);
        let first = effects.next();
        first == Some(Effect::Allow) && effects.all(|effect| effect == Effect::Allow)
    }
}

impl Statement {
    fn concerns(&self, action: &str, resource: &str) -> bool {
        let is_action = |pattern: &str| {
            let pattern = pattern.strip_prefix("name/").unwrap_or(pattern);
            pattern == "*"
                || pattern.strip_prefix(SERVICE).is_some_and(|pattern| matches(pattern, action))
        };
        self.action.as_slice().iter().any(|pattern| is_action(pattern))
            && self.resource.as_slice().iter().any(|pattern| matches(pattern, resource))
    }
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }

    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A zone in the six parts by which CAM names resources.
pub(super) fn resource(zone: &ZoneInfo) -> String {
    format!("qcs::dnspod::uin/{}:domain/{}", uin(zone.owner), zone.id)
}

/// Whether `text` is what `pattern` says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    let mut places = text.char_indices().map(|(place, _)| place).chain([text.len()]);
    places.any(|place| matches(rest, &text[place..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCE: &str = "qcs::dnspod::uin/100000000001:domain/1923";

    fn policy(statements: &str) -> CamPolicy {
        CamPolicy::parse(&format!("{{\"version\":\"2.0\",\"statement\":{statements}}}")).unwrap()
    }

    #[test]
    fn what_no_statement_allows_is_not_allowed() {
        let policy = policy(
            r#"[{"effect":"allow","action":["dnspod:CreateRecord","name/dnspod:Describe*"],
                "resource":["qcs::dnspod::uin/100000000001:domain/1923"]}]"#,
        );
        for (action, resource, expected) in [
            ("CreateRecord", RESOURCE, true),
            ("DescribeRecordList", RESOURCE, true),
            ("DeleteRecord", RESOURCE, false),
            ("CreateRecord", "qcs::dnspod::uin/100000000001:domain/19234", false),
            ("CreateRecord", "qcs::dnspod::uin/100000000002:domain/1923", false),
            ("DescribeDomainList", "*", false),
        ] {
            assert_eq!(policy.allows(action, resource), expected, "{action} {resource}");
        }
    }

    #[test]
    fn a_denial_wins_wherever_it_stands() {
        for statements in [
            r#"[{"effect":"deny","action":"dnspod:DeleteRecord","resource":"*"},
                {"effect":"allow","action":"*","resource":"*"}]"#,
            r#"[{"effect":"allow","action":"dnspod:*","resource":"*"},
                {"effect":"deny","action":["dnspod:DeleteRecord"],"resource":["*"]}]"#,
        ] {
            let policy = policy(statements);
            assert!(policy.allows("CreateRecord", RESOURCE));
            assert!(policy.allows("DescribeDomainList", "*"));
            assert!(!policy.allows("DeleteRecord", RESOURCE));
        }
    }

    #[test]
    fn a_statement_and_its_lists_may_be_written_without_brackets() {
        let policy = policy(
            r#"{"effect":"allow","action":"dnspod:DeleteRecord","resource":"qcs::dnspod::uin/100000000001:domain/*"}"#,
        );
        assert!(policy.allows("DeleteRecord", RESOURCE));
        assert!(!policy.allows("DescribeDomainList", "*"), "all domains are not the account");
    }

    #[test]
    fn a_policy_for_other_services_allows_nothing_here() {
        let policy = policy(
            r#"[{"effect":"allow","action":["cos:*","dns:*"],"resource":"*"},
                {"effect":"allow","action":"dnspod","resource":"*"}]"#,
        );
        assert!(!policy.allows("DescribeDomain", RESOURCE));
    }

    #[test]
    fn what_is_no_policy_is_refused_with_the_reason() {
        for (json, expected) in [
            ("{", "not a CAM policy"),
            (r#"{"version":"2.0"}"#, "missing field `statement`"),
            (r#"{"version":"1.0","statement":[]}"#, "not \"1.0\""),
            (r#"{"version":"2.0","statement":[],"x":1}"#, "unknown field `x`"),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*",
                   "condition":{"ip_equal":{"qcs:ip":"10.0.0.0/8"}}}]}"#,
                "evaluates no conditions",
            ),
        ] {
            let error = CamPolicy::parse(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_asterisk_stands_for_anything_at_any_place() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("*Record*", "DescribeRecordList", true),
            ("Describe*List", "DescribeRecordList", true),
            ("Describe*Lists", "DescribeRecordList", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
