//! Orders, authorizations and challenges as a CA shows them (RFC 8555 §7.1.3 – §7.1.5, §8).

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::directory::resource_url;
use super::error::AcmeError;
use super::problem::{RawProblem, cleaned};
use crate::Identifier;
use crate::issue::Problem;

/// Bound on a token, in bytes. Those in use have 43.
const MAX_TOKEN: usize = 256;

/// An order (RFC 8555 §7.1.3).
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// How far it is.
    pub(crate) status: OrderStatus,
    /// The names it is for.
    pub(crate) identifiers: Vec<Identifier>,
    /// One for each name.
    pub(crate) authorizations: Vec<Url>,
    /// Where the CSR goes.
    pub(crate) finalize: Url,
    /// The certificate, once it is there.
    pub(crate) certificate: Option<Url>,
    /// When the CA gives the order up.
    pub(crate) expires: Option<OffsetDateTime>,
    /// Why it failed.
    pub(crate) error: Option<Problem>,
    /// The profile the CA chose or was asked for (draft-ietf-acme-profiles).
    pub(crate) profile: Option<String>,
}

/// How far an order is (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderStatus {
    /// Authorizations are missing.
    Pending,
    /// The CSR may come.
    Ready,
    /// The certificate is being made.
    Processing,
    /// The certificate is there.
    Valid,
    /// It failed or ran out.
    Invalid,
}

/// The proof that an account holds a name (RFC 8555 §7.1.4).
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    /// How far it is.
    pub(crate) status: AuthorizationStatus,
    /// The name, with `*.` where it is for a wildcard.
    pub(crate) identifier: Identifier,
    /// The ways to prove it.
    pub(crate) challenges: Vec<Challenge>,
}

/// How far an authorization is (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthorizationStatus {
    /// A challenge must be answered, or the CA is validating.
    Pending,
    /// The name is proved.
    Valid,
    /// The proof failed.
    Invalid,
    /// The account gave it up.
    Deactivated,
    /// It ran out.
    Expired,
    /// The CA took it back.
    Revoked,
}

/// One way to prove that an account holds a name (RFC 8555 §7.1.5).
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    /// The way: `dns-01`.
    pub(crate) kind: String,
    /// Where it is answered.
    pub(crate) url: Url,
    /// What the proof is made from: `[A-Za-z0-9_-]+`, or empty where the way has none.
    pub(crate) token: String,
    /// How far it is.
    pub(crate) status: ChallengeStatus,
    /// Why it failed.
    pub(crate) error: Option<Problem>,
}

/// How far a challenge is (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChallengeStatus {
    /// It was not answered.
    Pending,
    /// The CA is validating.
    Processing,
    /// The proof was seen.
    Valid,
    /// The proof failed.
    Invalid,
}

#[derive(Deserialize)]
struct RawOrder {
    status: OrderStatus,
    identifiers: Vec<RawIdentifier>,
    authorizations: Vec<String>,
    finalize: String,
    certificate: Option<String>,
    expires: Option<String>,
    error: Option<RawProblem>,
    profile: Option<String>,
}

#[derive(Deserialize)]
struct RawAuthorization {
    status: AuthorizationStatus,
    identifier: RawIdentifier,
    #[serde(default)]
    wildcard: bool,
    challenges: Vec<RawChallenge>,
}

#[derive(Deserialize)]
struct RawChallenge {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    #[serde(default)]
    token: String,
    status: ChallengeStatus,
    error: Option<RawProblem>,
}

