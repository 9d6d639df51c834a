//! The keys of the config, read as Go reads them.

use serde_json::{Map, Value};

use super::SecretKeySelector;
use super::error::{ConfigError, unusable, wrong_type};

/// The longest name of an unknown key that is repeated: whoever wrote the Issuer chose it.
const LONGEST_NAME: usize = 40;
/// How many unknown keys are named.
const MOST_UNKNOWN: usize = 8;
/// What DNSPod documents for `TTL`, in seconds (`CreateRecord`).
const TTLS: std::ops::RangeInclusive<u64> = 1..=604_800;
/// The default record line: its name on the Chinese site, on the international one, and its id.
const DEFAULT_LINES: [&str; 3] = ["默认", "default", "0"];
/// The longest name of a record line that is sent.
const LONGEST_LINE: usize = 64;

/// The keys of an object, taken one by one.
pub(super) struct Fields<'a> {
    rest: Vec<(&'a str, &'a Value)>,
    /// Keys within its objects that nobody knows.
    unknown: Vec<String>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>) -> Self {
        let rest = object.iter().map(|(key, value)| (key.as_str(), value)).collect();
        Self { rest, unknown: Vec::new() }
    }

    /// A text without the white space around it; `None` where nothing is left.
    pub(super) fn text(
        &mut self,
        key: &str,
        expected: &'static str,
    ) -> Result<Option<String>, ConfigError> {
        match self.take(key)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(trimmed(text)),
            Some(other) => Err(wrong_type(key, other, expected)),
        }
    }

    /// The ID of a DNSPod token: a number, or a text of digits.
    pub(super) fn api_id(&mut self) -> Result<Option<String>, ConfigError> {
        const EXPECTED: &str = "the number of the DNSPod token";
        let text = match self.take("apiID")? {
            None => None,
            Some(Value::String(text)) => trimmed(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(other) => return Err(wrong_type("apiID", other, EXPECTED)),
        };
        match text {
            Some(text) if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(unusable("apiID", "not a whole number", EXPECTED))
            }
            // Where Go's number was never set.
            Some(text) if text == "0" => Ok(None),
            text => Ok(text),
        }
    }

    /// The TTL in seconds, a number or a text of digits; 0 is as good as none.
    pub(super) fn ttl(&mut self) -> Result<Option<u32>, ConfigError> {
        const EXPECTED: &str = "seconds, 1 to 604800";
        let seconds = match self.take("ttl")? {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(other) => return Err(wrong_type("ttl", other, EXPECTED)),
        };
        match seconds {
            Some(0) => Ok(None),
            Some(seconds) if TTLS.contains(&seconds) => Ok(u32::try_from(seconds).ok()),
            _ => Err(unusable("ttl", "not a TTL that DNSPod accepts", EXPECTED)),
        }
    }

    /// The record line, unless it is the default one.
    pub(super) fn record_line(&mut self) -> Result<Option<String>, ConfigError> {
        const EXPECTED: &str = "the name of a record line of DNSPod, or leave it out";
        let line = self.text("recordLine", EXPECTED)?;
        let line = line.filter(|line| !DEFAULT_LINES.contains(&line.to_ascii_lowercase().as_str()));
        match line {
            Some(line) if line.len() > LONGEST_LINE || line.chars().any(char::is_control) => {
                Err(unusable("recordLine", "not the name of a record line", EXPECTED))
            }
            line => Ok(line),
        }
    }

    /// A boolean, or its name; `false` where it is absent.
    pub(super) fn boolean(&mut self, key: &str) -> Result<bool, ConfigError> {
        const EXPECTED: &str = "true or false";
        match self.take(key)? {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Ok(true),
                "false" | "" => Ok(false),
                _ => Err(unusable(key, "neither of two values", EXPECTED)),
            },
            Some(other) => Err(wrong_type(key, other, EXPECTED)),
        }
    }

    /// A reference to a value of a Secret. One whose parts are all empty is none.
    pub(super) fn selector(
        &mut self,
        field: &'static str,
    ) -> Result<Option<SecretKeySelector>, ConfigError> {
        const NAME: &str = "the name of the Secret";
        const KEY: &str = "the key in the Secret";
        let object = match self.take(field)? {
            None => return Ok(None),
            Some(Value::Object(object)) => object,
            Some(other) => {
                return Err(wrong_type(field, other, "name and key of a Secret's value"));
            }
        };
        let mut parts = Fields::new(object);
        let within = |error| of(field, error);
        let name = parts.text("name", NAME).map_err(within)?;
        let key = parts.text("key", KEY).map_err(within)?;
        for (unknown, _) in parts.rest {
            self.unknown.push(format!("{field}.{}", shortened(unknown)));
        }
        let (name, key) = match (name, key) {
            (None, None) => return Ok(None),
            (Some(name), Some(key)) => (name, key),
            (None, Some(_)) => return Err(unusable(&format!("{field}.name"), "not set", NAME)),
            (Some(_), None) => return Err(unusable(&format!("{field}.key"), "not set", KEY)),
        };
        if !is_subdomain(&name) {
            return Err(unusable(&format!("{field}.name"), "no name that a Secret can have", NAME));
        }
        if !is_secret_key(&key) {
            return Err(unusable(&format!("{field}.key"), "no key that a Secret can have", KEY));
        }
        Ok(Some(SecretKeySelector { field, name, key }))
    }

    /// What nobody has taken, shortened.
    pub(super) fn unknown_keys(self) -> Vec<String> {
        let rest = self.rest.iter().map(|(key, _)| shortened(key));
        rest.chain(self.unknown).take(MOST_UNKNOWN).collect()
    }

    /// The value of `key` in any letter case; `null` is as good as none.
    fn take(&mut self, key: &str) -> Result<Option<&'a Value>, ConfigError> {
        let mut spellings =
            self.rest.extract_if(.., |(spelling, _)| spelling.eq_ignore_ascii_case(key));
        let found = spellings.next();
        if spellings.next().is_some() {
            return Err(ConfigError::Twice { field: key.to_owned() });
        }
        Ok(found.map(|(_, value)| value).filter(|value| !value.is_null()))
    }
}

/// `error` about a part of `field`.
fn of(field: &str, error: ConfigError) -> ConfigError {
    let whole = |part: String| format!("{field}.{part}");
    match error {
        ConfigError::Type { field, found, expected } => {
            ConfigError::Type { field: whole(field), found, expected }
        }
        ConfigError::Value { field, problem, expected } => {
            ConfigError::Value { field: whole(field), problem, expected }
        }
        ConfigError::Twice { field } => ConfigError::Twice { field: whole(field) },
        other => other,
    }
}

fn trimmed(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The beginning of a key that is not known, on one line.
fn shortened(key: &str) -> String {
    key.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_NAME).collect()
}

/// Whether `name` can be the name of a Secret (RFC 1123 subdomain).
fn is_subdomain(name: &str) -> bool {
    name.len() <= 253
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && name.bytes().any(|byte| byte != b'.')
}

/// Whether `key` can be a key of a Secret's data (`IsConfigMapKey` of Kubernetes' validation).
fn is_secret_key(key: &str) -> bool {
    key.len() <= 253
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