#[derive(Deserialize)]
struct RawIdentifier {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

impl Order {
    /// Reads an order; `local` as for [`resource_url`].
    pub(super) fn parse(body: &[u8], local: bool) -> Result<Self, AcmeError> {
        let raw: RawOrder = json(body, "the order")?;
        let authorizations = raw.authorizations.iter();
        Ok(Self {
            status: raw.status,
            identifiers: raw
                .identifiers
                .into_iter()
                .map(|one| one.identifier(false))
                .collect::<Result<_, _>>()?,
            authorizations: authorizations
                .map(|text| resource_url(text, local, "an authorization"))
                .collect::<Result<_, _>>()?,
            finalize: resource_url(&raw.finalize, local, "finalize")?,
            certificate: raw
                .certificate
                .map(|text| resource_url(&text, local, "the certificate"))
                .transpose()?,
            expires: raw.expires.as_deref().and_then(time_of),
            error: raw.error.map(Problem::from),
            profile: raw.profile,
        })
    }
}

impl Authorization {
    /// Reads an authorization; `local` as for [`resource_url`].
    pub(super) fn parse(body: &[u8], local: bool) -> Result<Self, AcmeError> {
        let raw: RawAuthorization = json(body, "the authorization")?;
        let challenges = raw.challenges.into_iter();
        Ok(Self {
            status: raw.status,
            identifier: raw.identifier.identifier(raw.wildcard)?,
            challenges: challenges
                .map(|challenge| challenge.checked(local))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Challenge {
    /// Reads a challenge; `local` as for [`resource_url`].
    pub(super) fn parse(body: &[u8], local: bool) -> Result<Self, AcmeError> {
        json::<RawChallenge>(body, "the challenge")?.checked(local)
    }
}

impl RawIdentifier {
    fn identifier(&self, wildcard: bool) -> Result<Identifier, AcmeError> {
        let star = if wildcard { "*." } else { "" };
        let name = format!("{star}{}", self.value);
        match Identifier::parse(&name) {
            Ok(identifier) if self.kind == "dns" => Ok(identifier),
            _ => {
                let (kind, name) = (cleaned(&self.kind, 20), cleaned(&name, 100));
                Err(AcmeError::malformed(format!(
                    "{kind:?} {name:?} is no identifier we asked for"
                )))
            }
        }
    }
}

impl RawChallenge {
    fn checked(self, local: bool) -> Result<Challenge, AcmeError> {
        let is_token = self.token.len() <= MAX_TOKEN
            && self.token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !is_token || (self.token.is_empty() && self.kind == "dns-01") {
            // It would become a part of what the account signs with its key's name (RFC 8555 §8.1).
            let token = cleaned(&self.token, 40);
            return Err(AcmeError::malformed(format!("{token:?} is no token for a challenge")));
        }
        Ok(Challenge {
            kind: cleaned(&self.kind, 40),
            url: resource_url(&self.url, local, "a challenge")?,
            token: self.token,
            status: self.status,
            error: self.error.map(Problem::from),
        })
    }
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8], what: &str) -> Result<T, AcmeError> {
    serde_json::from_slice(body)
        .map_err(|error| AcmeError::malformed(format!("{what} cannot be read: {error}")))
}

/// A time that cannot be read is as good as none: nothing rests on it alone.
fn time_of(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    fn order() -> Value {
        json!({
            "status": "valid", "expires": "2026-11-30T10:00:00Z",
            "identifiers": [{"type": "dns", "value": "*.ws.example"}],
            "authorizations": ["https://ca.example/authz/1"],
            "finalize": "https://ca.example/finalize/1",
            "certificate": "https://ca.example/cert/1",
            "profile": "classic", "replaces": "a.b", "unknown": [1, 2],
        })
    }

    fn authorization(challenge: &Value) -> Value {
        json!({
            "status": "pending", "wildcard": true, "identifier": {"type": "dns", "value": "WS.example"},
            "challenges": [challenge],
        })
    }

    fn challenge(token: &str) -> Value {
        json!({"type": "dns-01", "url": "https://ca.example/chall/1", "status": "pending", "token": token})
    }

    fn parse_authorization(value: &Value) -> Result<Authorization, AcmeError> {
        Authorization::parse(value.to_string().as_bytes(), false)
    }

    #[test]
    fn an_order_keeps_its_names_its_end_and_what_the_ca_noted() {
        let order = Order::parse(order().to_string().as_bytes(), false).unwrap();
        assert_eq!(order.status, OrderStatus::Valid);
        assert_eq!(order.identifiers[0].to_string(), "*.ws.example");
        assert_eq!(order.expires, Some(datetime!(2026-11-30 10:00:00 UTC)));
        assert_eq!(order.profile.as_deref(), Some("classic"));
        assert_eq!(order.certificate.unwrap().path(), "/cert/1");
    }

    #[test]
    fn the_wildcard_flag_makes_the_identifier_a_wildcard() {
        let authorization = parse_authorization(&authorization(&challenge("abc-_1"))).unwrap();
        assert_eq!(authorization.identifier.to_string(), "*.ws.example");
        assert_eq!(authorization.challenges[0].token, "abc-_1");
    }

    #[test]
    fn a_hostile_token_is_refused() {
        let long = "a".repeat(MAX_TOKEN + 1);
        for token in ["../../x", "a b", "a=", "é", "$(id)", "", &long] {
            let error = parse_authorization(&authorization(&challenge(token))).unwrap_err();
            assert!(error.to_string().contains("token"), "{error}");
        }
    }

    #[test]
    fn challenges_without_a_token_are_no_fault_unless_they_are_dns_01() {
        let persistent = json!({"type": "dns-persist-01", "url": "https://ca.example/chall/2", "status": "pending"});
        let authorization = parse_authorization(&authorization(&persistent)).unwrap();
        assert_eq!(authorization.challenges[0].token, "");
    }

    #[test]
    fn answers_that_break_the_protocol_are_errors_that_say_where() {
        let mut bad_status = order();
        bad_status["status"] = json!("done");
        let mut bad_url = order();
        bad_url["finalize"] = json!("http://169.254.169.254/");
        let mut bad_name = order();
        bad_name["identifiers"][0]["type"] = json!("ip");
        for (value, part) in
            [(bad_status, "status"), (bad_url, "finalize"), (bad_name, "identifier")]
        {
            let error = Order::parse(value.to_string().as_bytes(), false).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(part) || text.contains("unknown variant"), "{text}");
        }
        assert!(Order::parse(b"{\"status\":\"\xff\"}", false).is_err());
    }
}
